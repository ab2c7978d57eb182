"""What tools put out all day and what is no secret and nobody's: numbers, hashes, addresses, times, versions, prose."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from uuid import UUID

from tests.unit.engine.labelled.accounts import DIGITS, UPPER
from tests.unit.engine.labelled.example import NOTHING, Example, letters, made

HEX = "0123456789abcdef"
FRAMES = ("@", "order @", '{"id": "@"}', "ref: @", "| @ | ok |", "see @ in the log", "a,@,b", "[@]", "value=@")


def stamp(random: Random) -> str:
    """A moment."""
    year, month, day = random.randrange(1990, 2030), random.randrange(1, 13), random.randrange(1, 29)
    clock = f"{random.randrange(24):02d}:{random.randrange(60):02d}:{random.randrange(60):02d}"
    return random.choice((
        f"{year}-{month:02d}-{day:02d}T{clock}Z", f"{year}-{month:02d}-{day:02d} {clock}+00:00",
        f"{day:02d}.{month:02d}.{year}",
        str(random.randrange(1_600_000_000, 1_900_000_000)),
        str(random.randrange(1_600_000_000_000, 1_900_000_000_000)),
        f"{year}{month:02d}{day:02d}{clock.replace(':', '')}",
    ))  # fmt: skip


MAKERS: tuple[Callable[[Random], str], ...] = (
    lambda each: letters(each, DIGITS, each.randrange(5, 9)),
    lambda each: letters(each, DIGITS, each.randrange(9, 20)),
    lambda each: letters(each, HEX, 40),
    lambda each: letters(each, HEX, 64),
    lambda each: letters(each, HEX, 7),
    lambda each: str(UUID(int=each.getrandbits(128), version=4)),
    stamp,
    lambda each: f"v{each.randrange(20)}.{each.randrange(40)}.{each.randrange(300)}-rc{each.randrange(9)}",
    lambda each: ".".join(str(each.randrange(256)) for _ in range(4)),
    lambda each: ":".join(f"{each.randrange(256):02x}" for _ in range(6)),
    lambda each: f"{each.uniform(-180, 180):.6f}, {each.uniform(-90, 90):.6f}",
    lambda each: f"{each.randrange(1, 10**9):,}.{each.randrange(100):02d}",
    lambda each: f"{letters(each, UPPER, 3)}-{letters(each, DIGITS, 5)}",
    lambda each: f"1Z{letters(each, UPPER + DIGITS, 16)}",
    lambda each: f"INV-{each.randrange(2020, 2027)}-{each.randrange(10000):04d}",
    lambda each: f"978-{each.randrange(10)}-{letters(each, DIGITS, 3)}-{letters(each, DIGITS, 5)}-{each.randrange(10)}",
    lambda each: f"arn:aws:iam::{letters(each, DIGITS, 12)}:role/reader",
    lambda each: f"0x{letters(each, HEX, 40)}",
    lambda each: f"ses_{letters(each, UPPER + DIGITS, 26)}",
    lambda each: f"npm@{each.randrange(12)}.{each.randrange(9)}.{each.randrange(9)}",
    lambda each: f"file-{letters(each, DIGITS, 10)}.png",
    lambda each: " ".join(letters(each, DIGITS, 4) for _ in range(4)),
    lambda each: f"part {letters(each, UPPER, 2)}{letters(each, DIGITS, 2)} {letters(each, UPPER + DIGITS, 4)}",
)  # fmt: skip


def examples(random: Random) -> Iterator[Example]:
    """Fifty of each."""
    for make in MAKERS:
        yield from made(random, about="", kinds=NOTHING, count=50, value=make, frames=FRAMES)
