"""Fixtures of the chaos tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from integration import tasks
from integration.flows import import_orders
from portal.copies import DatabaseCopies
from tests.chaos.forking import Forked
from tests.chaos.installation import Installation
from tests.chaos.reckoning import Books
from tests.conftest import own_database


@pytest.fixture
def forked() -> Iterator[Forked]:
    """Child processes."""
    with Forked() as forked:
        yield forked


@pytest.fixture(scope="module")
def shared_installation(
    copies: DatabaseCopies,
    django_db_setup: None,
    django_db_blocker: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Installation]:
    """The installation of a module, since to make its database takes longer than most tests.

    No knock ever arrives, and polls look no further back than their cursor.
    """
    with own_database(copies, django_db_blocker), pytest.MonkeyPatch.context() as patched, Forked() as forked:
        patched.setattr(tasks, "async_task", lambda *args, **options: None)
        patched.setattr(import_orders, "OVERLAP", import_orders.OVERLAP * 0)
        yield Installation(forked, tmp_path_factory.mktemp("network"))


@pytest.fixture
def books(shared_installation: Installation, record_property: Any) -> Iterator[Books]:
    """The books of this test, on an installation where nobody has anything to do."""
    shared_installation.network.answer = "accept"
    shared_installation.use("directory")
    shared_installation.kills.clear()
    books = Books(shared_installation)
    yield books
    record_property("kills", dict(shared_installation.kills))
    record_property("sent_again", books.sent_again())


@pytest.fixture
def installation(books: Books) -> Installation:
    """The installation, with its books opened."""
    return books.installation


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how often workers were killed where."""
    kills: Counter[str] = Counter()
    again = 0
    for report in terminalreporter.getreports(""):
        if report.when == "teardown":
            said = dict(report.user_properties)
            kills.update(said.get("kills", {}))
            again += said.get("sent_again", 0)
    if kills:
        terminalreporter.section("workers killed")
        for place, times in sorted(kills.items()):
            terminalreporter.write_line(f"{times:6} at {place}")
        terminalreporter.write_line(
            f"{sum(kills.values()):6} in all; {again} second arrivals of the same bytes"
        )
