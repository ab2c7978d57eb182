"""Keys, tokens and passwords as they lie about in files, logs and messages, and what stands in their place."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from binascii import crc32
from collections.abc import Callable, Iterator
from random import Random

from tests.unit.engine.labelled.accounts import DIGITS, UPPER
from tests.unit.engine.labelled.example import NOTHING, SECRET, Example, letters, made

LOWER = UPPER.lower()
HEX, BASE_32 = "0123456789abcdef", UPPER + "234567"
BASE_62 = DIGITS + UPPER + LOWER
BASE_64, URL_SAFE = BASE_62 + "+/", BASE_62 + "-_"
TOKEN_FRAMES = (
    "@", "token: @", "export API_TOKEN=@", '{"api_key": "@"}', "Use @ for the deployment, thanks.",
    "Authorization: Bearer @",
    "curl -H 'X-Api-Key: @' https://api.corp.example", "| @ | ci |", "key=@\n",
)  # fmt: skip
SECRET_FRAMES = (
    "api_key = '@'", '{"client_secret": "@"}', "SECRET_KEY=@", "secret: @", "aws_secret_access_key = @", "x-api-key: @",
    "export AUTH_TOKEN=@", "The api key is @", "accessToken: '@',", "apiKey: @", '"private_key": "@"', "token=@",
)  # fmt: skip
PASSWORD_FRAMES = (
    "password: @", "password=@", '{"password": "@"}', "DB_PASSWORD=@", "Your password is @", "pwd: @", "passwd = '@'",
    "user: dora, password: @", "login dora / @", "passphrase: @",
)  # fmt: skip
ADDRESSES = (
    "postgres://app:@@db.corp.example:5432/crm", "https://dora:@@files.corp.example/", "redis://:@@10.0.0.7:6379/0",
    "mongodb+srv://svc:@@cluster0.corp.example", "amqp://guest1:@@mq:5672",
)  # fmt: skip
PLACEHOLDERS = (
    "YOUR_API_KEY", "${DB_PASSWORD}", "<your-token>", "********", "xxxxxxxxxxxxxxxxxxxx", "changeme",
    "os.environ['KEY']",
    "{{ secret }}", "null", "REDACTED", "process.env.API_KEY", "required", "$TOKEN", "example", "/run/secrets/db",
    "vault:secret/data/db", "getenv(DB_PASSWORD)", "%PASSWORD%", "...", "abcdef1234567890abcdef", "undefined",
)  # fmt: skip
HARMLESS = (
    "next_page_token: @", "nextPageToken: '@'", "csrf_token=@", "idempotency key @", "commit @", "sha256:@", "etag: @",
    "cursor=@", "continuation_token: @", "request_id: @", "trace @", '"integrity": "sha512-@"',
    "build @ passed", "digest=@",
)  # fmt: skip
TALK = (
    "The password must have at least 12 characters.", "Reset your password under Settings.", "max_tokens: 4096",
    "tokens used: 15234", "secret santa is on Friday", "token count 1200", "password: required",
    "api key rotation is due",
    "The token expired yesterday.", "secretName: my-app-tls", "-----BEGIN CERTIFICATE-----\nMIIB",
    "ssh-rsa AAAAB3NzaC1yc2E dora",
    "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE", "the token bucket allows 10 requests",
    "tokenizer: cl100k_base", "authorization: required", "keyboard layout: de-latin1", "password hash uses argon2id",
    "see https://corp.example/secret/handshake", "monkey business", "private key files are kept in the vault",
    "AKIAIOSFODNN7EXAMPLE", "publishable keys are public",
)  # fmt: skip


def checked(random: Random, prefix: str) -> str:
    """A token that ends in the checksum of its middle, six digits of base 62."""
    body = letters(random, BASE_62, 30)
    number, digits = crc32(body.encode()), ""
    while number:
        digits = BASE_62[number % 62] + digits
        number //= 62
    return prefix + body + digits.rjust(6, "0")


def signed(random: Random) -> str:
    """A JSON Web Token with an invented signature."""
    header = json.dumps({"alg": random.choice(("HS256", "RS256", "ES256")), "typ": "JWT"})
    claims = json.dumps({"sub": str(random.randrange(10**9)), "iat": 1516239022})
    parts = (urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in (header, claims))
    return ".".join((*parts, letters(random, URL_SAFE, 43)))


FORMS: tuple[Callable[[Random], str], ...] = (
    lambda each: "AKIA" + letters(each, BASE_32, 16),
    lambda each: checked(each, each.choice(("ghp_", "gho_", "ghs_"))),
    lambda each: checked(each, "npm_"),
    lambda each: "glpat-" + letters(each, URL_SAFE, 20),
    lambda each: f"xoxb-{letters(each, DIGITS, 12)}-{letters(each, DIGITS, 12)}-{letters(each, BASE_62, 24)}",
    lambda each: "sk_live_" + letters(each, BASE_62, 24),
    lambda each: "AIza" + letters(each, URL_SAFE, 35),
    lambda each: "sk-ant-api03-" + letters(each, URL_SAFE, 93) + "AA",
    lambda each: "sk-proj-" + letters(each, URL_SAFE, 120),
    lambda each: "hf_" + letters(each, UPPER + LOWER, 34),
    lambda each: f"SG.{letters(each, URL_SAFE, 22)}.{letters(each, URL_SAFE, 43)}",
    lambda each: "dop_v1_" + letters(each, HEX, 64),
    lambda each: "shpat_" + letters(each, HEX, 32),
    lambda each: f"https://hooks.slack.com/services/T0{letters(each, UPPER, 8)}/B{letters(each, UPPER, 8)}/"
    + letters(each, BASE_62, 24),
    signed,
    # Forms that nobody has told the detectors of.
    lambda each: "dckr_pat_" + letters(each, URL_SAFE, 27),
    lambda each: "lin_api_" + letters(each, BASE_62, 40),
)  # fmt: skip


def token(random: Random) -> str:
    """A token of somebody's form."""
    return random.choice(FORMS)(random)


