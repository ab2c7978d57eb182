"""What comparisons depend on beside the evaluation: whose word counts, and what the policy says about the world."""

from __future__ import annotations

from dataclasses import dataclass

from decisions.engine.catalogue import EMPTY_CATALOGUE, Catalogue
from decisions.engine.context import Trust
from decisions.engine.destinations import Domains, own_domains
from decisions.engine.levels import STANDARD_LEVELS, Levels
from decisions.engine.networks import Network

NO_DOMAINS = own_domains(())


@dataclass(frozen=True, slots=True)
class Scope:
    """What the comparisons of one rule have in common: the trust that it demands and its policy's own words."""

    trust: Trust = Trust.ATTESTED
    domains: Domains = NO_DOMAINS
    networks: tuple[Network, ...] = ()
    levels: Levels = STANDARD_LEVELS
    catalogue: Catalogue = EMPTY_CATALOGUE
    rule_id: str = ""
