"""The demo's people, agents, tools and policy. Run again it adds; nothing that it gave out before stops working."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.db import transaction

from approvals.services.administration import record_difference, told_values
from approvals.services.people import Person, Role, create_person, role_group
from approvals.services.software_keys import SoftwareKey, give_software_key
from decisions.models import ActivePolicy, PolicyVersion, Tool
from decisions.services.packs import pack_named
from decisions.services.policies import publish_policy
from decisions.services.registration import Registered, register_agent, register_host

DOMAIN = "corp.example"
HUMAN = f"alice@{DOMAIN}"
POLICY = "demo"
HOST = "demo-host"
AGENTS = ("demo-agent", "other-agent")
# For the keys that one run of `./run demo` uses; whoever is called away in between still finds them valid.
RUN = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Part:
    """One of the demo's people. None of them is the person that the agents act for."""

    username: str
    role: Role
    teams: tuple[str, ...] = ()


CAST = (
    Part("bob", Role.REVIEWER, ("security-team",)),
    Part("carol", Role.REVIEWER, ("security-team",)),
    Part("dave", Role.REVIEWER, ("data-owner",)),
    Part("erin", Role.REVIEWER, ("data-owner",)),
    Part("victor", Role.AUDITOR),
    Part("peggy", Role.POLICY_AUTHOR),
    Part("trent", Role.ADMIN),
)

# Tool, operation, effect, and what approving it permits, in the organisation's words.
CATALOGUE = (
    ("email", "send", "egress", "Sends an e-mail to {to}. It can't be called back."),
    ("database", "query", "read", "Reads rows of the table {table}."),
    ("database", "delete", "write", "Deletes rows of the table {table} for good."),
    ("database", "drop", "write", "Removes the table {table} with everything in it."),
    ("credentials", "rotate", "write", "Replaces a credential; whatever still uses the old one stops working."),
    ("calendar", "create", "write", "Puts an event into a calendar that other people see."),
    ("files", "read", "read", "Reads the file {name}."),
    ("files", "delete", "write", "Deletes the file {name} for good."),
)


@dataclass(frozen=True, slots=True)
class IssuedUser:
    """A person, and the password and for reviewers the passkey that were made for them just now."""

    username: str
    password: str
    roles: tuple[str, ...]
    groups: tuple[str, ...]
    passkey: SoftwareKey | None = None


@dataclass(frozen=True, slots=True)
class Seeded:
    """What a script needs to play every part of the demo."""

    host_key: str
    agents: tuple[Registered, ...]
    users: tuple[IssuedUser, ...]
    policy: PolicyVersion


def seed_demo() -> Seeded:
    """Creates people, agents, keys and catalogue and activates the demo policy, all or nothing."""
    # Hashing takes seconds; done before the transaction it keeps no server waiting for the database.
    passwords = [secrets.token_hex(12) for _ in CAST]
    hashes = [make_password(password) for password in passwords]
    with transaction.atomic():
        suffix = _free_suffix()
        users = tuple(
            _cast(part, suffix=suffix, password=password, hashed=hashed)
            for part, password, hashed in zip(CAST, passwords, hashes, strict=True)
        )
        describe_tools()
        return Seeded(
            host_key=register_host(name=HOST).key,
            agents=tuple(register_agent(name=name) for name in AGENTS),
            users=users,
            policy=_activated_policy(),
        )


def describe_tools() -> None:
    """Puts the demo's tools into the catalogue. What the organisation has said of them already stays."""
    with transaction.atomic():
        for tool, operation, effect, consequence in CATALOGUE:
            found, is_new = Tool.objects.get_or_create(
                tool=tool, operation=operation, defaults={"effect": effect, "registered_by": "demo"}
            )
            before = None if is_new else told_values(found)
            found.consequence = found.consequence or consequence
            found.save(update_fields=["consequence"])
            record_difference(found, before=before, actor=None)


def register_run() -> tuple[Registered, Registered]:
    """The demo's agent and its host with keys for one run, which expire by themselves, and the tools described."""
    with transaction.atomic():
        describe_tools()
        return register_agent(name=AGENTS[0], valid_for=RUN), register_host(name=HOST, valid_for=RUN)


def _free_suffix() -> str:
    """Empty on the first run, later the lowest number with which none of the names is taken."""
    # Two runs at once would otherwise hand out the same names, and one of them dead passwords.
    Group.objects.select_for_update().get(pk=role_group(Role.REVIEWER).pk)
    taken = {name.casefold() for name in Person.objects.values_list("username", flat=True)}
    number = 1
    while taken & {part.username + _shown(number) for part in CAST}:
        number += 1
    return _shown(number)


def _shown(number: int) -> str:
    return "" if number == 1 else str(number)


def _cast(part: Part, *, suffix: str, password: str, hashed: str) -> IssuedUser:
    username = part.username + suffix
    user = create_person(username=username, email=f"{username}@{DOMAIN}", roles=(part.role,), teams=part.teams)
    user.password = hashed
    user.save(update_fields=["password"])
    key = give_software_key(user) if part.role is Role.REVIEWER else None
    return IssuedUser(username=username, password=password, roles=(part.role.value,), groups=part.teams, passkey=key)


def _activated_policy() -> PolicyVersion:
    """The demo policy as the active version; one that is active already is not published again."""
    pack = pack_named(POLICY)
    active = ActivePolicy.objects.select_related("version").first()
    if active is not None and active.version.text == pack.text:
        return active.version
    return publish_policy(text=pack.text, source=pack.source, actor=None)
