"""`aarm replay FILE` and `aarm version`.

Exit codes: 0 done; 1 done, but some steps got no usable answer; 2 it could not be done.
"""

from __future__ import annotations

import argparse
import dataclasses
import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from aarm import __version__
from aarm.client import Client
from aarm.errors import AarmError, ConfigurationError
from aarm.replay import Setting, TraceResult, register_catalogue, replay_trace
from aarm.table import Tally, neutral, summary_lines, trace_lines
from aarm.traces import catalogue_of, read_traces


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    options = _parser().parse_args(argv)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that lacks a character must not stop the run half-way.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        command: Callable[[argparse.Namespace], int] = options.command
        return command(options)
    except AarmError as error:
        print(f"aarm: {neutral(str(error), width=1000)}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="aarm", description="Ask AARM before acting.")
    commands = parser.add_subparsers(required=True)
    version = commands.add_parser("version", help="print the version")
    version.set_defaults(command=_version)
    replay = commands.add_parser("replay", help="send recorded traces through a running server")
    replay.set_defaults(command=_replay)
    replay.add_argument("file", type=Path, metavar="FILE", help="traces, one JSON object a line (.jsonl or .jsonl.gz)")
    replay.add_argument("--url", help="the server (default: AARM_URL)")
    replay.add_argument("--host-key", default=os.environ.get("AARM_HOST_KEY"), help="default: AARM_HOST_KEY")
    replay.add_argument("--agent-key", help="default: AARM_KEY")
    replay.add_argument("--agent", default="demo-agent", help="id or name of the agent whose key it is")
    replay.add_argument("--human", default="replay@corp.example", help="whom the sessions are opened for")
    replay.add_argument("--limit", type=_count, metavar="N", help="only the first N traces")
    replay.add_argument("--json", action="store_true", help="one JSON object a trace, then one with the counts")
    replay.add_argument(
        "--cancel-pending",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="withdraw what waits for a person, so that queues do not fill",
    )
    return parser


def _count(text: str) -> int:
    """An argparse type: a number of traces."""
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError("must be a whole number")
    return int(text)


def _version(_options: argparse.Namespace) -> int:
    print(__version__)
    return 0


def _replay(options: argparse.Namespace) -> int:
    path: Path = options.file
    if not options.host_key:
        raise ConfigurationError("There is no host key.", fix="Pass --host-key or set AARM_HOST_KEY.")
    tools = catalogue_of(read_traces(path, limit=options.limit), folder=path.resolve().parent)
    effects = {str(tool["name"]): str(tool["effect"]) for tool in tools}
    tally = Tally()
    with Client(options.url, options.host_key) as host, Client(options.url, options.agent_key) as agent:
        for kept in register_catalogue(host, tools=tools):
            print(f"aarm: {neutral(kept, width=300)}", file=sys.stderr)
        setting = Setting(
            host=host,
            agent=agent,
            human=options.human,
            agent_name=options.agent,
            is_cancelling=options.cancel_pending,
            effects=effects,
        )
        for trace in read_traces(path, limit=options.limit):
            result = replay_trace(trace, setting=setting)
            tally.add(result)
            _show(result, is_json=options.json)
    _show_summary(tally, is_json=options.json)
    return 1 if tally.errors else 0


def _show(result: TraceResult, *, is_json: bool) -> None:
    lines = [json.dumps(dataclasses.asdict(result))] if is_json else trace_lines(result)
    print(*lines, sep="\n", flush=True)


def _show_summary(tally: Tally, *, is_json: bool) -> None:
    lines = [json.dumps(tally.as_json())] if is_json else summary_lines(tally)
    print(*lines, sep="\n")


if __name__ == "__main__":
    sys.exit(main())
