"""Payment cards, bank accounts, mail addresses and telephone numbers."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tests.unit.engine.labelled.example import NOTHING, PCI, PII, Example, letters, made

DIGITS, UPPER = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CARD_FRAMES = (
    "@", "card: @", '{"pan": "@", "exp": "04/29"}', "Charged @ on Monday.", "Visa ending; full number @, thanks",
    "| 17 | @ | EUR |", "number=@&cvc=123", "1,@,Dora Keller,2026-11-20", "Bitte @ belasten.",
)  # fmt: skip
IBAN_FRAMES = (
    "@", "IBAN: @", '{"recipient": "@", "amount": 10.0}', "Please transfer it to @, thank you", "sender=@;value=4",
    "pay @ by Friday", "| @ | Dora Keller |", "Konto @ bei der Bank",
)  # fmt: skip
MAIL_FRAMES = (
    "@", "Contact: @", "<@>", "From: Dora Keller <@>", '{"email": "@"}', "write to @ or call",
    "to=@&subject=hi", "1;@;active",
    "Best,\n@", "cc @, please",
)  # fmt: skip
PHONE_FRAMES = (
    "@",
    "phone: @",
    "call me at @.",
    "Tel @",
    '{"mobile": "@"}',
    "my number is @",
    "WhatsApp @",
    "fax: @",
    "| @ |",
)

# First digits and length of what issuers give out.
ISSUED = (
    ("4", 16),
    ("51", 16),
    ("54", 16),
    ("2250", 16),
    ("34", 15),
    ("37", 15),
    ("6011", 16),
    ("3530", 16),
    ("36", 14),
)
# Country, length, and whether the account has letters.
COUNTRIES = (
    ("DE", 22), ("FR", 27), ("NL", 18), ("GB", 22), ("ES", 24), ("IT", 27), ("PL", 28), ("SE", 24), ("CH", 21),
    ("NO", 15), ("AT", 20), ("BE", 16), ("PT", 25),
)  # fmt: skip


def luhn_digit(digits: str) -> str:
    """The check digit, by trying all: the sum of digits of doubled places, written out."""
    for check in DIGITS:
        written = "".join(
            str(2 * int(each)) if place % 2 else each for place, each in enumerate((digits + check)[::-1])
        )
        if sum(map(int, written)) % 10 == 0:
            return check
    raise AssertionError


def other(digit: str) -> str:
    """Another digit."""
    return str((int(digit) + 3) % 10)


def card(random: Random) -> str:
    """A number as issuers give them out, as one piece or as it is printed."""
    prefix, length = random.choice(ISSUED)
    body = prefix + letters(random, DIGITS, length - len(prefix) - 1)
    return printed(random, body + luhn_digit(body))


def broken_card(random: Random) -> str:
    """As `card`, with a wrong last digit."""
    prefix, length = random.choice(ISSUED)
    body = prefix + letters(random, DIGITS, length - len(prefix) - 1)
    return printed(random, body + other(luhn_digit(body)))


def printed(random: Random, number: str) -> str:
    """In one piece, or in the groups that stand on cards."""
    groups = {16: (4, 4, 4, 4), 15: (4, 6, 5), 14: (4, 6, 4)}[len(number)]
    separator, place, parts = random.choice(("", " ", "-")), 0, []
    for size in groups:
        parts.append(number[place : place + size])
        place += size
    return separator.join(parts)


def iban(random: Random, *, is_right: bool = True) -> str:
    """An account number whose two check digits follow from the rest."""
    country, length = random.choice(COUNTRIES)
    bank = letters(random, UPPER, 4) if country in ("GB", "NL") else letters(random, DIGITS, 4)
    account = bank + letters(random, DIGITS, length - 8)
    moved = "".join(str(ord(each) - 55) if each.isalpha() else each for each in f"{account}{country}00")
    check = 98 - int(moved) % 97
    whole = f"{country}{check if is_right else check % 97 + 1:02d}{account}"
    return whole if random.random() < 0.5 else " ".join(whole[place : place + 4] for place in range(0, length, 4))


def mail(random: Random) -> str:
    """An address."""
    name = random.choice(("dora", "b.ruiz", "kim_lee", "o'neil", "max+news", "J.Doe99", "anna-lena", "x"))
    host = random.choice(
        ("customer.example", "mail.corp.example", "bücher.example", "a-b.co.uk", "posteo.de", "uni.edu")
    )
    return f"{name}{random.randrange(1000) if random.random() < 0.4 else ''}@{host}"


def phone(random: Random) -> str:
    """A number that its country gives out; the last of the forms has no country."""
    area = random.choice(("202", "415", "212", "312"))
    return random.choice((
        f"+1 ({area}) 555-01{random.randrange(100):02d}",
        f"+1{area}55501{random.randrange(100):02d}",
        f"+44 20 7946 0{random.randrange(1000):03d}",
        f"+49 30 901820{random.randrange(10)}",
        f"+33 1 42 68 53 {random.randrange(100):02d}",
        f"0044 20 7946 0{random.randrange(1000):03d}",
        f"({area}) 555-01{random.randrange(100):02d}",
    ))  # fmt: skip


def wrong_phone(random: Random) -> str:
    """What is written as a number and belongs to no plan."""
    return random.choice((f"+1 555 123 {random.randrange(1000, 9999)}", f"+999 12 345 {random.randrange(1000)}"))


def examples(random: Random) -> Iterator[Example]:
    """Some hundreds of each, and of their likes."""
    yield from made(random, about="card", kinds=PCI, count=320, value=card, frames=CARD_FRAMES)
    yield from made(random, about="", kinds=NOTHING, count=320, value=broken_card, frames=CARD_FRAMES)
    yield from made(random, about="iban", kinds=PII, count=320, value=iban, frames=IBAN_FRAMES)
    yield from made(
        random, about="", kinds=NOTHING, count=300, value=lambda each: iban(each, is_right=False), frames=IBAN_FRAMES
    )
    yield from made(random, about="mail", kinds=PII, count=300, value=mail, frames=MAIL_FRAMES)
    yield from made(random, about="phone", kinds=PII, count=320, value=phone, frames=PHONE_FRAMES)
    yield from made(random, about="", kinds=NOTHING, count=150, value=wrong_phone, frames=PHONE_FRAMES)
