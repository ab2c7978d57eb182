"""verify.html: the verifier's modules, its style and its page in one file, which needs no network and no server.

The modules are kept apart in functions, and what they import from each other is handed over by name; nothing else is
changed. The page's own policy allows exactly this script and this style, by their hashes, and no connection at all.
"""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

STATIC = Path(__file__).parent / "static"
SOURCES = STATIC / "js" / "verify"
TARGET = STATIC / "verify.html"
ENTRY = "page.js"

_IMPORT = re.compile(
    r'^import (?:\* as (?P<whole>\w+)|(?P<names>\{[^}]*\})) from "\./(?P<module>[\w.]+)";\n', re.MULTILINE
)
_EXPORT = re.compile(r"^export ((?:async )?(?:function|class|const) (\w+))", re.MULTILINE)
_POLICY = "script-src 'self'; style-src 'self'"
_STYLE = '<link rel="stylesheet" href="page.css">'
_SCRIPT = '<script type="module" src="page.js"></script>'


def verify_page() -> str:
    """The text of the file; the same sources always give the same."""
    style = (SOURCES / "page.css").read_text("utf-8")
    script = _bundled()
    page = (SOURCES / "page.html").read_text("utf-8")
    policy = f"script-src '{_hashed(script)}'; style-src '{_hashed(style)}'"
    for old, new in (
        (_POLICY, policy),
        (_STYLE, f"<style>{style}</style>"),
        (_SCRIPT, f'<script type="module">{script}</script>'),
    ):
        before, found, after = page.partition(old)
        assert found, f"page.html lacks {old}"
        page = before + new + after
    return page


def _hashed(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _bundled() -> str:
    return "const modules = {};\n" + "".join(_wrapped(name) for name in _in_order(ENTRY, found=[]))


def _in_order(name: str, *, found: list[str]) -> list[str]:
    """A module after all that it imports, each once."""
    for match in _IMPORT.finditer(_source(name)):
        if match["module"] not in found:
            _in_order(match["module"], found=found)
    found.append(name)
    return found


def _source(name: str) -> str:
    return (SOURCES / name).read_text("utf-8")


def _wrapped(name: str) -> str:
    source = _source(name)
    names = [match[2] for match in _EXPORT.finditer(source)]
    body = _EXPORT.sub(r"\1", _IMPORT.sub(_handed_over, source))
    return f'\nmodules["{name}"] = (() => {{\n{body}return {{ {", ".join(names)} }};\n}})();\n'


def _handed_over(match: re.Match[str]) -> str:
    return f'const {match["whole"] or match["names"]} = modules["{match["module"]}"];\n'
