"""Operators that ask where something lies: addresses, hosts, URLs, networks and paths."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from decisions.engine.conditions import Operand
from decisions.engine.destinations import Domains, domains_and_below, host_of, is_inside, mailbox, own_domains
from decisions.engine.likeness import scalars
from decisions.engine.networks import lies_in, networks_of, parse_address
from decisions.engine.paths import lies_within, path_parts
from decisions.engine.setting import Setting, any_of
from decisions.engine.subject import About, Check

_OfText: TypeAlias = Callable[[str], bool | None]


def _texts(operand: Operand) -> tuple[str, ...]:
    return tuple(str(scalar) for scalar in scalars(operand))


def _of_one_or_many(ask: _OfText) -> Check:
    """Whether `ask` holds of a text, or of one in a list. What names no destination at all is unknown."""

    def of_one(value: object) -> bool | None:
        return ask(value) if isinstance(value, str) and value else None

    def check(value: object, about: About) -> bool | None:
        if not isinstance(value, list):
            return of_one(value)
        about.meter.spend(len(value))
        return any_of(map(of_one, value)) if value else None

    return check


def _of_none(ask: _OfText) -> Check:
    """Whether `ask` holds neither of a text nor of one in a list."""
    some = _of_one_or_many(ask)

    def check(value: object, about: About) -> bool | None:
        result = some(value, about)
        return None if result is None else not result

    return check


def is_external(operand: Operand, setting: Setting) -> Check:
    """`external`."""
    domains, networks = setting.scope.domains, setting.scope.networks

    def is_outside(text: str) -> bool:
        return not is_inside(text, domains=domains, networks=networks)

    return _of_one_or_many(is_outside) if operand is True else _of_none(is_outside)


def is_at_domain(operand: Operand, setting: Setting) -> Check:
    """`domain_in`."""
    domains = own_domains(_texts(operand))
    return _of_none(lambda text: not is_inside(text, domains=domains))


def is_at_blocked_domain(operand: Operand, setting: Setting) -> Check:
    """`domain_blocklist`."""
    domains = domains_and_below(_texts(operand))
    return _of_one_or_many(lambda text: _may_be_at(text, domains=domains))


def _may_be_at(text: str, *, domains: Domains) -> bool:
    host = host_of(text)
    return host is None or domains.contain(host)


def is_mail_address_of(operand: Operand, setting: Setting) -> Check:
    """`email_in`."""
    listed = frozenset(mailbox(text) for text in _texts(operand))

    def is_other(text: str) -> bool | None:
        address = mailbox(text)
        return None if address is None else address not in listed

    return _of_none(is_other)


def is_in_network(operand: Operand, setting: Setting) -> Check:
    """`in_network`."""
    networks = networks_of(_texts(operand))

    def check(value: object, about: About) -> bool | None:
        address = parse_address(value) if isinstance(value, str) else None
        return None if address is None else lies_in(address, networks=networks)

    return check


def is_within_path(operand: Operand, setting: Setting) -> Check:
    """`path_within`."""
    directories = [parts for text in _texts(operand) if (parts := path_parts(text)) is not None]

    def check(value: object, about: About) -> bool | None:
        parts = path_parts(value) if isinstance(value, str) else None
        return None if parts is None else any(lies_within(parts, directory=each) for each in directories)

    return check
