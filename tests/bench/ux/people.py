"""Somebody at the pages, whose every deed is counted, or who has nothing but a keyboard."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Page

MOST_TABS = 150
_HAS_FOCUS = "(selector) => document.activeElement !== null && document.activeElement.matches(selector)"


@dataclass(slots=True)
class Hand:
    """Opens, clicks and fills in, and counts each as one step."""

    page: Page
    steps: int = 0

    def open(self, address: str) -> None:
        self.page.goto(address)
        self.steps += 1

    def click(self, selector: str) -> None:
        self.page.locator(selector).first.click()
        self.steps += 1

    def fill(self, selector: str, text: str) -> None:
        self.page.fill(selector, text)
        self.steps += 1


@dataclass(frozen=True, slots=True)
class Keyboard:
    """Tab, Enter and letters. Raises AssertionError where something can't be reached."""

    page: Page

    def reach(self, selector: str) -> None:
        """Tabs on until an element that matches has the focus."""
        for _ in range(MOST_TABS):
            if self.page.evaluate(_HAS_FOCUS, selector):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"No way leads to {selector} on {self.page.url}.")

    def press(self, selector: str, key: str = "Enter") -> None:
        """Goes there and presses a key."""
        self.reach(selector)
        self.page.keyboard.press(key)

    def type(self, selector: str, text: str) -> None:
        """Goes there and writes."""
        self.reach(selector)
        self.page.keyboard.insert_text(text)
