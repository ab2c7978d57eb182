"""Everything that the environment may say, read once and typed. Any secret may also come from `NAME_FILE`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ROOT = Path(__file__).resolve().parents[2]


class Environment(BaseSettings):
    """The variables of `docs/operations.md`; `AARM_` is their prefix unless an alias is given."""

    model_config = SettingsConfigDict(env_prefix="AARM_", extra="ignore")

    data_dir: Path = ROOT / "var"
    host: str = "127.0.0.1"
    port: int = 8000
    base_url: str = ""
    allowed_hosts: Annotated[str, NoDecode] = ""
    secret_key: str = ""
    # Earlier ones, with commas: what they sealed still counts, and nothing new is sealed with them.
    secret_key_fallbacks: str = ""
    signing_key_file: Path | None = None
    # Another place for the signing keys than files, and the passphrase or PIN that opens it.
    signer: str = ""
    signer_passphrase: str = ""
    # What unwraps the keys of stored values; processes of one installation share it.
    payload_key_file: Path | None = None
    # After how many full months stored values are destroyed; 0 keeps them.
    payload_retention_months: int = Field(default=13, ge=0, le=1200)
    # The same for those of actions that never ran, because they were denied or nobody claimed them; 0: no sooner.
    denied_retention_months: int = Field(default=6, ge=0, le=1200)
    deployment: str = "aarm"
    environment: str = "LIVE"
    debug: bool = False
    tier: Literal["all", "decide"] = "all"
    # A proxy in front sets X-Forwarded-Proto and strips what clients send under that name.
    behind_proxy: bool = False
    database_url: str = Field(default="", validation_alias=AliasChoices("DATABASE_URL"))
    migration_database_url: str = ""
    redis_url: str = Field(default="", validation_alias=AliasChoices("REDIS_URL"))
    max_body_bytes: int = 1024 * 1024
    claim_lease_seconds: int = 300
    claim_window_seconds: int = 1800
    # How long an approval can be taken back before the agent is told, where the policy doesn't say.
    hold_seconds: int = Field(default=5, ge=0, le=30)
    # How often an action may be turned down before the same is refused at once, and for how long other sessions of the
    # same agent and human remember it.
    turned_down_limit: int = Field(default=2, ge=1)
    turned_down_seconds: int = Field(default=86400, ge=0)
    # How many actions of a session, and of an agent, may wait for people at one time.
    waiting_per_session: int = Field(default=100, ge=1)
    waiting_per_agent: int = Field(default=1000, ge=1)
    # After how many denials by reviewers, one after the other or altogether, a session is stopped.
    denials_in_a_row: int = Field(default=3, ge=1)
    denials_in_session: int = Field(default=20, ge=1)
    # How deep sessions hand parts of their tasks on, and to how many children each.
    session_depth: int = Field(default=4, ge=0)
    session_children: int = Field(default=32, ge=0)
    # A session in which nothing happens for so long ends by itself.
    session_idle_seconds: int = Field(default=86400, ge=60)
    # For how long after its last entry a session hands its labels and taint to new ones of the same agent and human.
    taint_carry_seconds: int = Field(default=3600, ge=0)
    # How far a session may go from its request before it counts as drift, where its agent's profile doesn't say.
    drift_threshold: float = Field(default=0.7, ge=0, le=1)
    # The log: how long a receipt waits for a checkpoint, how long a quiet log is silent, and where copies go.
    checkpoint_seconds: int = Field(default=10, ge=1)
    checkpoint_idle_seconds: int = Field(default=600, ge=1)
    checkpoint_dir: Path | None = None
    anchors: str = ""
    # How many stored receipts the background verifier looks at every ten seconds.
    log_check_receipts: int = Field(default=2000, ge=1)
    # How many entries of sessions it looks at every five seconds, of open and of ended ones each.
    context_check_entries: int = Field(default=5000, ge=1)
    # Where finished exports lie; web processes and workers must share it.
    export_dir: Path | None = None
    # How many hops lead from a human to an agent at most, and to how many agents one party may delegate at one time.
    delegation_hops: int = Field(default=3, ge=1)
    delegation_fan_out: int = Field(default=16, ge=1)
    # Identity providers that people may sign in with.
    sso_file: Path | None = None
    # For issuers that are asked about tokens: {"issuer's name": "secret"}.
    introspection_secrets: dict[str, str] = Field(default_factory=dict)
    # Publishing a policy then takes a second person.
    policy_four_eyes: bool = False

    @property
    def is_embedded(self) -> bool:
        """True where no database was named: SQLite and in-memory broker, one process."""
        return not self.database_url

    @property
    def old_secret_keys(self) -> list[str]:
        """Secret keys that were replaced."""
        return [*filter(None, self.secret_key_fallbacks.split(","))]

    @property
    def own_base_url(self) -> str:
        """The address that people reach; links in answers start with it."""
        return (self.base_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def signing_key_path(self) -> Path:
        """Where the signing key's PEM lies."""
        return self.signing_key_file or self.data_dir / "signing_key.pem"

    @property
    def payload_key_path(self) -> Path:
        """Where the keys lie that unwrap the keys of stored values."""
        return self.payload_key_file or self.data_dir / "payload_keys"

    @property
    def checkpoint_sinks(self) -> list[str]:
        """The places outside the database that are given copies of checkpoints, as URIs; the folder comes first."""
        folder = self.checkpoint_dir or self.data_dir / "checkpoints"
        return [f"dir:{folder.absolute()}", *filter(None, self.anchors.split(","))]


def _from_files() -> dict[str, str]:
    """Values of `NAME_FILE` variables, for the names that this product reads."""
    names = {f"AARM_{name.upper()}": name for name in Environment.model_fields}
    names |= {"DATABASE_URL": "DATABASE_URL", "REDIS_URL": "REDIS_URL"}
    found: dict[str, str] = {}
    for variable, field in names.items():
        path = os.environ.get(f"{variable}_FILE")
        # AARM_SIGNING_KEY_FILE is itself a setting, not the file variant of one.
        if path and variable != "AARM_SIGNING_KEY" and variable not in os.environ:
            found[field] = Path(path).read_text(encoding="utf-8").strip()
    return found


def read_environment() -> Environment:
    """The environment as it is now."""
    return Environment(**_from_files())  # type: ignore[arg-type]  # pydantic coerces the strings
