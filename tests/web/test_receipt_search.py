"""One box over all receipts: what it finds, what it counts, and that nothing can be made to disappear from it."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.db import connection
from django.test import Client

from decisions.models import Agent
from receipts.clock import database_now
from receipts.models import Receipt
from receipts.selectors import Asking, matching, paging
from receipts.selectors.grammar import parse_question
from receipts.services.sequencing import sequence_waiting
from receipts.signing.statement import ReceiptType
from tests.factories import ALICE, MAIL, Cast, begin_session, decide, open_step_up, vote
from tests.web.reading import Element, read, signed_in
from tests.web.tampering import tamper

INSIDE = {**MAIL, "to": "bob@corp.example"}


# What is asked of `history`, and how many receipts answer it. Those about making the cast are counted beside them.
QUESTIONS = {
    "": 7,
    "tool:email": 4,
    "tool:email.send": 4,
    "tool:email.delete": 0,
    "op:send -decision:ALLOW": 3,
    "decision:DENY,DEFER": 2,
    "risk>=high": 4,
    "risk>low -tool:email": 2,
    "human:alice": 6,
    "human:ALICE@CORP.EXAMPLE": 6,
    "agent:demo": 6,
    "-agent:demo-agent": 1,
    "agent:nobody": 0,
    "approver:bob": 1,
    "approver:carol": 0,
    "type:policy_published": 1,
    "kind:vote,approval_terminal": 2,
    "outcome:approved": 1,
    "rule:email-outside": 3,
    "surface:web": 1,
    "surface:WEB,slack": 1,
    "-surface:web tool:email": 3,
    "is:test": 0,
    "is:live": 6,
    "has:attention_miss": 0,
    "outside": 3,
    '"email outside"': 3,
    '"outside email"': 0,
    "drop": 1,
    "dro": 1,
    "o": 0,
    "i": 0,
    "rop": 0,
    "deny": 1,
    "alice": 6,
    "bob": 1,
    "-alice": 1,
    "email -outside": 1,
    "-%": 7,
    "since:1h": 7,
    "since:all": 7,
    "until:1h": 0,
    "since:2001-01-01 until:2001-01-02": 0,
    "partner.example": 0,
}
FINDS_THE_MAKING_OF_THE_CAST = ("", "-agent:demo-agent", "-alice", "-%", "since:1h", "since:all")


@pytest.fixture
def history(cast: Cast) -> Cast:
    """An approved mail, an allowed one, a denied deletion and a deferred rotation; eight receipts with the policy's."""
    step = open_step_up(cast)
    vote(step, cast.bob)
    session = begin_session(cast)
    decide(cast, session, "email.send", parameters=INSIDE)
    decide(cast, session, "database.drop", parameters={"table": "orders"})
    decide(cast, session, "credentials.rotate", parameters={"name": "db"})
    return cast


def made() -> int:
    """How many receipts the making of the cast has left."""
    return Receipt.objects.filter(type=ReceiptType.ADMINISTRATION.value).count()


def searched(client: Client, q: str = "", **more: str) -> Element:
    return read(client.get(f"/receipts?{urlencode({'q': q, **more})}"))


def found(client: Client, q: str = "", **more: str) -> list[str]:
    """The ids, in the order of the list."""
    return [row.attributes["id"] for row in searched(client, q, **more).of_class("row")]


def facet(page: Element, key: str) -> dict[str, str]:
    """Its values with their counts."""
    links = page.by_id(f"facet-{key}")
    (section,) = [part for part in page.of_class("facet") if links in list(part.walk())]
    words = [link.of_class("facet__word")[0].text for link in section.of_class("facet__link")]
    return dict(zip(words, [count.text for count in section.of_class("facet__count")], strict=True))


def test_a_question_finds_what_it_asks_for(history: Cast, victor: Client) -> None:
    wanted = {**QUESTIONS, **{words: QUESTIONS[words] + made() for words in FINDS_THE_MAKING_OF_THE_CAST}}
    assert {question: len(found(victor, question)) for question in QUESTIONS} == wanted


WORDS = (
    "email", "EMAIL", "e mail", "mail", '"email send"', '"send email"', "email's", "-email", "email -outside", "-rop",
    "alice", "-alice", "demo-agent", "-demo", "bob tool:email", "outside decision:STEP_UP", "-%", "İ", "-İ", "<email>",
    "email_outside", "vote", "-vote -email", "0",
)  # fmt: skip


