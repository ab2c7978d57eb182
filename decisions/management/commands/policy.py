"""Policies from the command line: try them out, publish them, and see what they did or would have done.

Exit codes: 0 done; 1 the policy has faults, or something comes out differently; 2 it could not be done.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from decisions.management import policy_arguments, policy_words
from decisions.management.policy_sources import (
    FAULTY,
    IMPOSSIBLE,
    as_recorded,
    author_named,
    decision_named,
    json_given,
    moment_before,
    policy_named,
    version_id_of,
)
from decisions.management.preconditions import require_tables
from decisions.models import PolicyProposal
from decisions.selectors import active_version_id
from decisions.selectors.policies import version_answer, version_named, written
from decisions.services.checking import Report, check_files
from decisions.services.differences import differences
from decisions.services.linting import linted, linted_here
from decisions.services.packs import PolicyFiles, shipped
from decisions.services.policies import files_of
from decisions.services.proposals import submit_policy
from decisions.services.replay import Backtest, Gap, backtest, recorded_since
from decisions.services.trials import explained, tried
from receipts.problems import ProblemError


class Command(BaseCommand):
    help = "Checks, tries out, compares, publishes and shows policies."

    def add_arguments(self, parser: ArgumentParser) -> None:
        policy_arguments.add(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.SUBCOMMANDS[options["subcommand"]](self, Namespace(**options))
        except ProblemError as error:
            raise CommandError(f"{error.why} {error.fix}", returncode=IMPOSSIBLE) from error

    def lint(self, options: Namespace) -> None:
        """Says of every policy what it is or what is wrong with it."""
        reports = {name: _linted(policy_named(name), is_here=options.here) for name in options.policies}
        self._report(reports, is_json=options.json, otherwise="Not every policy can be published.")
        if any(report.has_mistakes for report in reports.values()):
            raise CommandError("Not every policy says what is meant.", returncode=FAULTY)

    def test(self, options: Namespace) -> None:
        """Runs the cases that stand beside the rules."""
        reports = {name: check_files(policy_named(name)) for name in options.policies}
        self._report(reports, is_json=options.json, otherwise="Not every case came out as expected.")

    def _report(self, reports: Mapping[str, Report], *, is_json: bool, otherwise: str) -> None:
        if is_json:
            self._print({name: report.as_json() for name, report in reports.items()})
        else:
            for report in reports.values():
                self._tell(report)
                if report.is_publishable:
                    self.stdout.write(policy_words.good(report))
        if not all(report.is_publishable for report in reports.values()):
            raise CommandError(otherwise, returncode=FAULTY)

    def _tell(self, report: Report) -> None:
        for line in policy_words.findings(report):
            self.stderr.write(line)

    def publish(self, options: Namespace) -> None:
        """From its commit on, every decision of every process is made under it."""
        files = policy_named(options.policy)
        report = check_files(files)
        self._tell(report)
        require_tables()
        self._tell(linted_here(Report(document=report.document), source=files.source))
        try:
            made = submit_policy(
                as_recorded(files), actor=author_named(options.author), allows_empty=options.allow_empty
            )
        except ProblemError as error:
            if report.is_publishable:
                raise
            raise CommandError("Nothing was published.", returncode=FAULTY) from error
        if options.json:
            self._print({"id": made.pk, "policy": made.policy_id, "version": made.version, "hash": made.digest})
        elif isinstance(made, PolicyProposal):
            self.stdout.write(f"Proposed as {made.pk}, for somebody else to publish: {policy_words.named(made)}")
        else:
            self.stdout.write(f"Active from now on: {policy_words.named(made)}")

    def show(self, options: Namespace) -> None:
        """The text as it was published, under a comment that says what it is; so it can be published again."""
        require_tables()
        version = version_named(version_id_of(options.version))
        if options.json:
            self._print(version_answer(version, active=active_version_id()) | written(version))
            return
        self.stdout.write(f"# {policy_words.named(version)}")
        self.stdout.write(f"# published {version.published_at:%Y-%m-%d %H:%M:%S} UTC from {version.source}")
        for name in sorted(version.included):
            self.stdout.write(f"# includes {name}")
        self.stdout.write(version.text, ending="")

    def explain(self, options: Namespace) -> None:
        """What a policy says to an action of one's own."""
        given = {name: json_given(text) for name, text in policy_arguments.given(options).items()}
        self._explain(tried(policy_named(options.policy), given=given), is_json=options.json)

    def _explain(self, answer: Mapping[str, Any], *, is_json: bool) -> None:
        if is_json:
            self._print(answer)
        else:
            self.stdout.write("\n".join(answer["sentences"]))

    def diff(self, options: Namespace) -> None:
        """What differs in words and, with `--since`, what would have come out differently."""
        require_tables()
        before, after = self._checked(_compared_with(options.against)), self._checked(policy_named(options.policy))
        assert after is not None
        assert after.document is not None
        found = differences(before.document if before else None, after.document)
        result = self._backtest(after, since=options.since) if options.since else None
        if options.json:
            replayed = result and policy_words.backtest_json(result)
            self._print({"differences": [asdict(each) for each in found], "replayed": replayed})
        else:
            lines = [*policy_words.changes(found), *(policy_words.outcomes(result) if result else ())]
            self.stdout.write("\n".join(lines or ["No difference."]))

    def replay(self, options: Namespace) -> None:
        """One decision under its own policy; or all since some time under the active one, or `--with` another."""
        require_tables()
        if options.decision:
            self._again(options)
            return
        report = self._checked(policy_named(options.candidate) if options.candidate else _compared_with(None))
        if report is None:
            raise CommandError("No policy is active. Name one: --with POLICY.", returncode=FAULTY)
        result = self._backtest(report, since=options.since or "24h")
        if options.json:
            self._print(policy_words.backtest_json(result))
        else:
            self.stdout.write("\n".join(policy_words.outcomes(result)))

    def _again(self, options: Namespace) -> None:
        decision = decision_named(options.decision)
        answer = explained(decision)
        if isinstance(answer, Gap):
            raise CommandError(f"{decision.pk} can't be replayed: {answer}.", returncode=IMPOSSIBLE)
        self._explain(answer, is_json=options.json)
        if (answer["decision"], answer["rule"]) != (decision.decision, decision.rule_id or None):
            raise CommandError(f"On record is {decision.decision} by {decision.rule_id}.", returncode=FAULTY)

    def packs(self, options: Namespace) -> None:
        """What comes with the product."""
        found = shipped()
        if options.json:
            self._print([{"name": each.name, "kind": each.kind, "source": each.files.source} for each in found])
        else:
            self.stdout.write("\n".join(f"{each.name:<16}{each.kind}" for each in found))

    def _checked(self, files: PolicyFiles | None) -> Report | None:
        """The report on a policy that is in order; its cases are not what is asked here."""
        if files is None:
            return None
        report = check_files(files, runs_cases=False)
        self._tell(report)
        if report.policy is None:
            raise CommandError(f"{files.source} can't be used.", returncode=FAULTY)
        return report

    def _backtest(self, report: Report, *, since: str) -> Backtest:
        assert report.policy is not None
        return backtest(recorded_since(moment_before(since)), policy=report.policy)

    def _print(self, value: Any) -> None:
        self.stdout.write(json.dumps(value, indent=2, ensure_ascii=False))

    SUBCOMMANDS: Mapping[str, Callable[[Command, Namespace], None]] = {
        "lint": lint,
        "test": test,
        "explain": explain,
        "publish": publish,
        "diff": diff,
        "show": show,
        "replay": replay,
        "packs": packs,
    }


def _linted(files: PolicyFiles, *, is_here: bool) -> Report:
    """What can be said of the text alone, or `is_here` of the groups and tools in the database too."""
    if is_here:
        require_tables()
    return (linted_here if is_here else linted)(check_files(files, runs_cases=False), source=files.source)


def _compared_with(name: str | None) -> PolicyFiles | None:
    """What is named, otherwise the active policy, if there is one."""
    if name:
        return policy_named(name)
    active = active_version_id()
    return files_of(version_named(active)) if active else None
