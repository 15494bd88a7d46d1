"""Counts what somebody does to a page: the browser itself tells of every click, choice and key, whoever caused it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Error, Page

SCRIPT = (Path(__file__).parent / "actions.js").read_text()


def is_ready(page: Page) -> None:
    """Wait until the scripts of the page that is shown run: a key or a pointer that comes before them is told nobody."""
    page.wait_for_load_state("load")


class Actions:
    """What was done to ``page`` since this was made, or since ``counted`` was entered, in words.

    Make it before the page is opened: documents that are open already tell nothing.
    """

    def __init__(self, page: Page) -> None:
        self.done: list[str] = []
        self.page = page
        page.expose_binding("tellAction", self._note)
        page.add_init_script(SCRIPT)

    def _note(self, source: Any, words: str) -> None:
        self.done.append(words)

    @contextmanager
    def counted(self, most: int) -> Iterator[list[str]]:
        """Yield the list of what is done inside; fail where it is nothing, or more than ``most`` actions."""
        self.done.clear()
        yield self.done
        # What the browser tells of comes after what the page shows.
        try:
            self.page.evaluate("1")
        except Error:  # the last action led to another page, which came at this very moment
            self.page.wait_for_load_state()
        assert 0 < len(self.done) <= most, (
            f"{len(self.done)} actions, and {most} were to be enough: {self.done}"
        )
