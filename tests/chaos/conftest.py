"""Fixtures of the chaos tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from integration import tasks
from integration.flows import import_orders
from integration.simulators.store.payloads import SampleOrder
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
    """The installation of a module, since to make its database takes longer than most tests."""
    with opened_installation(copies, django_db_blocker, tmp_path_factory.mktemp("network")) as opened:
        yield opened


@contextmanager
def opened_installation(
    copies: DatabaseCopies, django_db_blocker: Any, folder: Path, sold: dict[int, SampleOrder] | None = None
) -> Iterator[Installation]:
    """Open an installation on a database of its own, its store with the orders ``sold``.

    No knock ever arrives, and polls look no further back than their cursor.
    """
    with own_database(copies, django_db_blocker), pytest.MonkeyPatch.context() as patched, Forked() as forked:
        patched.setattr(tasks, "async_task", lambda *args, **options: None)
        patched.setattr(import_orders, "OVERLAP", import_orders.OVERLAP * 0)
        yield Installation(forked, folder, sold)


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
    """Say how often workers were killed and lines broken where, and by which seeds chance was made.

    Tests record what they did as the properties ``kills`` and ``faults``, counts by window, and ``seed``; and what they
    measured as ``figures``, words by name.
    """
    counts: dict[str, Counter[str]] = {"kills": Counter(), "faults": Counter(), "sent_again": Counter()}
    seeds: list[tuple[str, object]] = []
    figures: list[tuple[str, str, object]] = []
    for report in terminalreporter.getreports(""):
        if report.when != "teardown":
            continue
        for name, value in report.user_properties:
            test = report.nodeid.rpartition("::")[2]
            if name == "seed":
                seeds.append((test, value))
            elif name == "figures":
                figures += [(test, what, figure) for what, figure in value.items()]
            elif name in counts:
                counts[name].update(value if isinstance(value, dict) else {"": value})
    again = f"; {counts['sent_again'].total()} second arrivals of the same bytes"
    _section(terminalreporter, "workers killed", counts["kills"], again)
    _section(terminalreporter, "faults made", counts["faults"])
    if figures:
        terminalreporter.section("figures")
        for test, what, figure in figures:
            terminalreporter.write_line(f"{what}: {figure} in {test}")
    if seeds:
        terminalreporter.section("seeds")
        for test, seed in sorted(seeds, key=str):
            terminalreporter.write_line(f"{seed} of {test}")


def _section(
    terminalreporter: pytest.TerminalReporter, title: str, counted: Counter[str], more: str = ""
) -> None:
    if counted:
        terminalreporter.section(title)
        for place, times in sorted(counted.items()):
            terminalreporter.write_line(f"{times:6} at {place}")
        terminalreporter.write_line(f"{counted.total():6} in all{more}")
