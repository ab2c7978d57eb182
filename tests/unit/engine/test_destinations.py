"""Whatever some program could read as an address elsewhere is outside."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions.engine.destinations import (
    LONGEST_DESTINATION,
    domains_and_below,
    host_of,
    is_domain,
    is_inside,
    mailbox,
    own_domains,
)
from decisions.engine.networks import networks_of

OURS = own_domains(("corp.example", "*.team.example"))

INSIDE = (
    "bob@corp.example",
    "Bob.Smith+tag@CORP.example",
    "o'brien@corp.example",
    "corp.example",
    "corp.example:8443",
    "https://corp.example",
    "http://corp.example:8080/a/b.html?c=d@e#f",
    "HTTPS://Corp.Example/%2e%2e/",
    "https://corp.example//evil.example/",
    "https://corp.example/../evil.example",
    "a@x.team.example",
    "https://a.b.team.example/",
)
OUTSIDE = (
    # Somebody else's domain, plainly or by a look-alike.
    "eve@evil.example", "evil.example", "https://evil.example/", "bob@corp.example.evil.example",
    "bob@evilcorp.example",
    "bob@corp-example", "bob@corp.exampl", "bob@corp.examplee", "bob@sub.corp.example", "https://corp.example.evil/",
    "bob@соrp.example", "bob@corp.exаmple", "bob@ｃｏｒｐ.example", "bob@corp。example", "bob@xn--crp-0na.example",
    "bob@K\u212aorp.example", "a@team.example", "a@.team.example", "a@-x.team.example", "a@x..team.example",
    # User information, several addresses, display names, routes.
    "corp.example@evil", "bob@corp.example@evil.example", "good.com@evil", "a@corp.example,b@evil.example",
    "a@corp.example;b@evil.example", "a@corp.example b@evil.example", "a@corp.example\nBcc: b@evil.example",
    "Bob <bob@corp.example>", "<bob@corp.example>", '"eve@evil.example" <bob@corp.example>', '"a b"@corp.example',
    "eve%evil.example@corp.example", "evil.example!eve@corp.example", "@evil.example:bob@corp.example",
    "bob(comment)@corp.example", "bob@[127.0.0.1]", "mailto:bob@corp.example", ".bob@corp.example", "b..b@corp.example",
    "bob.@corp.example", "@corp.example", "bob@",
    # Trailing and leading characters.
    "bob@corp.example.", "corp.example.", "https://corp.example./", " bob@corp.example", "bob@corp.example ",
    "bob@corp.example\n", "bob@corp.example\x00", "\ufeffbob@corp.example", "bob@corp.example\u200b",
    "bob@corp\u00ad.example",
    # URLs that programs disagree about.
    "https://corp.example@evil.example/", "https://user:pass@corp.example/", "https://evil.example\\@corp.example/",
    "https://corp.example\\.evil.example/", "https://corp.example%2eevil.example/",
    "https://corp.example%00.evil.example",
    "https://corp.example#@evil.example/", "https://corp.example?@evil.example/", "https:/corp.example/",
    "https:corp.example",
    "https:///corp.example/", "https:\\\\corp.example", "//corp.example/", "/\\corp.example", "ftp://corp.example/",
    "javascript://corp.example/%0aalert(1)", "data:text/html,corp.example", "file://corp.example/etc/passwd",
    "https://corp.example:evil/", "https://corp.example:80:80/", "https://corp.example:/", "https://corp.example/a b",
    "https://corp.example/\\evil.example", "https://[::1]/", "https://[fe80::1%25corp.example]/", "http://2130706433/",
    "http://127.0.0.1/", "https://corp.example/a,https://evil.example/b", "https://corp.example/;https://evil.example/",
    "https://corp.example/\u202e", "https://corp.example\t/", "ht\ntps://corp.example/",
    # Not an address at all.
    "", ".", "@", "corp", "corp.example/path", "../corp.example", "a/../corp.example", "corp.example:99999999",
    "x" * 5000,
)  # fmt: skip


@pytest.mark.case("POL-22")
@pytest.mark.parametrize("destination", INSIDE)
def test_what_everybody_reads_as_ours_is_inside(destination: str) -> None:
    assert is_inside(destination, domains=OURS)


@pytest.mark.case("POL-22")
@pytest.mark.parametrize("destination", OUTSIDE)
def test_what_somebody_could_read_as_not_ours_is_outside(destination: str) -> None:
    assert is_inside(INSIDE[0], domains=OURS)
    assert not is_inside(destination, domains=OURS)


@pytest.mark.case("POL-22")
@pytest.mark.parametrize(
    ("destination", "host"),
    [
        ("Bob@Corp.Example", "corp.example"), ("localhost", "localhost"), ("corp.example:443", "corp.example"),
        ("https://A.b.c:8443/x", "a.b.c"), ("10.1.2.3", "10.1.2.3"), ("10.1.2.3:80", "10.1.2.3"),
        ("http://10.1.2.3/", "10.1.2.3"),
        ("FD00::1", "fd00::1"), ("[fd00::1]", "fd00::1"), ("[fd00::1]:80", "fd00::1"),
        ("https://[FD00::1]:1/x", "fd00::1"),
    ],
)  # fmt: skip
def test_the_host_is_what_every_program_finds(destination: str, host: str) -> None:
    assert host_of(destination) == host


@pytest.mark.case("POL-22")
@pytest.mark.parametrize(
    "destination",
    ["bob@10.1.2.3", "bob@[10.1.2.3]", "10.1", "0x7f.0.0.1", "2130706433", "http://2130706433/", "1.2.3.4.5",
     "[10.1.2.3]",
     "fd00::1:80:", "[fd00::1%eth0]", "http://fd00::1/", "::ffff:10.1.2.3", "[::ffff:a01:203]", "a.1b",
     "http://[fd00::1]x/"],
)  # fmt: skip
def test_what_programs_could_take_for_another_host_has_none(destination: str) -> None:
    assert host_of("10.1.2.3") == "10.1.2.3"
    assert host_of(destination) is None


@pytest.mark.case("POL-22")
@pytest.mark.parametrize("destination", OUTSIDE)
def test_what_cannot_be_read_without_doubt_has_no_host_of_ours(destination: str) -> None:
    host = host_of(destination)
    assert host is None or not is_inside(host, domains=OURS)


def test_addresses_of_own_networks_are_inside() -> None:
    ours = networks_of(("10.0.0.0/8", "fd00::/8"))
    for destination in ("10.1.2.3", "http://10.1.2.3:80/a", "[fd00::1]:443", "fd00::1"):
        assert is_inside(destination, domains=OURS, networks=ours)
        assert not is_inside(destination, domains=OURS)
    for destination in ("11.1.2.3", "bob@10.1.2.3", "010.1.2.3", "fe80::1"):
        assert not is_inside(destination, domains=OURS, networks=ours)


def test_mailboxes_are_split_only_where_everybody_does() -> None:
    assert mailbox("Bob+x@Corp.example") == ("Bob+x", "corp.example")
    for text in ("corp.example", "a@b@corp.example", "a b@corp.example", "a@10.1.2.3", "a@corp.example."):
        assert mailbox(text) is None


def test_domains_may_include_all_below() -> None:
    domains = domains_and_below(("evil.example", "*.only.example"))
    assert [domains.contain(host) for host in ("evil.example", "a.evil.example", "notevil.example")] == [
        True,
        True,
        False,
    ]
    assert [domains.contain(host) for host in ("only.example", "a.only.example")] == [False, True]


def test_a_destination_has_a_longest_length() -> None:
    long = "https://corp.example/"
    assert is_inside(long.ljust(LONGEST_DESTINATION, "a"), domains=OURS)
    assert not is_inside(long.ljust(LONGEST_DESTINATION + 1, "a"), domains=OURS)


def test_nothing_is_inside_of_no_organisation() -> None:
    assert not any(is_inside(destination, domains=own_domains(())) for destination in INSIDE)


@given(
    st.sampled_from(INSIDE),
    st.integers(0, 60),
    st.text(alphabet="@,;<>\\ %!\t\n\"'()[]:/?#.а\u202e\u200bevil", max_size=9),
)
def test_no_insertion_leads_elsewhere(inside: str, at: int, inserted: str) -> None:
    changed = inside[:at] + inserted + inside[at:]
    if is_inside(changed, domains=OURS):
        host = changed.lower().removeprefix("https://").removeprefix("http://").split("/")[0].rpartition("@")[2]
        name = host.split(":")[0]
        assert name == "corp.example" or name.endswith(".team.example")
        assert not set(changed) & set(' ,;<>\\\t\n"[]')


@pytest.mark.parametrize("name", ["corp.example", "*.corp.example", "a-b.c1.example", "xn--crp-0na.example"])
def test_domains_may_be_named(name: str) -> None:
    assert is_domain(name)


@pytest.mark.parametrize(
    "name", ["", "corp", "Corp.example", "corp.example.", ".corp.example", "*", "*.example*", "*.*.example", "*.com ",
             "-a.example", "a-.example", "a..example", "corp.example/", "a@corp.example", "кorp.example",
             "a" * 64 + ".example", "10.1.2.3", "corp.1a",
             ".".join(["a" * 60] * 5)],
)  # fmt: skip
def test_what_is_no_domain_may_not_be_named(name: str) -> None:
    assert not is_domain(name)