def wrong_checksum(random: Random) -> str:
    """What looks like a token of GitHub's or npm's, and isn't."""
    right = checked(random, random.choice(("ghp_", "npm_")))
    return right[:-1] + ("a" if right[-1] != "a" else "b")


def drawn(random: Random) -> str:
    """A secret without a form."""
    return random.choice((
        letters(random, HEX, 32), letters(random, HEX, 64), letters(random, BASE_62, 40), letters(random, BASE_64, 44),
        letters(random, URL_SAFE, 24),
    ))  # fmt: skip


def password(random: Random) -> str:
    """What people and programs choose."""
    word = random.choice(
        ("Summer", "dragon", "Berlin", "p4ss", "correct-horse-battery", "Tr0ub4dor", "letmein", "qwerty")
    )
    return random.choice((
        f"{word}{random.randrange(10, 2030)}", f"{word}!{random.randrange(100)}",
        letters(random, BASE_62 + "!#%&*", 14),
        f"{word}@{random.randrange(100)}", word,
    ))  # fmt: skip


def private_key(random: Random) -> str:
    """A key in a file, of invented content."""
    kind = random.choice(("RSA ", "EC ", "OPENSSH ", "", "ENCRYPTED "))
    lines = "\n".join(letters(random, BASE_64, 64) for _ in range(6))
    whole = f"-----BEGIN {kind}PRIVATE KEY-----\n{lines}\n-----END {kind}PRIVATE KEY-----"
    return random.choice((whole, whole.replace("\n", "\\n"), f"deploy key:\n{whole}\nthanks"))


def basic(random: Random) -> str:
    """A header with a name and a password."""
    return b64encode(f"dora:{letters(random, BASE_62, 12)}".encode()).decode()


def examples(random: Random) -> Iterator[Example]:
    """Some hundreds of each, and of what merely looks so."""
    yield from made(random, about="token", kinds=SECRET, count=340, value=token, frames=TOKEN_FRAMES)
    yield from made(random, about="private_key", kinds=SECRET, count=60, value=private_key, frames=("@",))
    yield from made(random, about="credential", kinds=SECRET, count=200, value=drawn, frames=SECRET_FRAMES)
    yield from made(random, about="credential", kinds=SECRET, count=200, value=password, frames=PASSWORD_FRAMES)
    for _ in range(60):
        address = random.choice(ADDRESSES).replace("@@", letters(random, BASE_62, 16) + "@")
        yield Example(address, SECRET, "credential")
    yield from made(random, about="credential", kinds=SECRET, count=40, value=basic, frames=("Authorization: Basic @",))
    yield from made(random, about="", kinds=NOTHING, count=120, value=wrong_checksum, frames=("@", "see @ for more"))
    frames = (*SECRET_FRAMES, *PASSWORD_FRAMES)
    yield from made(
        random, about="", kinds=NOTHING, count=260, value=lambda each: each.choice(PLACEHOLDERS), frames=frames
    )
    yield from made(
        random, about="", kinds=NOTHING, count=260, value=lambda each: letters(each, HEX, 40), frames=HARMLESS
    )
    yield from made(random, about="", kinds=NOTHING, count=60, value=lambda each: each.choice(TALK), frames=("@",))
