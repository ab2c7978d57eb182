"""What the `policy` command takes."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from decisions.services.packs import pack_names

_GIVEN = ("context", "at", "counted")


def add(parser: ArgumentParser) -> None:
    """Adds every subcommand with its arguments."""
    commands = parser.add_subparsers(dest="subcommand", required=True)
    what = f"a file, a published version (pol_…), or one that comes with the product: {', '.join(pack_names())}"

    def command(name: str, *, help: str) -> ArgumentParser:
        made: ArgumentParser = commands.add_parser(name, help=help)
        made.add_argument("--json", action="store_true", help="print one JSON value instead of sentences")
        return made

    lint = command("lint", help="check policies without publishing; needs no database")
    lint.add_argument("--here", action="store_true", help="also by the groups and tools that the database has")
    test = command("test", help="run the cases of policies; needs no database")
    for each in (lint, test):
        each.add_argument("policies", metavar="POLICY", nargs="+", help=what)
    explain = command("explain", help="say what a policy says to one action, and why")
    explain.add_argument("policy", metavar="POLICY", help=what)
    _add_given(explain)
    publish = command("publish", help="check a policy and make it the active one at once")
    publish.add_argument("policy", metavar="POLICY", help=what)
    publish.add_argument("--allow-empty", action="store_true", help="publish it although it has no rules")
    publish.add_argument("--author", metavar="USERNAME", help="who publishes; proposes, where that takes two people")
    diff = command("diff", help="say how a policy differs from the active one, rule by rule")
    diff.add_argument("policy", metavar="POLICY", help=what)
    diff.add_argument("--against", metavar="POLICY", help="compare with this one instead")
    diff.add_argument("--since", metavar="TIME", help="also replay the decisions of this long (24h, 7d)")
    show = command("show", help="print the active policy, or a published version")
    show.add_argument("version", metavar="VERSION", nargs="?", help="pol_…; the active one if absent")
    replay = command("replay", help="put recorded decisions before a policy again")
    replay.add_argument("decision", metavar="DECISION", nargs="?", help="dec_…: this one, before its own policy")
    replay.add_argument("--since", metavar="TIME", help="the decisions of this long; 24h if absent")
    replay.add_argument("--with", metavar="POLICY", dest="candidate", help="before this policy, not the active one")
    command("packs", help="list the policies and packs that come with the product")


def _add_given(parser: ArgumentParser) -> None:
    example = '{"tool": "email.send", "parameters": {"to": "ana@partner.example"}}'
    parser.add_argument("--action", metavar="JSON", required=True, help=example.replace("%", "%%"))
    parser.add_argument("--context", metavar="JSON", help="what the session is like, as in a case")
    parser.add_argument("--at", metavar="TIME", help="when, RFC 3339")
    parser.add_argument("--counted", metavar="JSON", help="what rates and budgets have counted, by rule")


def given(options: Namespace) -> dict[str, str]:
    """What was given of an action of one's own, still as text; a time is made a JSON text."""
    found = {"action": options.action}
    found |= {name: value for name in _GIVEN if (value := getattr(options, name)) is not None}
    if "at" in found:
        found["at"] = f'"{found["at"]}"'
    return found
