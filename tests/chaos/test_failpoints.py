"""Every named place has a window in a chaos test, and every step has a place behind it."""

from __future__ import annotations

import pytest

from integration import failpoints
from integration.flows.steps import STEPS
from tests.chaos import (
    test_acknowledging,
    test_calls_kept,
    test_destroying,
    test_events,
    test_exporting,
    test_gaps,
    test_hooks,
    test_invoicing,
    test_mails,
    test_notices,
    test_receiving,
    test_reconciling,
    test_resubmitting,
    test_returning,
    test_sealing,
    test_sending,
    test_stock_writes,
    test_storage_away,
    test_store_effects,
    test_translating,
)

# Each of these tests compares the kills it counted with the places it names.
WINDOWS = [
    "poll_store.done",
    *test_sending.BEFORE_SENDING,
    *test_sending.SENDING,
    "work.claimed",
    *test_receiving.FETCHING,
    *test_receiving.READING,
    *test_reconciling.PLACES,
    *test_gaps.PLACES,
    *test_store_effects.PLACES,
    *test_stock_writes.PLACES,
    *test_hooks.PLACES,
    *test_storage_away.PLACES,
    *test_calls_kept.PLACES,
    *test_destroying.PLACES,
    *test_invoicing.PLACES,
    *test_mails.PLACES,
    *test_notices.PLACES,
    *test_events.PLACES,
    *test_exporting.PLACES,
    *test_resubmitting.PLACES,
    *test_returning.PLACES,
    *test_sealing.PLACES,
    *test_translating.PLACES,
    *test_acknowledging.PLACES,
    "work.failed",
]


def test_workers_are_killed_at_every_place_once_named() -> None:
    assert sorted(failpoints.PLACES) == sorted(WINDOWS)


def test_every_step_has_a_place_between_what_it_did_and_its_handing_over() -> None:
    assert {place.removesuffix(".done") for place in failpoints.PLACES if place.endswith(".done")} == set(
        STEPS
    )


def test_a_place_that_is_not_named_cannot_be_armed() -> None:
    with pytest.raises(ValueError, match=r"^nowhere is no failpoint; there are: work\.claimed, "):
        failpoints.arm("nowhere", lambda: None)


def test_a_place_does_nothing_unless_armed() -> None:
    passed = []
    failpoints.arm("work.claimed", lambda: passed.append("claimed"))
    failpoints.failpoint("work.claimed")
    failpoints.failpoint("work.failed")
    failpoints.disarm()
    failpoints.failpoint("work.claimed")
    assert passed == ["claimed"]
