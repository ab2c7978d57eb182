"""Who may import whom (docs/architecture.md), as an executable rule."""

from __future__ import annotations

import ast
import sys

import pytest

from tests.architecture.source import APPS, PURE, Import, Module, all_imports, imports_of, is_within, modules

# Lower apps last; an import across apps goes to the right only.
ORDER = {app: position for position, app in enumerate(APPS)}

# What another app may reach: services, reads, signals, live push, and what is pure.
SHARED_PARTS = {"services", "selectors", "signals", "realtime"}
# Plain values and the two seams that everything above needs. Each entry is a decision, not a default.
SHARED_MODULES = {
    "receipts": {
        "access",
        "clock",
        "durability",
        "erasers",
        "identifiers",
        "ledgers",
        "ports",
        "problems",
        "protection",
        "readonly",
        "reads",
        "requests",
        "rows",
        "short_memory",
    },
    "approvals": {"ports"},
    "decisions": set[str](),
}
# The wiring: addresses are collected from the apps by the project alone.
WIRED_PARTS = {"routing", "urls"}

# Within an app an import goes down or stays level. A module that isn't listed has no place yet: give it one.
LAYERS = {
    0: {
        "clock",
        "driver",
        "durability",
        "engine",
        "identifiers",
        "intake",
        "lifecycle",
        "master_keys",
        "pattern_indexes",
        "problems",
        "protection",
        "reads",
        "rows",
        "sealing",
        "shared_turns",
        "short_memory",
        "signers",
        "signing",
        "words",
    },
    1: {"models", "subjects", "watching"},
    2: {
        "access",
        "anchors",
        "erasers",
        "exporters",
        "ledgers",
        "notifiers",
        "ports",
        "readonly",
        "realtime",
        "selectors",
        "signals",
    },
    3: {"services"},
    4: {"answers", "pages", "receivers", "requests", "tasks"},
    5: {"accounts", "api", "consumers", "forms", "integrations", "templatetags", "views", "waiting"},
    6: {"admin", "apps", "checks", "management", "routing", "urls"},
}
LAYER_OF = {part: layer for layer, parts in LAYERS.items() for part in parts}

FRAMEWORKS = ("django", "rest_framework", "channels", "celery", "redis", "slack_sdk", "structlog", "httpx")
# Clocks, randomness, input and output. A command line is the edge of its package and may read files and exit.
IMPURE = {
    "asyncio", "http", "io", "logging", "multiprocessing", "os", "pathlib", "random", "secrets", "select", "shutil",
    "signal", "socket", "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading", "time", "uuid",
}  # fmt: skip
# A buffer in memory reads and writes nothing outside.
PURE_MEMBERS = {"io.BytesIO"}
PURE_LIBRARIES = {"re2", "rfc3161_client", "rfc8785", "ruamel", "pydantic", "phonenumbers"}
# What agents send is read into the engine's own words, and put to it: the one pure package that knows another.
PURE_BELOW = {"decisions.intake": "decisions.engine"}
COMMAND_LINE = (
    "receipts.signing.__main__", "receipts.signing.archive", "receipts.signing.exported", "receipts.signing.files",
)  # fmt: skip

PLACES = {
    "slack_sdk": ("approvals.integrations.slack",),
    "channels": (
        "aarm_site.asgi", "approvals.consumers", "approvals.routing", "approvals.realtime",
        "decisions.consumers", "decisions.routing", "decisions.realtime",
    ),
    "joserfc": ("decisions.services.tokens",),
    "celery": ("aarm_site.celery", "approvals.tasks", "decisions.tasks", "receipts.tasks"),
    # The library of time stamps takes certificates as this one reads them. Sealing is no part of what verifiers ship.
    "cryptography": (
        "receipts.signing", "receipts.sealing", "receipts.anchors.timestamp", "approvals.accounts.vault",
        "approvals.services.software_keys",
    ),
    "allauth": (
        "aarm_site.decide_tier", "approvals.accounts", "approvals.admin", "approvals.services.passkeys",
        "approvals.services.pseudonyms",
        "approvals.services.software_keys", "approvals.urls", "approvals.views",
    ),
    # The offline verifier does without it until somebody asks about a time stamp.
    "rfc3161_client": ("receipts.anchors.timestamp", "receipts.signing.stamps"),
    "fido2": ("approvals.services.passkeys", "approvals.services.software_keys"),
    "boto3": ("receipts.anchors.s3", "receipts.signers.awskms"),
    "pkcs11": ("receipts.signers.pkcs11",),
}  # fmt: skip


def own_imports() -> list[Import]:
    return [found for found in all_imports() if found.target.split(".")[0] in ORDER]


