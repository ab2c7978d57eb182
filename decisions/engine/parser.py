"""From text to a policy: read the YAML, check every key and value, and refuse the whole if anything is wrong.

`parse_policy` gives the checked document, `compile_policy` what can be evaluated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from decisions.engine.boundaries import read_boundaries, read_revalidation
from decisions.engine.catalogue_reading import read_categories, read_tools_block
from decisions.engine.document import Mode, PolicyDocument, Rule
from decisions.engine.errors import PolicyError
from decisions.engine.examples import read_cases
from decisions.engine.grading_reading import read_grading, read_levels
from decisions.engine.header import HEADER_KEYS, Header, has_all, read_header, read_organisation
from decisions.engine.includes import Include, Terms, included_rules, merged_catalogue, read_includes
from decisions.engine.levels import STANDARD_GRADING, STANDARD_NAMES, levels_of
from decisions.engine.metatool_reading import MetaTerms, merged_meta_tools, read_meta_tools
from decisions.engine.policy import compile_policy
from decisions.engine.readers import Entry, read_mapping
from decisions.engine.rules import MOST_RULES, Placed, read_rules, report_duplicates
from decisions.engine.source import Findings, Place, read_source
from decisions.engine.threshold_reading import read_thresholds
from decisions.engine.verdict import NO_THRESHOLDS
from decisions.engine.vocabulary import Reading, Vocabulary

__all__ = ["compile_policy", "included_keys", "parse_policy"]

REQUIRED_KEYS = ("policy", "rules")
TOP_KEYS = (
    *REQUIRED_KEYS, "organisation", "thresholds", "levels", "classification", "categories", "tools", "meta_tools",
    "intent_boundaries", "re_validation", "include", "cases",
)  # fmt: skip
_TOP = {name: name for name in TOP_KEYS}
_MOVE = {name: "Move it into `policy:`." for name in HEADER_KEYS if name not in TOP_KEYS}
_START = Place(line=1, column=1)
_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class _Part:
    """One text of a policy: the policy itself, whose source is empty, or what it includes."""

    source: str
    findings: Findings
    entries: Mapping[str, Entry]
    header: Header | None
    include: Include | None = None

    @property
    def place(self) -> Place:
        """Where the policy itself speaks of it."""
        return _START if self.include is None else self.include.place


def parse_policy(text: str, *, source: str, included: Mapping[str, str] = _NOTHING) -> PolicyDocument:
    """The checked policy in `text`. `source` names where it comes from, for messages.

    `included` has the texts of what it includes, under the names that `included_keys` gives. Raises PolicyError with
    every problem of all texts at once, each with line and column; then nothing of it is used.
    """
    main = _opened(text, source="", include=None)
    parts = [main, *_included_parts(main, included=included)]
    document = None if any(part.header is None for part in parts) else _assembled(parts)
    problems = tuple(replace(found, source=part.source) for part in parts for found in part.findings.all())
    if document is None or problems:
        raise PolicyError(problems, source=source)
    alone = (part.source for part in parts[1:] if "cases" in part.entries)
    return replace(document, tested_parts=tuple(parse_policy(included[key], source=key) for key in alone))


def included_keys(text: str, *, source: str) -> tuple[str, ...]:
    """The names of the texts that the policy in `text` includes: `pack:NAME`, `file:NAME.yaml`.

    Raises PolicyError if that can't be read.
    """
    main = _opened(text, source="", include=None)
    keys = tuple(include.key for include in _includes_of(main))
    if main.header is None or main.findings.all():
        raise PolicyError(main.findings.all(), source=source)
    return keys


def _opened(text: str, *, source: str, include: Include | None) -> _Part:
    findings = Findings()
    tree = read_source(text, findings=findings)
    entries = None
    if tree is not None:
        entries = read_mapping(tree, keys=_TOP, what="a policy file", hints=_MOVE, findings=findings)
    if tree is None or entries is None:
        return _Part(source, findings, {}, None, include)
    is_whole = has_all(entries, names=REQUIRED_KEYS, place=tree.place, findings=findings)
    header = read_header(entries["policy"].node, findings=findings) if is_whole else None
    return _Part(source, findings, entries, header, include)


def _includes_of(part: _Part) -> tuple[Include, ...]:
    return read_includes(part.entries["include"].node, findings=part.findings) if "include" in part.entries else ()


def _included_parts(main: _Part, *, included: Mapping[str, str]) -> Iterator[_Part]:
    for include in _includes_of(main):
        if include.key not in included:
            why, fix = f"There is no {include.kind} `{include.name}`.", "Correct the name, or add what is missing."
            main.findings.report(include.place, code="unknown_include", why=why, fix=fix)
            continue
        part = _opened(included[include.key], source=include.key, include=include)
        if "include" in part.entries:
            why, fix = "What is included includes nothing itself.", "Include it in the policy."
            part.findings.report(part.entries["include"].place, code="nested_include", why=why, fix=fix)
        yield part


def _assembled(parts: Sequence[_Part]) -> PolicyDocument:
    """The document of the whole. Whatever is wrong goes to the findings of its part; then it must not be used."""
    main, findings = parts[0], parts[0].findings
    entries, header = main.entries, main.header
    assert header is not None, "only what has a header is assembled"
    organisation = read_organisation([entries.get("organisation"), header.organisation], findings=findings)
    levels = read_levels(entries["levels"].node, findings=findings) if "levels" in entries else STANDARD_NAMES
    grading = STANDARD_GRADING
    if "classification" in entries:
        grading = read_grading(entries["classification"].node, levels=levels, findings=findings)
    catalogue = merged_catalogue([_terms(part) for part in parts], findings=findings)
    vocabulary = Vocabulary(
        levels=levels_of(levels, grading=grading),
        categories=catalogue.category_names(),
        has_organisation=bool(organisation.domains or organisation.networks),
    )
    meta_tools, runners = merged_meta_tools([_meta_terms(part) for part in parts], findings=findings)
    thresholds = NO_THRESHOLDS
    if "thresholds" in entries:
        thresholds = read_thresholds(entries["thresholds"].node, findings=findings)
    return PolicyDocument(
        id=header.id,
        version=header.version,
        description=header.description,
        default=header.default,
        organisation_domains=organisation.domains,
        rules=_rules(parts, vocabulary=vocabulary),
        organisation_networks=organisation.networks,
        thresholds=thresholds,
        levels=levels,
        grading=grading,
        catalogue=catalogue,
        meta_tools=meta_tools,
        runners=runners,
        cases=read_cases(entries["cases"].node, findings=findings) if "cases" in entries else (),
    )


def _terms(part: _Part) -> Terms:
    entries, findings = part.entries, part.findings
    return Terms(
        tools=read_tools_block(entries["tools"].node, findings=findings) if "tools" in entries else (),
        categories=read_categories(entries["categories"].node, findings=findings) if "categories" in entries else {},
        place=part.place,
    )


def _meta_terms(part: _Part) -> MetaTerms:
    if "meta_tools" not in part.entries:
        return MetaTerms()
    return read_meta_tools(part.entries["meta_tools"].node, place=part.place, findings=part.findings)


def _rules(parts: Sequence[_Part], *, vocabulary: Vocabulary) -> tuple[Rule, ...]:
    """The rules of all parts, those first that the policy states itself."""
    findings = parts[0].findings
    found = [placed for part in parts for placed in _rules_of(part, vocabulary=vocabulary)]
    report_duplicates(found, findings=findings)
    if len(found) > MOST_RULES:
        why, fix = f"There are {len(found)} rules; the limit is {MOST_RULES}.", "Split the policy."
        findings.report(_START, code="too_large", why=why, fix=fix)
    return tuple(rule for _, rule in found)


def _rules_of(part: _Part, *, vocabulary: Vocabulary) -> tuple[Placed, ...]:
    entries, header = part.entries, part.header
    assert header is not None, "only what has a header is assembled"
    reading = Reading(part.findings, vocabulary, approvers=header.approvers)
    rules = read_rules(entries["rules"].node, mode=header.mode, reading=reading)
    if "intent_boundaries" in entries:
        rules += read_boundaries(entries["intent_boundaries"].node, mode=header.mode, reading=reading)
    rules += _revalidation(part, mode=header.mode) if part.include is None else ()
    rules = tuple((place, replace(rule, place=place, source=part.source)) for place, rule in rules)
    return rules if part.include is None else included_rules(rules, include=part.include, policy_id=header.id)


def _revalidation(part: _Part, *, mode: Mode) -> tuple[Placed, ...]:
    if "re_validation" not in part.entries:
        return ()
    entry = part.entries["re_validation"]
    rule = read_revalidation(entry.node, mode=mode, findings=part.findings)
    return () if rule is None else ((entry.place, rule),)
