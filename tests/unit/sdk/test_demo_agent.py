"""The demo's agent: it tells what the server said, does what was allowed, and nothing that a server says steers the
terminal."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from examples.demo_agent.__main__ import shown
from examples.demo_agent.office import CUSTOMERS, Office
from examples.demo_agent.story import Step, Story, steps_of
from examples.demo_agent.terminal import Terminal, terminal_on

from aarm import Client, Guard
from tests.unit.sdk.contract_server import ContractServer, Ruling

LIMIT = {"limit": 100}


class QuietOffice(Office):
    """The office with a pile instead of a mail server; that one has a test of its own, end to end."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, mail_server="127.0.0.1:1")
        self.sent: list[str] = []
        self.furnish()

    def send_email(self, to: str, subject: str, body: str) -> str:
        self.sent.append(to)
        return "accepted by the pile"


@pytest.fixture
def office(tmp_path: Path) -> QuietOffice:
    return QuietOffice(tmp_path)


@pytest.fixture
def page() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def story(page: io.StringIO) -> Story:
    return Story(Terminal(page, is_coloured=False))


@pytest.fixture
def steps(client: Client, office: QuietOffice, story: Story) -> Iterator[tuple[Step, ...]]:
    guard = Guard(client, on_pending=story.tell_waiting)
    with guard.session(request="Do as I say."):
        yield steps_of(guard, office=office, story=story)


def words_of(page: io.StringIO) -> list[str]:
    """The first word of each line below a step."""
    return [line[5:14].strip() for line in page.getvalue().splitlines() if line.startswith(" " * 5) and line[5] != " "]


def test_an_allowed_step_is_done(story: Story, steps: tuple[Step, ...], page: io.StringIO) -> None:
    story.tell(steps[0], place="1/5")
    assert words_of(page) == ["ALLOW", "ran"]
    assert "90 characters were read" in page.getvalue()


def test_a_modified_step_is_done_as_changed(
    server: ContractServer, story: Story, steps: tuple[Step, ...], page: io.StringIO
) -> None:
    server.rulings["database.query"] = Ruling("MODIFY", LIMIT)
    story.tell(steps[2], place="3/5")
    assert words_of(page) == ["MODIFY", "ran"]
    assert f"100 of {CUSTOMERS} rows came back" in page.getvalue()


def test_a_denied_step_is_not_done(
    server: ContractServer, story: Story, steps: tuple[Step, ...], page: io.StringIO, office: QuietOffice
) -> None:
    for tool in ("files.delete", "email.send", "database.query"):
        server.rulings[tool] = Ruling("DENY")
    for step in steps[1:4]:
        story.tell(step, place="?")
    assert words_of(page) == ["DENY", "not run"] * 3
    for evidence in ("contract.txt is still there", "no mail was sent", "no row was read"):
        assert evidence in page.getvalue()
    assert (office.path("contract.txt").exists(), office.sent) == (True, [])


def test_what_is_gone_is_called_gone(story: Story, steps: tuple[Step, ...], page: io.StringIO) -> None:
    story.tell(steps[3], place="4/5")
    assert "contract.txt is gone" in page.getvalue(), "The story told what was hoped for."


def test_an_approved_step_waits_and_is_done(
    server: ContractServer, story: Story, steps: tuple[Step, ...], page: io.StringIO, office: QuietOffice
) -> None:
    server.rulings["email.send"] = Ruling("STEP_UP")
    server.on_poll = lambda decision_id: server.approve(decision_id)
    story.tell(steps[1], place="2/5")
    assert words_of(page) == ["STEP_UP", "approved", "ran"]
    assert "K7QF-2M9D-X4TB, until 03:04 UTC" in page.getvalue()
    assert office.sent == ["ana@partner.example"]


@pytest.mark.parametrize(("state", "word"), [("DENIED", "denied"), ("EXPIRED", "expired"), ("CANCELLED", "cancelled")])
def test_without_a_yes_it_is_not_done(
    server: ContractServer, story: Story, steps: tuple[Step, ...], page: io.StringIO, office: QuietOffice,
    state: str, word: str,
) -> None:  # fmt: skip
    server.rulings["email.send"] = Ruling("STEP_UP")
    server.on_poll = lambda decision_id: server.resolve(decision_id, effective="DENY", state=state)
    story.tell(steps[1], place="2/5")
    assert words_of(page) == ["STEP_UP", word, "not run"]
    assert office.sent == []


@pytest.mark.case("DEC-14")
def test_what_the_server_says_cannot_steer_the_terminal(page: io.StringIO) -> None:
    Terminal(page, is_coloured=True).detail("DENY", "no\x1b[2J\x1b]0;owned\x07\u202e\nnot run  all is well", look="red")
    assert page.getvalue() == (
        "     \x1b[31mDENY     \x1b[0mno\\u{1b}[2J\\u{1b}]0;owned\\u{7}\\u{202e}\\u{a}not run  all is well\n"
    )


def test_a_file_gets_no_colours_and_no_character_that_it_lacks() -> None:
    raw = io.BytesIO()
    terminal = terminal_on(io.TextIOWrapper(raw, encoding="ascii", write_through=True))
    terminal.say("limit → 100", look="green")
    assert raw.getvalue() == b"limit \\u2192 100\n"


@pytest.mark.parametrize("name", ["../contract.txt", "/etc/hosts", "a/b", ".."])
def test_a_name_does_not_lead_out_of_the_folder(office: QuietOffice, name: str) -> None:
    with pytest.raises(LookupError):
        office.read_file(name)


def test_there_is_one_table(office: QuietOffice) -> None:
    with pytest.raises(LookupError):
        office.query_customers("customers; DROP TABLE customers", 1)
    assert len(office.query_customers("customers", CUSTOMERS + 1)) == CUSTOMERS


def test_a_path_is_shown_as_it_can_be_typed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert shown(tmp_path / "var" / "receipts.jsonl") == str(Path("var") / "receipts.jsonl")
    assert shown(Path("/elsewhere/receipts.jsonl")) == "/elsewhere/receipts.jsonl"
