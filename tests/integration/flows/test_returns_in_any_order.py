"""Returns come to the same in whatever order their documents arrive, and however often."""

from __future__ import annotations

import os
import random
from itertools import permutations
from typing import Any

import pytest

from integration.flows.reprocess import rehearsal
from integration.models import ExceptionCase, Expectation, LineEntry, ReturnCase
from tests.returning import Trade, trade

pytestmark = pytest.mark.django_db
TRIED = 300 if os.environ.get("GRIDPORT_CHAOS") == "1" else 3
WAYS = (
    "picture", "deny", "authorize", "receive_short", "receive_broken", "credit_short", "credit_cancel", "memo_short", "again",
    "part",
)  # fmt: skip


def came_to() -> dict[str, Any]:
    """What stands, without keys and times."""
    entries = (
        LineEntry.standing()
        .filter(kind__in=["returned", "credited"])
        .select_related("line", "document__state")
    )
    return {
        "returns": [
            (
                each.stage,
                each.rma,
                each.authorized_until,
                each.expected_credit,
                each.credited,
                each.received_on,
            )
            for each in ReturnCase.objects.order_by("pk")
        ],
        "lines": list(
            ReturnCase.objects.order_by("pk", "lines").values_list(
                "lines__authorized",
                "lines__disposition",
                "lines__response",
                "lines__received",
                "lines__damaged",
            )
        ),
        "documents": sorted(
            ReturnCase.objects.order_by("pk").values_list(
                "documents__document__state__number", "documents__kind", "documents__holds", "documents__told"
            )
        ),
        "ledger": sorted(
            (each.kind, each.line.line_number, each.quantity, each.document.state.number)
            for each in entries
            if each.document is not None
        ),
        "cases": sorted(
            ExceptionCase.objects.filter(closed_at=None).values_list("kind", "sentence", "money")
        ),
        "waits": sorted(
            Expectation.objects.filter(state__in=Expectation.UNMET).values_list("what", "by_date")
        ),
    }


def said(with_whom: Trade, case: ReturnCase) -> list[bytes]:
    """The files of the desk about a return, as it made them."""
    return [data for way in WAYS for data in with_whom.files(case, way)]


def test_p16_returns_come_to_the_same_in_any_order_of_arrival() -> None:
    with_whom = trade((3, 2))
    case = with_whom.open("3")
    other = with_whom.open("1", line=2)
    with_whom.ask(case)
    with_whom.ask(other)
    files = [*said(with_whom, case), *with_whom.files(other, "authorize"), *with_whom.files(other, "receive")]
    assert len(files) == 12
    shuffled = random.Random(44)
    chosen = [files, files[::-1]]
    while len(chosen) < TRIED:
        chosen.append(shuffled.sample(files, len(files)))
    results = []
    for arriving in chosen:
        with rehearsal():
            for data in arriving:
                with_whom.arrive(data)
            results.append(came_to())
    first = results[0]
    assert first["returns"][0][0] == "credited"
    assert first["returns"][1][0] == "received"
    assert first["lines"][0] == (2, "authorized", "", 5, 1)
    assert [kind for kind, _, _ in first["cases"]] == ["credit_differs", "return_differs", "return_differs"]
    for each in results[1:]:
        assert each == first
    assert len(results) == TRIED


def test_two_documents_in_every_order_and_twice() -> None:
    """The smallest worlds, exhaustively: an answer, a receipt by RMA alone, and a credit, each once and again."""
    with_whom = trade()
    case = with_whom.open()
    with_whom.ask(case)
    files = [data for way in ("authorize", "receive", "credit") for data in with_whom.files(case, way)]
    results = []
    for arriving in permutations(files):
        with rehearsal():
            for data in arriving:
                with_whom.arrive(data)
            results.append(came_to())
    assert results[0]["returns"][0][0] == "credited"
    assert results[0]["cases"] == []
    assert [each == results[0] for each in results] == [True] * 6
