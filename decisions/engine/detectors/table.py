"""Every detector, the kinds of data that it finds, and the sign without which it needn't look.

The signs are searched for together, in one pass over the text. Decisions that asked about parameters are put again with
what is here now, so a change of what is found needs a new `ENGINE_VERSION`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from decisions.engine.detectors import credentials, health, private_keys, tokens
from decisions.engine.detectors.cards import card_occurs
from decisions.engine.detectors.elsewhere import ELSEWHERE
from decisions.engine.detectors.europe import EUROPE
from decisions.engine.detectors.ibans import iban_occurs
from decisions.engine.detectors.mail import mail_address_occurs
from decisions.engine.detectors.phones import phone_number_occurs
from decisions.engine.patterns import sifter

PII, PCI, PHI, SECRET = "PII", "PCI", "PHI", "SECRET"
KINDS = (PII, PHI, PCI, SECRET)


@dataclass(frozen=True, slots=True)
class Detector:
    """`occurs` says whether `name` stands in UTF-8 bytes. It can't without `sign`, a regular expression."""

    name: str
    kinds: frozenset[str]
    sign: str
    occurs: Callable[[bytes], bool]


_DIGITS = r"[0-9](?:[ -]?[0-9]){12}"
DETECTORS: tuple[Detector, ...] = (
    Detector("private_key", frozenset({SECRET}), private_keys.SIGN, private_keys.private_key_occurs),
    Detector("token", frozenset({SECRET}), tokens.SIGN, tokens.token_occurs),
    Detector("credential", frozenset({SECRET}), credentials.SIGN, credentials.credential_occurs),
    Detector("card", frozenset({PCI, PII}), _DIGITS, card_occurs),
    Detector("mail", frozenset({PII}), "@", mail_address_occurs),
    Detector("iban", frozenset({PII}), r"\b[A-Za-z]{2}[0-9]{2}[ -]?[A-Za-z0-9]{4}", iban_occurs),
    Detector(
        "phone",
        frozenset({PII}),
        r"(?i)[+(][0-9 (]|\b00[1-9 (]|\b(?:tel|phone|mobile|cell|fax|call|whatsapp|sms|telephone)",
        phone_number_occurs,
    ),
    *(Detector(each.name, frozenset({PII}), each.sign, each.occurs) for each in (*EUROPE, *ELSEWHERE)),
    *(Detector(each.name, frozenset({PHI, PII}), each.sign, each.occurs) for each in health.HEALTH_NUMBERS),
    Detector("health_statement", frozenset({PHI, PII}), health.SIGN, health.health_statement_occurs),
)
_SIFT = sifter([detector.sign for detector in DETECTORS])


def detectors_for(text: bytes) -> list[Detector]:
    """The detectors whose sign occurs in `text`, in the order of the table."""
    return [DETECTORS[place] for place in sorted(_SIFT(text))]
