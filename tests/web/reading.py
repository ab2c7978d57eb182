"""Reading a page as a browser would: elements, their attributes and the text in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from django.test import Client

from approvals.models import ApprovalRequest, User
from approvals.selectors.friction import confirm_field, expected_target, needs_reason
from tests.factories import REASON

# The test client's answer has members that no class names.
Reply = Any
INLINE = frozenset({"a", "abbr", "bdi", "code", "del", "em", "ins", "kbd", "span", "strong", "svg", "time", "use"})
VOID = frozenset({"area", "base", "br", "hr", "img", "input", "link", "meta", "source", "use", "wbr"})


@dataclass(slots=True)
class Element:
    """An element with everything inside it."""

    tag: str
    attributes: dict[str, str]
    children: list[Element | str] = field(default_factory=list)

    @property
    def classes(self) -> set[str]:
        return set(self.attributes.get("class", "").split())

    def walk(self) -> Iterator[Element]:
        """Itself and all elements inside it, in the order of the page."""
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child.walk()

    def all(self, wanted: Callable[[Element], bool]) -> list[Element]:
        return [element for element in self.walk() if wanted(element)]

    def tagged(self, tag: str) -> list[Element]:
        return self.all(lambda element: element.tag == tag)

    def of_class(self, name: str) -> list[Element]:
        return self.all(lambda element: name in element.classes)

    def by_id(self, name: str) -> Element:
        (found,) = self.all(lambda element: element.attributes.get("id") == name)
        return found

    def revs(self) -> dict[str, str]:
        """The parts that change by themselves, with what tells two states of one apart."""
        parts = self.all(lambda element: "data-rev" in element.attributes)
        return {part.attributes["id"]: part.attributes["data-rev"] for part in parts}

    @property
    def raw_text(self) -> str:
        """The characters as they are, with a blank around what is not a part of its line."""
        inside = "".join(child if isinstance(child, str) else child.raw_text for child in self.children)
        return inside if self.tag in INLINE else f" {inside} "

    @property
    def text(self) -> str:
        """The characters with runs of blanks as one."""
        return " ".join(self.raw_text.split())


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("document", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def read(reply: Reply) -> Element:
    """The page of an answer; elements that don't nest fail."""
    builder = _Builder()
    builder.feed(reply.content.decode())
    builder.close()
    assert [element.tag for element in builder.open] == ["document"]
    return builder.root


def signed_in(person: User, **options: Any) -> Client:
    """A browser in which `person` is signed in."""
    client = Client(**options)
    client.force_login(person)
    return client


def ballot(approval: ApprovalRequest, **words: str) -> dict[str, str]:
    """The fields that the decision forms of the page carry, and what a person writes into them."""
    shown = {"view_digest": approval.view_digest, "version": str(approval.version)}
    target = {"confirm_target": expected_target(approval)} if confirm_field(approval) else {}
    return shown | target | ({"reason": REASON} if needs_reason(approval) else {}) | words
