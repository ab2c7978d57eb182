"""`python -m examples.demo_agent --folder FOLDER --mail-server HOST:PORT`, with AARM_URL, AARM_KEY and AARM_HOST_KEY.

Exit codes: 0 the story was told to its end; 1 the server could not be asked; 130 stopped by the keyboard.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import httpx
from examples.demo_agent.office import Office
from examples.demo_agent.proof import save_receipts
from examples.demo_agent.story import REQUEST, Story, steps_of
from examples.demo_agent.terminal import Terminal, terminal_on

from aarm import AarmError, Client, Guard, RefusedError

HUMAN = "alice@corp.example"
STOPPED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Plays the agent and the application that hosts it."""
    parser = argparse.ArgumentParser(prog="python -m examples.demo_agent", description="An agent with a guard.")
    parser.add_argument("--folder", type=Path, required=True, help="where its files and its customer table are made")
    parser.add_argument("--mail-server", default="127.0.0.1:1025", metavar="HOST:PORT")
    parser.add_argument("--agent", default="demo-agent", help="the agent that AARM_KEY belongs to")
    options = parser.parse_args(argv)
    terminal = terminal_on(sys.stdout)
    try:
        with Client() as client:
            tell_all(client, options=options, terminal=terminal)
    except KeyboardInterrupt:
        terminal.say("\nStopped. What wasn't allowed until now won't run.")
        return STOPPED
    except (AarmError, httpx.HTTPError) as error:
        terminal.say(f"\nThe demo can't go on: {error}", look="red")
        if isinstance(error, RefusedError) and error.status == httpx.codes.UNAUTHORIZED:
            terminal.say("Is AARM_DATA_DIR here the one that the server was started with?")
        return 1
    return 0


def tell_all(client: Client, *, options: argparse.Namespace, terminal: Terminal) -> None:
    """The host opens a session with what Alice asked for; the agent works inside it."""
    office = Office(options.folder, mail_server=options.mail_server)
    office.furnish()
    story = Story(terminal)
    guard = Guard(client, on_pending=story.tell_waiting)
    steps = steps_of(guard, office=office, story=story)
    terminal.say(f"{HUMAN} asks {options.agent}:", look="dim")
    terminal.say(f"  “{REQUEST}”", look="bold")
    host_key = os.environ.get("AARM_HOST_KEY")
    with guard.session(host_key=host_key, human=HUMAN, agent=options.agent, request=REQUEST) as session:
        for number, step in enumerate(steps, start=1):
            story.tell(step, place=f"{number}/{len(steps)}")
    conclude(client, session_id=session.session_id, folder=options.folder, terminal=terminal)


def conclude(client: Client, *, session_id: str, folder: Path, terminal: Terminal) -> None:
    """Leaves the proof with the person, and says how to check it without trusting anybody here."""
    path = folder / "receipts.jsonl"
    count = save_receipts(client, session_id=session_id, path=path)
    terminal.say(f"\nWhat was asked, answered, approved and done is in {count} signed receipts.", look="bold")
    terminal.say(f"See them:    {client.address.url}/receipts?session={session_id}")
    terminal.say("Verify them offline; the server need not run:")
    terminal.say("  ./run keys export > keys.json")
    terminal.say(f"  ./run -m receipts.signing verify --keys keys.json {shown(path)}")


def shown(path: Path) -> str:
    """The path as it can be typed here."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


if __name__ == "__main__":
    sys.exit(main())
