"""Addresses, networks, paths, times and durations are read where every program reads them alike, and nowhere else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions.engine.durations import parse_duration
from decisions.engine.networks import lies_in, networks_of, parse_address, parse_network
from decisions.engine.paths import LONGEST_PATH, lies_within, path_parts
from decisions.engine.times import parse_time

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.case("POL-22")
@pytest.mark.parametrize(
    "text",
    ["10.0.0.1", "0.0.0.0", "255.255.255.255", "::1", "fd00::1", "2001:DB8::ff", "1:2:3:4:5:6:7:8"],
)
def test_an_address_that_everybody_reads_alike_is_read(text: str) -> None:
    assert parse_address(text) == ip_address(text)


@pytest.mark.case("POL-22")
@pytest.mark.parametrize(
    "text",
    ["", "010.0.0.1", "10.1", "10.0.0.256", "10.0.0.1.", " 10.0.0.1", "10.0.0.1\n", "0x7f.0.0.1", "2130706433",
     "10.0.0.1/8",
     "１０.0.0.1", "fe80::1%eth0", "fe80::1%25eth0", "::ffff:10.0.0.1", "::ffff:a00:1", "::10.0.0.1", "64:ff9b::a00:1",
     "[::1]", "::1]", ":::1", "g::1", "localhost", "1::2::3", "0" * 46],
)  # fmt: skip
def test_an_address_that_could_be_another_one_is_not_read(text: str) -> None:
    assert parse_address("10.0.0.1") is not None
    assert parse_address(text) is None


def test_networks_are_written_without_host_bits() -> None:
    assert str(parse_network("10.0.0.0/8")) == "10.0.0.0/8"
    assert str(parse_network("10.0.0.1")) == "10.0.0.1/32"
    assert str(parse_network("fd00::/8")) == "fd00::/8"
    for text in ("10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/255.0.0.0", "10.0.0.0/", "10/8", "::ffff:0:0/96", "fd00::%1/8"):
        assert parse_network(text) is None
    networks = networks_of(("10.0.0.0/8", "fd00::/8", "nothing"))
    assert lies_in(ip_address("10.255.0.1"), networks=networks)
    assert lies_in(ip_address("fdff::1"), networks=networks)
    assert not lies_in(ip_address("11.0.0.1"), networks=networks)


@given(st.ip_addresses())
def test_every_address_in_its_usual_form_is_read_or_stands_for_another(address: object) -> None:
    text = str(address)
    assert parse_address(text) == address or text.startswith(("::ffff:", "64:ff9b::"))


@pytest.mark.case("POL-22")
@pytest.mark.parametrize(
    ("text", "parts"),
    [("/", ()), ("/srv", ("srv",)), ("/srv/", ("srv",)), ("/srv/a b/ü.csv", ("srv", "a b", "ü.csv")),
     ("/..a/.b", ("..a", ".b"))],
)  # fmt: skip
def test_a_path_that_leads_to_one_place_is_read(text: str, parts: tuple[str, ...]) -> None:
    assert path_parts(text) == parts


@pytest.mark.case("POL-22")
@pytest.mark.parametrize(
    "text",
    ["", "srv", "~/a", "//srv", "/srv//a", "/srv/./a", "/srv/../a", "/srv/..", "/..", "/.", "//", "/srv/a\\b",
     "/srv/%2e%2e/a",
     "/srv/a\x00.csv", "/srv/a\nb", "/srv/\x7f", "/srv/\x85", "/srv/u\u0308.csv", "C:/a", "file:///srv", " /srv",
     "/" + "a" * LONGEST_PATH],
)  # fmt: skip
def test_a_path_that_could_lead_elsewhere_is_not_read(text: str) -> None:
    assert path_parts("/srv/ü.csv") is not None
    assert path_parts(text) is None


@given(st.lists(st.sampled_from(["a", "..", ".", "", "b%2e", "c\\", "d"]), max_size=5))
def test_what_lies_within_a_directory_never_leaves_it(names: list[str]) -> None:
    parts = path_parts("/srv/" + "/".join(names))
    if parts is not None and lies_within(parts, directory=("srv",)):
        assert not {"..", ".", ""} & set(parts)
        assert parts[0] == "srv"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("30m", 1800), ("1h", 3600), ("7d", 604800), ("007s", 7), ("0s", 0), ("PT1H30M", 5400),
     ("P7D", 604800),
     ("P1DT1S", 86401), ("PT0S", 0), ("999999999s", 999999999)],
)  # fmt: skip
def test_durations_are_read(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "90", "s", "1.5h", "-1h", "+1h", "1H", "1 h", "1h ", "1h30m", "1w", "P1W", "P1M", "P1Y", "P", "PT", "P1DT",
     "PT1S1M", "pt1h",
     "PT1.5H", "PT1H ", "1 month", "１h", "9999999999s", "1h\n"],
)  # fmt: skip
def test_what_is_no_duration_is_not_read(text: str) -> None:
    assert parse_duration("1h") == 3600
    assert parse_duration(text) is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-23T12:00:00Z", NOON),
        ("2026-11-23T13:00:00+01:00", NOON),
        ("2026-11-22T22:30:00.000000-13:30", NOON),
        ("2026-11-23T12:00:00.5Z", NOON + timedelta(milliseconds=500)),
        ("2026-11-23T12:00:00-00:00", NOON),
    ],
)
def test_times_are_read_with_their_zone(text: str, moment: datetime) -> None:
    found = parse_time(text)
    assert found == moment
    assert found is not None
    assert found.tzinfo is UTC


@pytest.mark.case("POL-23")
@pytest.mark.parametrize(
    "text",
    ["", "2026-11-23", "2026-11-23T12:00:00", "2026-11-23 12:00:00Z", "2026-11-23t12:00:00z", "2026-11-23T12:00Z",
     "2026-11-23T24:00:00Z", "2026-12-31T23:59:60Z", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "20261123T120000Z",
     "2026-W48-1T12:00:00Z", "2026-11-23T12:00:00.1234567Z", "2026-11-23T12:00:00+1", "2026-11-23T12:00:00+01",
     "2026-11-23T12:00:00+24:00", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00",
     "２026-11-23T12:00:00Z", "2026-11-23T12:00:00Z\n", "1763899200"],
)  # fmt: skip
def test_what_is_no_certain_moment_is_not_read(text: str) -> None:
    assert parse_time("2024-02-29T00:00:00Z") is not None
    assert parse_time(text) is None


@given(st.datetimes(timezones=st.just(UTC)), st.integers(-1439, 1439))
def test_every_moment_comes_back(moment: datetime, offset: int) -> None:
    if 1 < moment.year < 9999:
        there = moment.astimezone(timezone(timedelta(minutes=offset)))
        assert parse_time(there.isoformat()) == there
