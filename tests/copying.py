"""An archive whose copies go to a folder of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive import copies, store
from archive.clock import database_now
from archive.copies import settle, try_to_check, try_to_copy, waiting
from archive.models import PayloadCopy
from archive.storages import Place, place, place_name
from tests.s3 import archived_in, folder_options

State = PayloadCopy.State


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """Where the copies stand."""
    with archived_in(folder_options(tmp_path / "archive")):
        yield tmp_path / "archive"


def copy_all(there: Place | None = None) -> list[copies.Outcome]:
    """Copy all that waits; return what is no success."""
    now = database_now()
    rows = list(waiting(place_name()).select_related("payload"))
    return settle(try_to_copy(there or place(), rows, now), now)


def look_again() -> list[copies.Outcome]:
    """Compare every copy; return what is no success."""
    now = database_now()
    rows = list(PayloadCopy.objects.filter(state=State.COPIED).select_related("payload"))
    return settle(try_to_check(place(), rows), now)


def copied(data: bytes = b"ISA*00") -> PayloadCopy:
    """Put ``data`` and have it copied."""
    payload = store.put(data)
    copy_all()
    return PayloadCopy.objects.get(payload=payload)


def file_of(root: Path, copy: PayloadCopy) -> Path:
    """Return the copy's file."""
    return root / copy.key
