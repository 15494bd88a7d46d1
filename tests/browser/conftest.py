"""A portal that serves a database of its own, and a headless browser that looks at it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from playwright.sync_api import Browser, Page, expect, sync_playwright

from portal.copies import with_database
from tests.conftest import ROOT, skip_or_fail

PATIENCE = 60.0
"""Seconds for what is waited for on a machine that has much else to do; what comes sooner waits for nothing."""

expect.set_options(timeout=PATIENCE * 1000)

EXECUTABLES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def executable() -> str:
    """The browser that the system has."""
    found = next((path for name in EXECUTABLES if (path := shutil.which(name))), "")
    if not found:
        skip_or_fail(f"No browser is on PATH (one of {', '.join(EXECUTABLES)}): pages are not looked at.")
    return found


@pytest.fixture(autouse=True)
def known_passwords(settings: Any) -> None:
    """Hash passwords as the served portal does, which knows nothing of the quick ones of other tests."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]


class Nursery:
    """A process that has the portal loaded, and has children serve it (``tests.browser.serving``)."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, **words: Any) -> dict[str, Any]:
        """Ask for something, and return the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "The process that serves portals has ended; what it said stands above."
        return dict(json.loads(answer))


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """What serves portals: to load one takes longer than most tests."""
    environment = {**os.environ, "HTTPS": "false", "UNDO_SECONDS": "0"}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.browser.serving"],
        cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        yield Nursery(process)


@pytest.fixture
def portal(committed: str, nursery: Nursery, tmp_path: Path) -> Iterator[str]:
    """The address of a served portal on the test's own database; rows made by the test are seen there."""
    database = with_database(os.environ["DATABASE_URL"], committed)
    served = nursery.ask(database=database, log=str(tmp_path / "portal.log"))
    try:
        yield f"http://127.0.0.1:{served['port']}"
    finally:
        nursery.ask(end=served["pid"])


@pytest.fixture
def browser(executable: str, portal: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    """A headless browser; gone again before the database is, since its loop runs in this thread."""
    # Django would take the test's own queries for a coroutine's.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable)
        yield started
        # While a loop runs, Django keeps other connections than without one.
        connections.close_all()
        started.close()


@pytest.fixture
def page(browser: Browser, portal: str) -> Iterator[Page]:
    """A fresh window; anything asked of another host than the portal fails the test."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=portal)
    strangers: list[str] = []
    errors: list[str] = []
    context.set_default_timeout(PATIENCE * 1000)
    opened = context.new_page()
    opened.on(
        "request",
        lambda request: None if request.url.startswith((portal, "data:")) else strangers.append(request.url),
    )
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    context.close()
    assert strangers == []
    assert errors == []
