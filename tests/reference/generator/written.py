"""Random spellings of places, addresses, paths, times and durations: put together from pieces that nearly fit."""

from __future__ import annotations

from random import Random
from typing import Any

_PLACES = ["corp.example", "corp", "example", "80", "//", "http://", "https://", "HTTP://", "fd00::1", "10.1.2.3"]
_PLACES += ["xn--a", "1e3", ".."]
_TIMES = ["2026-01-01", "12:00:00", "+01:00", "-00:00", ".123456", ".1234567", "+24:00", "23:59:60", "24"]
# What is asked, the pieces of texts that it is asked of, and whole texts that one piece is put into.
KINDS: list[tuple[list[dict[str, Any]], list[str], list[str]]] = [
    (
        [
            {"external": False},
            {"domain_in": ["corp.example", "*.corp.example"]},
            {"domain_blocklist": "corp.example"},
            {"email_in": "a@corp.example"},
        ],
        [*"ab@@.:/?#% \\-_+'!é019xA=&~*,;<>\"(ﾟſß[]\t\n\x00\u212a", *_PLACES],
        ["a@corp.example", "https://corp.example/a", "corp.example:443", "http://[fd00::1]/", "http://10.1.2.3"],
    ),
    (
        [{"in_network": ["10.0.0.0/8", "fd00::/8"]}],
        [*"1230.:a/% １", "10", "255", "256", "fd00", "::", "8", "ffff", "0x1", "01"],
        ["10.1.2.3", "fd00::1", "fd00:0:0:0:0:0:0:1", "::ffff:a01:203"],
    ),
    (
        [{"path_within": "/srv"}, {"glob": ["/srv/*", "*.c?v", "**a"]}],
        [
            "/srv",
            "/",
            "a",
            "..",
            ".",
            "//",
            "%",
            "\\",
            "é",
            "e\u0301",
            "\x7f",
            "\x85",
            "\u200b",
            "\u202e",
            "~",
            " ",
            "\n",
        ],
        ["/srv/a.csv", "/srv/x/y/", "/srvx"],
    ),
    (
        [{"before": "2026-01-01T12:00:00Z"}, {"newer_than": "1h"}],
        [
            *"TZtz+-:.０1 ",
            "2026-01-01",
            "12:00:00",
            "+01:00",
            "-00:00",
            ".123456",
            ".1234567",
            "+24:00",
            "23:59:60",
            "24",
        ],
        [
            "2026-01-01T12:00:00Z",
            "9999-12-31T23:59:59-00:01",
            "0001-01-01T00:00:00+00:01",
            "2024-02-29T11:30:00.5+01:00",
        ],
    ),
    (
        [{"longer_than": "1h"}, {"shorter_than": "P1D"}],
        [*"1smhdPTDHMSW0-. １", "90", "999999999", "1000000000"],
        ["90s", "PT1H30M", "P1DT2H", "7d"],
    ),
]


def written(rng: Random) -> tuple[dict[str, Any], str]:
    """A question and a text that it is asked of."""
    questions, pieces, wholes = rng.choice(KINDS)
    if rng.random() < 0.5:
        return rng.choice(questions), "".join(rng.choice(pieces) for _ in range(rng.choice([1, 2, 3, 3, 4, 5, 6])))
    text = rng.choice(wholes)
    place = rng.randrange(len(text) + 1)
    return rng.choice(questions), text[:place] + rng.choice(pieces) + text[place + rng.choice([0, 0, 1]) :]
