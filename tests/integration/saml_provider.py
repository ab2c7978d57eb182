"""A SAML identity provider as a stranger sees it: it answers what it was asked, with whatever a test changes."""

from __future__ import annotations

import zlib
from base64 import b64decode, b64encode
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from xml.etree.ElementTree import fromstring
from xml.sax.saxutils import escape

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from onelogin.saml2.constants import OneLogin_Saml2_Constants as Saml
from onelogin.saml2.utils import OneLogin_Saml2_Utils

ENTITY, SIGN_IN = "https://idp.corp.example/saml", "https://idp.corp.example/sso"
_NAMES = 'xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"'
_BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
MAIL = "urn:oid:0.9.2342.19200300.100.1.3"


@dataclass(frozen=True)
class Keys:
    """A private key and its certificate, as PEM."""

    private: str
    certificate: str


def make_keys() -> Keys:
    """A new pair."""
    key, name = rsa.generate_private_key(65537, 2048), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    certificate = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return Keys(private, certificate)


@dataclass(frozen=True)
class Asked:
    """What our side's question says."""

    id: str
    answer_to: str
    issuer: str


def read_question(address: str) -> Asked:
    """The question in the address of the provider's page."""
    (packed,) = parse_qs(urlsplit(address).query)["SAMLRequest"]
    # Our own side wrote it a moment ago.
    root = fromstring(zlib.decompress(b64decode(packed), -15))  # noqa: S314
    issuer = root.findtext("{urn:oasis:names:tc:SAML:2.0:assertion}Issuer") or ""
    return Asked(root.attrib["ID"], root.attrib["AssertionConsumerServiceURL"], issuer)


@dataclass(frozen=True)
class Answer:
    """What the provider says. Each member may be made to lie."""

    asked: Asked
    keys: Keys
    subject: str = "8b1f"
    attributes: dict[str, list[str]] = field(default_factory=dict)
    entity: str = ENTITY
    audience: str = ""
    recipient: str = ""
    in_response_to: str | None = ""
    lifetime: timedelta = timedelta(minutes=5)
    signs: tuple[str, ...] = ("assertion", "response")
    algorithm: str = Saml.RSA_SHA256
    digest: str = Saml.SHA256

    @property
    def _reference(self) -> str:
        said = self.asked.id if self.in_response_to == "" else self.in_response_to
        return f' InResponseTo="{said}"' if said else ""

    @property
    def assertion(self) -> str:
        """The statement about a person, signed unless it isn't to be."""
        now = datetime.now(UTC)
        at, until = now.strftime("%Y-%m-%dT%H:%M:%SZ"), (now + self.lifetime).strftime("%Y-%m-%dT%H:%M:%SZ")
        to, audience = self.recipient or self.asked.answer_to, self.audience or self.asked.issuer
        values = "".join(
            f'<saml:Attribute Name="{name}">'
            + "".join(f"<saml:AttributeValue>{escape(value)}</saml:AttributeValue>" for value in said)
            + "</saml:Attribute>"
            for name, said in self.attributes.items()
        )
        text = (
            f'<saml:Assertion {_NAMES} ID="_a{self.asked.id}" Version="2.0" IssueInstant="{at}">'
            f"<saml:Issuer>{self.entity}</saml:Issuer>"
            f'<saml:Subject><saml:NameID Format="{_PERSISTENT}">{self.subject}</saml:NameID>'
            f'<saml:SubjectConfirmation Method="{_BEARER}"><saml:SubjectConfirmationData NotOnOrAfter="{until}" '
            f'Recipient="{to}"{self._reference}/></saml:SubjectConfirmation></saml:Subject>'
            f'<saml:Conditions NotBefore="{at}" NotOnOrAfter="{until}"><saml:AudienceRestriction>'
            f"<saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>"
            f'<saml:AuthnStatement AuthnInstant="{at}"><saml:AuthnContext><saml:AuthnContextClassRef>'
            "urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext>"
            f"</saml:AuthnStatement>"
            + (f"<saml:AttributeStatement>{values}</saml:AttributeStatement>" if values else "")
            + "</saml:Assertion>"
        )
        return self._signed(text) if "assertion" in self.signs else text

    @property
    def response(self) -> str:
        """The message around it."""
        return self.around(self.assertion)

    def around(self, *parts: str) -> str:
        """A message with these parts, signed unless it isn't to be."""
        at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        text = (
            f'<samlp:Response {_NAMES} ID="_r{self.asked.id}" Version="2.0" IssueInstant="{at}" '
            f'Destination="{self.asked.answer_to}"{self._reference}><saml:Issuer>{self.entity}</saml:Issuer>'
            '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>'
            f"{''.join(parts)}</samlp:Response>"
        )
        return self._signed(text) if "response" in self.signs else text

    def _signed(self, text: str) -> str:
        signed: bytes = OneLogin_Saml2_Utils.add_sign(
            text, self.keys.private, self.keys.certificate, False, self.algorithm, self.digest
        )
        return signed.decode()


def posted(response: str) -> dict[str, str]:
    """The form that the provider's page posts."""
    return {"SAMLResponse": b64encode(response.encode()).decode(), "RelayState": ""}


def changed(answer: Answer, **lies: object) -> Answer:
    """The same answer with a lie in it."""
    return replace(answer, **lies)  # type: ignore[arg-type]


def settings_of(folder: Path, keys: Keys) -> dict[str, object]:
    """Our side of it, as `AARM_SSO_FILE` would say it."""
    path = folder / "idp.pem"
    path.write_text(keys.certificate, encoding="utf-8")
    named: dict[str, object] = {"id": "corp", "name": "Corp", "protocol": "saml", "entity_id": ENTITY}
    return named | {"sign_in_url": SIGN_IN, "certificate_file": str(path)}