def test_what_is_counted_is_what_is_listed(history: Cast) -> None:
    assert connection.vendor == "postgresql", "there the two are asked for in two ways"
    asking = Asking(at=database_now())
    for words in WORDS:
        question = parse_question(words)
        listed, counted = (
            set(matching(Receipt.objects.all(), question=question, asking=asking, is_counted=how).values_list("pk"))
            for how in (False, True)
        )
        assert listed == counted, words
        assert len(listed) < Receipt.objects.count() or words.startswith("-"), words


def test_an_id_finds_what_it_names_at_any_age(history: Cast, victor: Client) -> None:
    receipt = Receipt.objects.get(type=ReceiptType.VOTE.value)
    assert found(victor, receipt.pk) == [receipt.pk]
    assert len(found(victor, receipt.decision_id)) == 3
    assert len(found(victor, receipt.session_id)) == 3
    assert len(found(victor, f"session:{receipt.session_id}")) == 3
    assert found(victor, f"-{receipt.pk} {receipt.decision_id} type:vote") == []
    text = searched(victor, receipt.pk).text
    assert "since:" not in searched(victor, receipt.pk).by_id("q").attributes["value"]
    assert "1 receipt " in text


def test_the_address_and_the_box_say_the_same(history: Cast, victor: Client) -> None:
    parameters = read(victor.get("/receipts?tool=email&decision=step_up"))
    typed = searched(victor, "tool:email decision:step_up")
    ids = [[row.attributes["id"] for row in page.of_class("row")] for page in (parameters, typed)]
    assert ids[0] == ids[1]
    assert parameters.by_id("q").attributes == typed.by_id("q").attributes
    assert len(ids[0]) == 3


def test_facets_count_and_each_value_is_a_link_that_can_be_taken_back(history: Cast, victor: Client) -> None:
    page = searched(victor)
    assert facet(page, "decision") == {"STEP_UP": "3", "ALLOW": "1", "DEFER": "1", "DENY": "1", "none": f"{1 + made()}"}
    assert facet(page, "agent") == {"demo-agent": "6", "none": f"{1 + made()}"}
    assert facet(page, "human")[ALICE] == "6"
    assert facet(page, "surface")["web"] == "1"
    assert facet(page, "is")["LIVE"] == "6"
    (link,) = [link for link in page.of_class("facet__link") if link.text == "DENY 1"]
    narrowed = read(victor.get(f"/receipts{link.attributes['href']}"))
    assert len(narrowed.of_class("row")) == 1
    (chosen,) = [link for link in narrowed.of_class("facet__link") if link.text == "DENY 1"]
    assert chosen.attributes["aria-current"] == "true"
    assert len(read(victor.get(f"/receipts{chosen.attributes['href']}")).of_class("row")) == 7 + made()


def test_a_facets_empty_value_finds_what_has_none(history: Cast, victor: Client) -> None:
    page = searched(victor, "-type:administration")
    (link,) = [link for link in page.of_class("facet__link") if link.text == "none 1"][:1]
    (row,) = read(victor.get(f"/receipts{link.attributes['href']}")).of_class("row")
    assert "Policy published" in row.text


def test_the_histogram_has_a_bar_for_every_slice_and_leads_into_it(history: Cast, victor: Client) -> None:
    page = searched(victor, "since:24h -type:administration")
    bars = [link for link in page.tagged("a") if "data-bar" in link.attributes]
    assert len(bars) == 25
    full = next(bar for bar in bars if "nothing" not in bar.text)
    assert full.text.endswith("1 ALLOW, 1 DENY, 3 STEP_UP, 1 DEFER, 1 of no decision")
    assert len(read(victor.get(f"/receipts{full.attributes['href']}")).of_class("row")) == 7
    listed = page.of_class("histogram__list")[0].tagged("a")
    assert [link.attributes["href"] for link in listed] == [full.attributes["href"]]


def test_tests_are_told_from_what_is_live_and_found_apart(cast: Cast, victor: Client) -> None:
    Agent.objects.filter(pk=cast.agent.id).update(environment="TEST")
    decide(cast, begin_session(cast), "email.send", parameters=INSIDE)
    Agent.objects.filter(pk=cast.agent.id).update(environment="LIVE")
    decide(cast, begin_session(cast), "email.send", parameters=INSIDE)
    (tested,) = found(victor, "is:test")
    (live,) = found(victor, "is:live")
    assert tested != live
    assert facet(searched(victor, "tool:email"), "is") == {"LIVE": "1", "TEST": "1"}


