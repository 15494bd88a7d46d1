"""What django-q2 alone is given to do for one document: write one row."""

from __future__ import annotations

from archive.record import record_event

KIND = "bench"


def one_document(number: int) -> None:
    """Write one row."""
    record_event("bench:queue", KIND, f"Task {number}.")
