"""Production refuses to start with what would be unsafe, and says all of it at once in sentences."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.e2e.processes import ROOT, environment, run_command

GOOD = {
    "DJANGO_SETTINGS_MODULE": "aarm_site.settings.prod",
    "AARM_SECRET_KEY": "k" * 48,
    "AARM_SIGNING_KEY_FILE": "/nowhere/key.pem",
    "AARM_PAYLOAD_KEY_FILE": "/nowhere/payload_keys",
    "AARM_BASE_URL": "https://aarm.corp.example",
    "DATABASE_URL": "postgresql://aarm@127.0.0.1:1/aarm",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}
SHOW = (
    "import django; django.setup(); from django.conf import settings as s; "
    "print(s.DEBUG, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.ALLOWED_HOSTS, s.AARM_MAY_SEED_DEMO, "
    "getattr(s, 'SECURE_PROXY_SSL_HEADER', None))"
)


def show(**changes: str) -> subprocess.CompletedProcess[str]:
    """Loads the production settings in a process of their own; an empty value unsets."""
    variables = {name: value for name, value in (GOOD | changes).items() if value}
    return subprocess.run(
        [sys.executable, "-c", SHOW],
        cwd=ROOT,
        env=environment(**variables),
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_control_starts_with_safe_settings() -> None:
    done = show()
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "False True True ['aarm.corp.example'] False None"


@pytest.mark.case("OPS-01", "OPS-02")
@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"AARM_DEBUG": "1"}, "AARM_DEBUG is on"),
        ({"AARM_SECRET_KEY": ""}, "AARM_SECRET_KEY is unset"),
        ({"AARM_SECRET_KEY": "short"}, "shorter than 32"),
        ({"DATABASE_URL": ""}, "DATABASE_URL must name a PostgreSQL database"),
        ({"DATABASE_URL": "sqlite:////tmp/aarm.sqlite3"}, "DATABASE_URL must name a PostgreSQL database"),
        ({"REDIS_URL": ""}, "REDIS_URL is unset"),
        ({"AARM_BASE_URL": ""}, "AARM_BASE_URL must start with https://"),
        ({"AARM_BASE_URL": "http://aarm.corp.example"}, "AARM_BASE_URL must start with https://"),
        ({"AARM_SIGNING_KEY_FILE": ""}, "AARM_SIGNING_KEY_FILE is unset"),
        ({"AARM_PAYLOAD_KEY_FILE": ""}, "AARM_PAYLOAD_KEY_FILE is unset"),
    ],
)
def test_an_unsafe_environment_is_refused(changes: dict[str, str], sentence: str) -> None:
    done = show(**changes)
    assert done.returncode != 0
    assert sentence in done.stderr


def test_everything_that_is_wrong_is_said_at_once_and_without_a_traceback() -> None:
    variables = environment(DJANGO_SETTINGS_MODULE="aarm_site.settings.prod", AARM_DEBUG="1")
    done = run_command("doctor", variables=variables)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("AARM Site will not start: ")
    assert all(name in done.stderr for name in ("AARM_DEBUG", "AARM_SECRET_KEY", "DATABASE_URL", "REDIS_URL"))
    assert "Traceback" not in done.stderr


@pytest.mark.case("API-26")
def test_a_forwarded_scheme_counts_only_behind_a_proxy_that_is_named() -> None:
    assert show().stdout.strip().endswith("None")
    assert "('HTTP_X_FORWARDED_PROTO', 'https')" in show(AARM_BEHIND_PROXY="1").stdout


def test_a_secret_may_come_from_a_file(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("secrets") / "key"
    path.write_text("f" * 48 + "\n")
    assert show(AARM_SECRET_KEY="", AARM_SECRET_KEY_FILE=str(path)).returncode == 0


def test_the_demo_is_refused() -> None:
    done = run_command("seed_demo", "--json", variables=environment(**GOOD))
    assert (done.returncode, done.stdout) == (1, "")
    assert "production" in done.stderr