def test_an_empty_week_says_what_a_longer_time_would_show(history: Cast, victor: Client) -> None:
    for receipt in Receipt.objects.all():
        tamper(receipt, issued_at=receipt.issued_at.replace(year=receipt.issued_at.year - 1))
    page = searched(victor, "tool:email")
    assert "No receipt matches in this time" in page.text
    (wider,) = [link for link in page.tagged("a") if "in all time" in link.text]
    assert wider.text == "Show 4 in all time"
    assert len(read(victor.get(f"/receipts{wider.attributes['href']}")).of_class("row")) == 4


def test_what_is_asked_is_shown_in_parts_that_can_be_taken_away(history: Cast, victor: Client) -> None:
    page = searched(victor, "tool:email decision:ALLOW")
    chips = page.of_class("chip--term")
    assert [chip.text for chip in chips] == ["Take away tool:email", "Take away decision:ALLOW"]
    assert len(read(victor.get(f"/receipts{chips[1].attributes['href']}")).of_class("row")) == 4
    (window,) = [link for link in page.of_class("windows")[0].tagged("a") if "aria-current" in link.attributes]
    assert window.text == "7 days"


def test_each_part_of_a_question_can_be_changed_where_it_stands(history: Cast, victor: Client) -> None:
    asked = {"q": "tool:email decision:DENY since:all", "sort": "oldest", "column": "result"}
    page = read(victor.get("/receipts", asked))
    assert page.of_class("row") == []
    form = page.of_class("term__form")[1]
    fields = [(field.attributes["name"], field.attributes["value"]) for field in form.tagged("input")]
    assert fields == [
        ("q", "tool:email since:all"), ("sort", "oldest"), ("column", "result"), ("part", "decision:DENY")
    ]  # fmt: skip
    changed = victor.get("/receipts", dict(fields) | {"part": "decision:ALLOW "})
    assert changed.status_code == 302
    now = parse_qs(urlsplit(changed.headers["Location"]).query)
    assert now == {"q": ["tool:email since:all decision:ALLOW"], "sort": ["oldest"], "column": ["result"]}
    assert read(victor.get(changed.headers["Location"])).of_class("row")
    emptied = victor.get("/receipts", dict(fields) | {"part": " "}).headers["Location"]
    assert parse_qs(urlsplit(emptied).query)["q"] == ["tool:email since:all"]


def test_a_part_that_says_nothing_is_told_with_all_of_it_still_in_the_box(history: Cast, victor: Client) -> None:
    page = victor.get("/receipts", {"q": "tool:email", "part": "nobody:knows"}, follow=True)
    assert page.status_code == 400
    assert read(page).by_id("q").attributes["value"] == "tool:email nobody:knows"


def test_pages_lead_both_ways_without_a_gap_or_a_repeat(cast: Cast, victor: Client) -> None:
    session = begin_session(cast)
    for number in range(120):
        decide(cast, session, "email.send", parameters={**INSIDE, "subject": str(number)})
    seen, page = [], searched(victor, "tool:email")
    for _ in range(2):
        seen.append([row.attributes["id"] for row in page.of_class("row")])
        (older,) = [link for link in page.tagged("a") if link.attributes.get("rel") == "next"]
        page = read(victor.get(f"/receipts{older.attributes['href']}"))
    seen.append([row.attributes["id"] for row in page.of_class("row")])
    assert [len(ids) for ids in seen] == [50, 50, 20]
    assert len({item for ids in seen for item in ids}) == 120
    assert not [link for link in page.tagged("a") if link.attributes.get("rel") == "next"]
    for before in (seen[1], seen[0]):
        (newer,) = [link for link in page.tagged("a") if link.attributes.get("rel") == "prev"]
        page = read(victor.get(f"/receipts{newer.attributes['href']}"))
        assert [row.attributes["id"] for row in page.of_class("row")] == before
    assert not [link for link in page.tagged("a") if link.attributes.get("rel") == "prev"]
    oldest = found(victor, "tool:email", sort="oldest")
    assert oldest == seen[2][::-1] + seen[1][::-1][:30]


