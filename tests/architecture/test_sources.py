"""What no source may contain, and what each must have."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, Module, modules

PRODUCT = ("aarm_site", "approvals", "decisions", "receipts", "sdk")
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers", "handler", "handlers"}
UNSAFE_IN_TEMPLATES = re.compile(r"\|\s*safe\b|autoescape\s+off|\bsafeseq\b")
UNSAFE_IN_PYTHON = {"mark_safe", "SafeString", "SafeText", "safestring"}
ALLOWED_SKIPS = {
    ("tests/conftest.py", "chromium_path"),
    ("tests/integration/signer_doubles.py", "softhsm_module"),
}


def product() -> tuple[Module, ...]:
    return modules(*(folder for folder in PRODUCT if (ROOT / folder).is_dir()))


def suite() -> tuple[Module, ...]:
    return modules("tests")


def place(module: Module, node: ast.AST) -> str:
    return f"{module.path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"


def functions_of(module: Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(module.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _is_allow(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "ALLOW" and getattr(node.value, "id", "") == "Effective"


def _written(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.AST]:
    """Where the function makes the value, other than to compare something with it."""
    compared = {id(part) for node in ast.walk(function) if isinstance(node, ast.Compare) for part in ast.walk(node)}
    return [node for node in ast.walk(function) if _is_allow(node) and id(node) not in compared]


def test_the_effective_allow_is_written_in_exactly_one_function() -> None:
    # The SDK has its own reading of the server's word; the server's word comes from one place.
    writers = [
        f"{module.name}.{function.name}"
        for module in modules()
        for function in functions_of(module)
        for _ in _written(function)
    ]
    assert writers == ["decisions.engine.verdict.effective"]


def _is_broad(node: ast.AST) -> bool:
    if not isinstance(node, ast.ExceptHandler):
        return False
    caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    return any(item is None or getattr(item, "id", "") in ("Exception", "BaseException") for item in caught)


# The engine's faults become recorded refusals; those of a turn that is shared are met again by each who shared it.
CATCHES_ALL = ["decisions/services/evaluation.py", "decisions/shared_turns.py"]


def test_every_exception_is_caught_only_where_it_is_said_why() -> None:
    broad = [place(module, node) for module in product() for node in ast.walk(module.tree) if _is_broad(node)]
    assert sorted(item.rpartition(":")[0] for item in broad) == CATCHES_ALL


def test_no_template_or_source_switches_escaping_off() -> None:
    files = sorted(path for folder in ("templates", *PRODUCT) for path in (ROOT / folder).rglob("*.html"))
    assert files
    unsafe = [str(path.relative_to(ROOT)) for path in files if UNSAFE_IN_TEMPLATES.search(path.read_text("utf-8"))]
    named = [
        place(module, node)
        for module in product()
        for node in ast.walk(module.tree)
        if {getattr(node, "id", ""), getattr(node, "attr", ""), getattr(node, "name", "")} & UNSAFE_IN_PYTHON
    ]
    assert (unsafe, named) == ([], [])


def test_no_module_has_a_name_that_says_nothing() -> None:
    found = [module.name for module in (*product(), *suite()) if FORBIDDEN_NAMES & set(module.name.split("."))]
    assert found == []


def _arguments(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.arg]:
    given = function.args
    every = [*given.posonlyargs, *given.args, *given.kwonlyargs, *filter(None, [given.vararg, given.kwarg])]
    return [argument for argument in every if argument.arg not in ("self", "cls")]


def test_every_function_is_annotated() -> None:
    bare = [
        f"{place(module, function)} {function.name}"
        for module in (*product(), *suite())
        for function in functions_of(module)
        if function.returns is None or any(argument.annotation is None for argument in _arguments(function))
    ]
    assert bare == []


def test_every_module_says_what_it_is() -> None:
    silent = [module.name for module in product() if module.text.strip() and ast.get_docstring(module.tree) is None]
    assert silent == []


def _skips(module: Module) -> Iterator[str]:
    for function in functions_of(module):
        if (module.path.relative_to(ROOT).as_posix(), function.name) in ALLOWED_SKIPS:
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Attribute) and node.attr in {"skip", "skipif", "xfail", "importorskip"}:
                yield place(module, node)


def test_no_test_is_skipped_or_expected_to_fail() -> None:
    # The exceptions say in one line that no browser or key module is installed, and the gate forbids both.
    assert [item for module in suite() for item in _skips(module)] == []


def _is_sleep(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and node.attr == "sleep"
        and getattr(node.value, "id", "") in ("time", "asyncio")
    )


def test_no_test_sleeps_to_wait_for_something() -> None:
    asleep = [place(module, node) for module in suite() for node in ast.walk(module.tree) if _is_sleep(node)]
    assert asleep == []


def test_no_source_leaves_work_for_later() -> None:
    mark = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3)) + r")\b")
    assert [module.name for module in (*product(), *suite()) if mark.search(module.text)] == []


@pytest.mark.django_db
def test_no_model_changed_without_a_migration() -> None:
    from django.core.management import call_command

    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_the_checks_look_at_real_files() -> None:
    assert Path(ROOT / "manage.py").is_file()
    assert len(product()) > 30
