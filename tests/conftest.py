"""Databases and files that all tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connections, transaction
from hypothesis import HealthCheck
from hypothesis import settings as examples

from portal.copies import DatabaseCopies, point_at
from tests import factories

# As hypothesis does by itself where CI is set: the same examples each time, however long a busy machine takes over them.
examples.register_profile(
    "same everywhere",
    deadline=None, derandomize=True, database=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
examples.load_profile("same everywhere")

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"


def in_ci() -> bool:
    """Say whether missing parts fail instead of skipping."""
    return os.environ.get("CI") == "true"


def skip_or_fail(reason: str) -> None:
    """Skip with ``reason``; under CI fail with it."""
    if in_ci():
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Other people's data beside the repository."""
    if not SHARED.is_dir():
        skip_or_fail("The folder shared beside the repository is absent: public samples cannot be read.")
    return SHARED


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> None:
    """Hash test accounts' passwords quickly: a strong hash is slow on purpose."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session", autouse=True)
def nothing_waits_to_be_undone() -> None:
    """Let what a decision begins begin at once; tests of undoing say otherwise."""
    settings.UNDO_SECONDS = 0


@pytest.fixture(autouse=True)
def roots_are_published_elsewhere(tmp_path: Path, settings: Any) -> None:
    """Have the seals of a test's database be published in a file of its own."""
    settings.PUBLISHED_ROOTS = tmp_path / "published" / "roots.txt"


@pytest.fixture(scope="session")
def copies() -> DatabaseCopies:
    """The maker of migrated databases."""
    return DatabaseCopies(
        os.environ["DATABASE_OWNER_URL"], os.environ["DATABASE_URL"], Path(settings.DATA_FOLDER)
    )


@pytest.fixture(scope="session")
def django_db_setup(copies: DatabaseCopies, django_db_blocker: Any) -> Iterator[None]:
    """Run the tests that roll back on a copy of the migrated database, as gridport_app."""
    name = f"gridport_test_{os.getpid()}"
    with django_db_blocker.unblock():
        copies.make(name)
        point_at(name)
        yield
        point_at("gridport")
        copies.drop(name)


@pytest.fixture(scope="module")
def everything(django_db_setup: None, django_db_blocker: Any) -> Iterator[Any]:
    """Two rows of everything that the portal shows, there for a module's tests: each rolls back what it does itself.

    Give the purchase order of the first.
    """
    with django_db_blocker.unblock():
        around = transaction.atomic()
        around.__enter__()
        made = factories.everything()
        factories.everything()
    yield made
    with django_db_blocker.unblock():
        transaction.set_rollback(True)
        around.__exit__(None, None, None)


@contextmanager
def own_database(copies: DatabaseCopies, django_db_blocker: Any) -> Iterator[str]:
    """Have everybody use a database of its own, where commits are real; give its name."""
    before = connections["default"].settings_dict["NAME"]
    name = f"gridport_test_{os.getpid()}_{uuid4().hex[:8]}"
    with django_db_blocker.unblock():
        copies.make(name)
        point_at(name)
        try:
            yield name
        finally:
            point_at(before)
            copies.drop(name)


@pytest.fixture
def committed(copies: DatabaseCopies, django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """Run the test on a database of its own, where commits are real; yield the database's name."""
    with own_database(copies, django_db_blocker) as name:
        yield name