def test_a_page_stays_what_it_was_while_receipts_come(
    cast: Cast, victor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "PAGE", 3)
    session = begin_session(cast)
    for number in range(7):
        decide(cast, session, "email.send", parameters={**INSIDE, "subject": str(number)})
    first = searched(victor, "tool:email")
    before = [row.attributes["id"] for row in first.of_class("row")]
    (older,) = [link.attributes["href"] for link in first.tagged("a") if link.attributes.get("rel") == "next"]
    told = [row.attributes["id"] for row in read(victor.get(f"/receipts{older}")).of_class("row")]
    for number in range(4):
        decide(cast, session, "email.send", parameters={**INSIDE, "subject": f"late {number}"})
    second = read(victor.get(f"/receipts{older}"))
    assert [row.attributes["id"] for row in second.of_class("row")] == told
    assert not set(told) & set(before)
    (newer,) = [link.attributes["href"] for link in second.tagged("a") if link.attributes.get("rel") == "prev"]
    assert [row.attributes["id"] for row in read(victor.get(f"/receipts{newer}")).of_class("row")] == before


def test_agents_page_both_ways_too_and_only_through_their_own(cast: Cast) -> None:
    session = begin_session(cast)
    for number in range(60):
        decide(cast, session, "email.send", parameters={**INSIDE, "subject": str(number)})
    agent, headers = Client(), {"Authorization": f"Bearer {cast.agent_key}"}
    first = agent.get("/api/v1/receipts?tool=email", headers=headers).json()
    second = agent.get("/api/v1/receipts", {"tool": "email", "cursor": first["next"]}, headers=headers).json()
    again = agent.get("/api/v1/receipts", {"tool": "email", "cursor": second["previous"]}, headers=headers).json()
    assert (len(first["results"]), len(second["results"])) == (50, 10)
    assert (first["previous"], second["next"]) == (None, None)
    assert again["results"] == first["results"]
    for guess in ("human:alice", "alice"):
        assert agent.get("/api/v1/receipts", {"q": guess}, headers=headers).json()["results"] == []


def test_a_reviewer_finds_counts_and_completes_only_from_their_own(history: Cast, bob: Client) -> None:
    page = searched(bob)
    assert len(page.of_class("row")) == 3
    assert facet(page, "decision") == {"STEP_UP": "3"}
    assert [part for part in page.walk() if part.attributes.get("id") in {"kept", "lost"}] == []
    carol = signed_in(history.carol)
    assert found(carol) == []
    for text, words in {"tool:": ["tool:email"], "human:al": ["human:alice@corp.example"], "decision:de": []}.items():
        got = bob.get("/receipts/suggestions", {"text": text}).json()["suggestions"]
        assert [item["word"] for item in got][: len(words)] == words
        if text != "decision:de":
            assert carol.get("/receipts/suggestions", {"text": text}).json() == {"suggestions": []}


def test_the_box_completes_keys_and_values(history: Cast, victor: Client) -> None:
    wanted = {
        "": [],
        "dec": ["decision:"],
        "sur": ["surface:"],
        "tool:email o": ["tool:email operation:", "tool:email outcome:"],
        "tool:em": ["tool:email "],
        "surface:": ["surface:web "],
        "has:": ["has:attention_miss ", "has:passed "],
        "is:": ["is:TEST ", "is:LIVE "],
        "-tool:data": ["-tool:database "],
        "decision:st": ["decision:STEP_UP "],
        "agent:de": ["agent:demo-agent "],
        "since:": [f"since:{time} " for time in ("24h", "7d", "30d", "90d", "all")],
        "nothing:x": [],
    }
    got = {text: victor.get("/receipts/suggestions", {"text": text}).json()["suggestions"] for text in wanted}
    assert {text: [item["text"] for item in items] for text, items in got.items()} == wanted


@pytest.mark.case("RCP-27")
def test_a_receipt_that_was_altered_out_of_a_search_is_missed(history: Cast, victor: Client) -> None:
    sequence_waiting()
    clean = searched(victor, "tool:email")
    assert "None is missing or altered." in clean.by_id("kept").text
    hidden = Receipt.objects.get(decision="ALLOW")
    tamper(hidden, tool="calendar")
    page = searched(victor)
    assert "1 of the receipts below is not what was signed" in page.by_id("faults").text
    (row,) = page.of_class("row--bad")
    assert (row.attributes["id"], "tool" in row.of_class("row__fault")[0].text) == (hidden.pk, True)
    without = searched(victor, "tool:email,database")
    assert hidden.pk not in [row.attributes["id"] for row in without.of_class("row")]
    assert f"Not what was signed: {hidden.pk}." in without.by_id("lost").text
    assert [part for part in without.walk() if part.attributes.get("id") == "kept"] == []


