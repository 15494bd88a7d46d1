"""A partner on his way from the first test to production, and what his side answers."""

from __future__ import annotations

from pathlib import Path

from django.contrib.auth.models import User

from archive.models import Document
from integration.flows.onboarding import NewPartner, add_in_test
from integration.x12.syntax import segment
from partners.models import Agreement, Mailbox, Onboarding
from tests import factories


def mailbox_for_tests(folder: Path, **fields: str) -> Mailbox:
    """Return a live mailbox of two folders that carries test documents."""
    for name in ("in", "out"):
        (folder / name).mkdir(exist_ok=True)
    given = {"mode": "live", "usage_indicator": "T", **fields}
    return factories.mailbox(
        "Test mailbox", inbound_path=str(folder / "in"), outbound_path=str(folder / "out"), **given
    )


def added(by: User, on: Mailbox) -> Onboarding:
    """Return the onboarding of a partner who was just added."""
    return add_in_test(by, NewPartner("Alder Supply", ("ZZ", "ALDER"), ("ZZ", "GRIDPORT"), on))


def says(agreement: Agreement, transaction_set: str, body: list[object]) -> Document:
    """Return what the partner's side sends, read by the real flow."""
    return factories.received(agreement, transaction_set, body)  # type: ignore[arg-type]


def sample_answer(number: str) -> list[object]:
    """Return the body of an 855 that accepts the one line of purchase order ``number``."""
    return [
        segment("BAK", "00", "AD", number, "20261124"),
        segment("PO1", "1", "1", "EA", "1", "", "VN", "TEST-ITEM"),
        segment("ACK", "IA", "1", "EA", "068", "20261201"),
        segment("CTT", "1"),
    ]
