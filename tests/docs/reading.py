"""The documents as tests read them: links, fenced blocks and tables. Nothing renders Markdown here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_NOT_IN_ANCHORS = re.compile(r"[^\w\- ]")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: what stands behind the fence, its text, and where it begins."""

    info: str
    text: str
    place: str


@dataclass(frozen=True, slots=True)
class Page:
    """One Markdown file."""

    path: Path
    text: str

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @property
    def prose(self) -> str:
        """The page without its fenced blocks."""
        return _FENCE.sub("", self.text)

    @property
    def links(self) -> list[str]:
        """Targets of links and pictures, as written."""
        return _LINK.findall(self.prose)

    @property
    def code(self) -> list[str]:
        """What stands between single backticks."""
        return _CODE.findall(self.prose)

    @property
    def anchors(self) -> set[str]:
        """What a link to one of the page's headings ends with."""
        return {_NOT_IN_ANCHORS.sub("", heading.lower()).replace(" ", "-") for heading in _HEADING.findall(self.prose)}

    def blocks(self, language: str) -> Iterator[Block]:
        """Fenced blocks of a language, whatever else stands behind the fence."""
        for match in _FENCE.finditer(self.text):
            if match[1].split()[:1] == [language]:
                line = self.text.count("\n", 0, match.start()) + 1
                yield Block(info=match[1], text=match[2], place=f"{self.name}:{line}")

    def table(self, heading: str) -> list[list[str]]:
        """The rows below the header of the table whose first column has this heading."""
        lines = self.text.splitlines()
        start = next(number for number, line in enumerate(lines) if line.startswith(f"| {heading} |"))
        rows = []
        for line in lines[start + 2 :]:
            if not line.startswith("|"):
                break
            rows.append([cell.strip() for cell in line.strip().strip("|").split(" | ")])
        return rows


@cache
def page(name: str) -> Page:
    """The page at this path below the repository's root."""
    path = ROOT / name
    return Page(path=path, text=path.read_text("utf-8"))


@cache
def pages() -> tuple[Page, ...]:
    """Every page that people are sent to."""
    paths = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("sdk/*.md")]
    return tuple(page(path.relative_to(ROOT).as_posix()) for path in sorted(paths))