@pytest.mark.case("RCP-27")
def test_a_receipt_that_was_deleted_is_missed(history: Cast, victor: Client) -> None:
    sequence_waiting()
    gone = Receipt.objects.get(tool="database")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("ALTER TABLE receipts_receipt DISABLE TRIGGER aarm_row_guard")
        cursor.execute("DELETE FROM receipts_receipt WHERE id = %s", [gone.pk])
        cursor.execute("ALTER TABLE receipts_receipt ENABLE ALWAYS TRIGGER aarm_row_guard")
        cursor.execute("SET session_replication_role = DEFAULT")
    assert "1 of the receipts that the log has there are gone." in searched(victor).by_id("lost").text


def test_counting_stops_at_its_bound_and_says_so(
    history: Cast, victor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("receipts.selectors.overview.BOUND", 4)
    text = searched(victor).text
    assert "4 or more receipts" in text
    assert "Counted are the newest 4." in text


def test_counting_reads_an_index_and_no_receipt(history: Cast) -> None:
    plan = Receipt.objects.filter(decision="DENY").order_by("-issued_at", "-id").values_list("issued_at", "tool")[:10]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off")
    assert "Index Only Scan Backward using receipt_newest" in plan.explain()


def test_saved_views_are_for_oneself_or_a_team(history: Cast, bob: Client, victor: Client) -> None:
    team = history.bob.groups.get(name="security-team")
    assert bob.post("/receipts/views", {"name": "Mine", "question": "tool:email"}).status_code == 303
    assert bob.post("/receipts/views", {"name": "Ours", "question": "op:send", "team": team.pk}).status_code == 303
    assert bob.post("/receipts/views", {"name": "Mine", "question": "tool:crm"}).status_code == 303
    names = [link.text for link in searched(bob).of_class("saved")[0].tagged("a")]
    assert names == ["Mine", "Ours"]
    carol = signed_in(history.carol)
    (shared,) = searched(carol).of_class("saved")[0].tagged("a")
    assert (shared.text, shared.attributes["href"]) == ("Ours", "/receipts?q=op%3Asend".replace("op", "operation"))
    assert searched(victor).of_class("saved") == []
    (form, *_) = searched(bob).of_class("saved")[0].tagged("form")
    assert carol.post(form.attributes["action"]).status_code == 404
    assert bob.post(form.attributes["action"]).status_code == 303
    assert [link.text for link in searched(bob).of_class("saved")[0].tagged("a")] == ["Ours"]


def test_a_saved_view_keeps_the_order_and_the_columns_it_was_saved_with(history: Cast, bob: Client) -> None:
    page = read(bob.get("/receipts?q=tool:email&sort=-risk&column=risk&column=rule"))
    (form,) = (form for form in page.tagged("form") if form.attributes.get("action") == "/receipts/views")
    hidden = [field.attributes for field in form.tagged("input") if field.attributes.get("type") == "hidden"]
    fields: dict[str, object] = {field["name"]: field["value"] for field in hidden}
    columns = [field["value"] for field in hidden if field["name"] == "column"]
    reply = bob.post("/receipts/views", fields | {"column": columns, "name": "Risky"})
    again = "/receipts?q=tool%3Aemail&sort=-risk&column=rule&column=risk"
    assert reply.headers["Location"] == again
    (link,) = searched(bob).of_class("saved")[0].tagged("a")
    assert link.attributes["href"] == again
    assert read(bob.get(again)).of_class("list__rule")
    bob.post("/receipts/views", {"name": "Plain", "question": "tool:email", "column": ["who", "result"]})
    (plain, _) = searched(bob).of_class("saved")[0].tagged("a")
    assert plain.attributes["href"] == "/receipts?q=tool%3Aemail"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"name": "x", "question": "x", "column": "payload"}, 400),
        ({"name": "", "question": "x"}, 400),
        ({"name": "x" * 61, "question": "x"}, 400),
        ({"name": "x", "question": "tool:"}, 400),
        ({"name": "x", "question": "x", "team": "1000000"}, 404),
    ],
)
def test_what_can_not_be_saved_is_refused(cast: Cast, bob: Client, fields: dict[str, str], status: int) -> None:
    assert bob.post("/receipts/views", fields).status_code == status


def test_who_searched_by_what_is_logged_and_never_for_whom(
    history: Cast, victor: Client, caplog: pytest.LogCaptureFixture
) -> None:
    found(victor, 'human:alice tool:email "secret plan"')
    (line,) = [record.msg for record in caplog.records if "receipts_searched" in str(record.msg)]
    assert isinstance(line, dict)
    assert (line["caller_id"], line["term_kind"]) == (history.victor.person_id, "human,text,tool")
    assert "alice" not in str(line)
    assert "secret" not in str(line)
