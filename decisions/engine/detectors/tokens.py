"""Keys and tokens that say by their form whose they are; where a checksum belongs to the form, it has to be right."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from binascii import Error
from collections.abc import Callable, Iterator
from zlib import crc32

from decisions.engine.detectors.randomness import is_placeholder, is_random
from decisions.engine.patterns import finder
from receipts.signing.canonical import StrictJSONError, load_strict

_BASE_62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_MOST_HEADER = 2048
# Between two and three bits a character tell keys from repeated or counted examples; hex digits reach four at most.
_BITS = 2.8


def _has_crc(token: bytes) -> bool:
    """Whether the last six characters are the CRC-32 of the thirty before them, in base 62 (GitHub, npm)."""
    check, written = crc32(token[-36:-6]), ""
    for _ in range(6):
        check, digit = divmod(check, 62)
        written = _BASE_62[digit] + written
    return token[-6:] == written.encode()


def _is_drawn(token: bytes) -> bool:
    return not is_placeholder(token) and is_random(token, bits=_BITS)


def _is_signed_token(token: bytes) -> bool:
    """Whether the first part is the header of a JSON Web Token: an object that names an algorithm."""
    header = token.partition(b".")[0][:_MOST_HEADER]
    try:
        content = load_strict(urlsafe_b64decode(header + b"=" * (-len(header) % 4)))
    except (Error, ValueError, StrictJSONError):
        return False
    return isinstance(content, dict) and isinstance(content.get("alg"), str)


# Prefix, what follows it, and what must be true of the whole. The first that matches decides.
_FORMS: tuple[tuple[str, str, Callable[[bytes], bool]], ...] = (
    (r"(?:AKIA|ASIA|ABIA|ACCA)", r"[A-Z2-7]{16}\b", _is_drawn),  # Amazon Web Services
    (r"gh[pousr]_", r"[A-Za-z0-9]{36}\b", _has_crc),  # GitHub
    (r"github_pat_", r"[A-Za-z0-9]{22}_[A-Za-z0-9]{59}\b", _is_drawn),  # GitHub
    (r"npm_", r"[A-Za-z0-9]{36}\b", _has_crc),  # npm
    (r"glpat-", r"[A-Za-z0-9_-]{20,}", _is_drawn),  # GitLab
    (r"pypi-AgEIcHlwaS5vcmc", r"[A-Za-z0-9_-]{50,}", _is_drawn),  # PyPI
    (r"xox[abeoprs]-", r"[A-Za-z0-9-]{20,}", _is_drawn),  # Slack
    (r"xapp-", r"[0-9]-[A-Z0-9]+-[0-9]+-[a-f0-9]{32,}", _is_drawn),  # Slack
    (r"hooks\.slack\.com/services/", r"T[A-Z0-9]{8,}/B[A-Z0-9]{8,}/[A-Za-z0-9]{20,}", _is_drawn),  # Slack
    (r"[rs]k_live_", r"[A-Za-z0-9]{20,}", _is_drawn),  # Stripe
    (r"whsec_", r"[A-Za-z0-9+/]{24,}", _is_drawn),  # Stripe, Svix
    (r"AIza", r"[A-Za-z0-9_-]{35}", _is_drawn),  # Google
    (r"GOCSPX-", r"[A-Za-z0-9_-]{28}", _is_drawn),  # Google
    (r"ya29\.", r"[A-Za-z0-9_-]{30,}", _is_drawn),  # Google
    (r"sk-ant-", r"[A-Za-z0-9_-]{40,}", _is_drawn),  # Anthropic
    (r"sk-(?:proj|svcacct|admin)-", r"[A-Za-z0-9_-]{40,}", _is_drawn),  # OpenAI
    (r"sk-", r"[A-Za-z0-9]{48}\b", _is_drawn),  # OpenAI
    (r"hf_", r"[A-Za-z0-9]{34}\b", _is_drawn),  # Hugging Face
    (r"SG\.", r"[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}", _is_drawn),  # SendGrid
    (r"dop_v1_", r"[a-f0-9]{64}\b", _is_drawn),  # DigitalOcean
    (r"shp(?:at|ca|pa|ss)_", r"[a-fA-F0-9]{32}\b", _is_drawn),  # Shopify
    (r"hv[sb]\.", r"[A-Za-z0-9_-]{24,}", _is_drawn),  # Vault
    (r"AccountKey=", r"[A-Za-z0-9+/]{86}==", _is_drawn),  # Azure
    (r"[0-9]{8,10}:AA", r"[A-Za-z0-9_-]{33}\b", _is_drawn),  # Telegram
    (r"a[ah]k_", r"[A-Za-z0-9_-]{43}\b", _is_drawn),  # this product's agents and hosts
    (r"eyJ", r"[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,}", _is_signed_token),  # JSON Web Token
)
SIGN = r"(?:^|[^A-Za-z0-9])(?:" + "|".join(prefix for prefix, _, _ in _FORMS) + ")"
_TOKENS = finder(r"\b(?:" + "|".join(prefix + rest for prefix, rest, _ in _FORMS) + ")")
_CHECKS = tuple((re.compile(prefix.encode()), check) for prefix, _, check in _FORMS)


def token_occurs(text: bytes) -> bool:
    """Whether a key or token of a known form stands in `text`."""
    return any(True for _ in token_spans(text))


def token_spans(text: bytes) -> Iterator[tuple[int, int]]:
    """Where those stand."""
    return ((start, end) for start, end in _TOKENS(text) if _is_token(text[start:end]))


def _is_token(token: bytes) -> bool:
    return next(check(token) for prefix, check in _CHECKS if prefix.match(token))