def report(found: list[Import]) -> list[str]:
    return sorted({str(item) for item in found})


def target_part(item: Import) -> str:
    return item.target.split(".")[1] if "." in item.target else ""


def test_there_is_something_to_check() -> None:
    assert {module.app for module in modules()} == set(APPS)
    assert len(own_imports()) > 50


def test_no_app_imports_from_an_app_above_it() -> None:
    upward = [item for item in own_imports() if ORDER[item.target.split(".")[0]] < ORDER[item.importer.app]]
    assert report(upward) == []


def _may_cross(item: Import) -> bool:
    app, part = item.target.split(".")[0], target_part(item)
    is_open = part in SHARED_PARTS or part in SHARED_MODULES.get(app, set()) or is_within(item.target, PURE)
    return is_open or (item.importer.app == "aarm_site" and part in WIRED_PARTS)


def test_another_app_is_reached_only_by_its_services_reads_signals_and_pure_packages() -> None:
    across = [item for item in own_imports() if item.target.split(".")[0] != item.importer.app]
    assert report([item for item in across if not _may_cross(item)]) == []


def test_within_an_app_imports_go_down_the_layers() -> None:
    inside = [item for item in own_imports() if item.target.split(".")[0] == item.importer.app != "aarm_site"]
    upward = [item for item in inside if LAYER_OF[target_part(item)] > LAYER_OF[item.importer.part]]
    assert report(upward) == []


def test_every_module_has_a_layer() -> None:
    parts = {(module.app, module.part) for module in modules() if module.app != "aarm_site" and module.part}
    assert sorted(f"{app}.{part}" for app, part in parts if part not in LAYER_OF) == []


def pure_modules() -> list[Module]:
    return [module for module in modules() if is_within(module.name, PURE)]


def _is_pure_import(item: Import) -> bool:
    first = item.target.split(".")[0]
    home = ".".join(item.importer.name.split(".")[:2])
    if first in sys.stdlib_module_names:
        return first not in IMPURE or item.target in PURE_MEMBERS or item.importer.name in COMMAND_LINE
    if first == "cryptography":
        return home == "receipts.signing"
    own = (home, PURE_BELOW.get(home, home), "receipts.signing.canonical")
    return first in PURE_LIBRARIES or any(map(item.is_of, own))


def test_pure_packages_import_the_standard_library_themselves_and_pure_libraries() -> None:
    impure = [item for module in pure_modules() for item in imports_of(module) if not _is_pure_import(item)]
    assert report(impure) == []


@pytest.mark.parametrize("name", ["now", "utcnow", "today", "open", "print", "input"])
def test_pure_packages_read_no_clock_and_do_no_input_or_output(name: str) -> None:
    calls = [
        f"{module.name}:{node.lineno}"
        for module in pure_modules()
        if module.name not in COMMAND_LINE
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and name in (getattr(node.func, "id", ""), getattr(node.func, "attr", ""))
    ]
    assert calls == []


def test_the_offline_verifier_needs_no_framework() -> None:
    needs = [item for module in modules("receipts/signing") for item in imports_of(module)]
    assert report([item for item in needs if item.target.split(".")[0] in FRAMEWORKS]) == []


@pytest.mark.parametrize("library", sorted(PLACES))
def test_a_library_is_imported_only_in_its_place(library: str) -> None:
    elsewhere = [
        item for item in all_imports() if item.is_of(library) and not is_within(item.importer.name, PLACES[library])
    ]
    assert report(elsewhere) == []


def _inner_imports(module: Module) -> list[str]:
    functions = [node for node in ast.walk(module.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [
        f"{module.name}:{node.lineno}"
        for function in functions
        if not (module.part == "apps" and function.name == "ready")
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]


def test_no_import_hides_in_a_function_to_break_a_cycle() -> None:
    # Django loads models between importing an app's configuration and calling its `ready`.
    assert [place for module in modules() for place in _inner_imports(module)] == []


def test_the_rules_would_notice_a_violation() -> None:
    importer = next(module for module in modules() if module.name == "receipts.services.issuing")
    upward = Import(importer=importer, target="decisions.models.Decision", line=1)
    assert ORDER["decisions"] < ORDER[upward.importer.app]
    assert not _may_cross(upward)
    pure = next(module for module in modules() if module.name == "decisions.engine.verdict")
    assert not _is_pure_import(Import(importer=pure, target="django.db.models", line=1))
    assert not _is_pure_import(Import(importer=pure, target="time.time", line=1))
    assert _is_pure_import(Import(importer=pure, target="receipts.signing.canonical.load_strict", line=1))
