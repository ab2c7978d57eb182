"""The language of the search box: read and written back as the same question."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from receipts.problems import ProblemError
from receipts.selectors.fields import FIELDS, Kind
from receipts.selectors.grammar import MAX_LENGTH, Operator, Question, Term, is_term, parse_question

ORDERED = [key for key, field in FIELDS.items() if field.kind is Kind.LEVEL]
VALUES = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters='"'), min_size=1, max_size=12)


def term(key: str, *values: str, operator: Operator = Operator.IS, is_negated: bool = False) -> Term:
    return Term(key=key, values=values, operator=operator, is_negated=is_negated)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", ()),
        ("   ", ()),
        ("tool:email", (term("tool", "email"),)),
        ("op:send kind:vote", (term("operation", "send"), term("type", "vote"))),
        ("TOOL:Email", (term("tool", "Email"),)),
        ("decision:DENY,STEP_UP", (term("decision", "DENY", "STEP_UP"),)),
        ("-agent:x", (term("agent", "x", is_negated=True),)),
        ("risk>=high", (term("risk", "high", operator=Operator.AT_LEAST),)),
        ("risk<medium", (term("risk", "medium", operator=Operator.BELOW),)),
        ('"free text" -"not this"', (term("", "free text"), term("", "not this", is_negated=True))),
        ('human:"Ana Ruiz","Bob B"', (term("human", "Ana Ruiz", "Bob B"),)),
        ('"unterminated words', (term("", "unterminated words"),)),
        ("12:30 a,b x=1", (term("", "12:30"), term("", "a,b"), term("", "x=1"))),
        ('tool:""', (term("tool", ""),)),
        ("tool:email tool:email", (term("tool", "email"),)),
        ("rule:a:b", (term("rule", "a:b"),)),
    ],
)
def test_what_is_written_is_what_is_asked(text: str, terms: tuple[Term, ...]) -> None:
    assert parse_question(text) == Question(terms)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("tool:", "invalid_query"),
        ("tool>x", "invalid_query"),
        ("colour:red", "unknown_filter"),
        ("http://x", "unknown_filter"),
    ],
)
def test_what_means_nothing_is_refused_and_not_guessed_at(text: str, code: str) -> None:
    with pytest.raises(ProblemError) as refused:
        parse_question(text)
    assert refused.value.code == code


TERMS = st.one_of(
    st.builds(
        Term,
        key=st.sampled_from(sorted(FIELDS)),
        values=st.lists(VALUES, min_size=1, max_size=3).map(tuple),
        is_negated=st.booleans(),
    ),
    st.builds(Term, key=st.sampled_from(ORDERED), values=st.tuples(VALUES), operator=st.sampled_from(sorted(Operator))),
    st.builds(Term, key=st.just(""), values=st.tuples(VALUES), is_negated=st.booleans()),
)


@given(st.lists(TERMS, max_size=5, unique=True))
@example([Term(key="risk", values=("=0",), operator=Operator.BELOW)])
def test_a_question_survives_being_written_and_read(terms: list[Term]) -> None:
    question = Question(tuple(terms))
    assert parse_question(question.text) == question


def read_or_refused(text: str) -> Question | ProblemError:
    try:
        return parse_question(text)
    except ProblemError as refused:
        return refused


@given(st.text(max_size=60))
def test_any_text_is_a_question_or_a_refusal_with_words(text: str) -> None:
    found = read_or_refused(text)
    if isinstance(found, ProblemError):
        assert found.code in {"unknown_filter", "invalid_query"}
        assert found.why
        assert found.fix
    else:
        assert parse_question(found.text) == found


def test_a_link_asks_a_little_more_or_less() -> None:
    question = parse_question("tool:email since:7d")
    more = question.having(is_term("decision", "DENY"))
    assert more.text == "tool:email since:7d decision:DENY"
    assert more.having(is_term("decision", "DENY")) == more
    assert more.without(is_term("tool", "email")).text == "since:7d decision:DENY"
    assert more.without_keys("since", "until").text == "tool:email decision:DENY"
    assert question.names("since")
    assert not question.names("decision", "risk")


def test_a_text_without_end_is_cut() -> None:
    assert len(parse_question("x" * 10_000).text) == MAX_LENGTH
