"""Seals that are late: one case while it lasts, which closes by itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.utils import timezone

from archive import sealing
from archive.models import SealLeaf, SealPublication
from archive.record import record_event
from integration.flows import seal_archive
from integration.flows.late_seals import (
    PUBLISHED_WITHIN,
    SEALED_WITHIN,
    UNPUBLISHED,
    UNSEALED,
    UNSIGNED,
    tell_of_late_seals,
)
from integration.flows.notice_causes import untold
from integration.models import ExceptionCase, NoticeRule
from integration.work import Unclaimed
from tests.integration.flows.test_archive_seals import tomorrow

pytestmark = pytest.mark.django_db


def tell_at(moment: datetime) -> None:
    with patch("integration.flows.late_seals.database_now", lambda: moment):
        tell_of_late_seals()


def open_causes() -> list[str]:
    return sorted(ExceptionCase.objects.filter(closed_at=None).values_list("cause", flat=True))


def test_what_waits_long_to_be_sealed_is_one_case_until_it_is() -> None:
    now = timezone.now()
    record_event("order:7", "told", "Something.")
    tell_at(now + SEALED_WITHIN - timedelta(minutes=1))
    assert open_causes() == []
    late = now + SEALED_WITHIN + timedelta(minutes=1)
    tell_at(late)
    tell_at(late + timedelta(minutes=1))
    assert open_causes() == [UNSEALED]
    case = ExceptionCase.objects.get()
    assert case.sentence.startswith("What was archived since ")
    assert [cause.kind for cause in untold(timezone.now() + timedelta(minutes=16), 10)] == [
        NoticeRule.Kind.ARCHIVE
    ]
    seal_archive.seal_archive("all", Unclaimed())
    tell_of_late_seals()
    assert open_causes() == []
    case.refresh_from_db()
    assert (case.closed_by, case.decision_reason) == ("Gridport", "Everything is sealed again.")


def test_roots_that_nobody_published_are_one_case_until_one_is(settings: Any, tmp_path: Path) -> None:
    record_event("order:7", "told", "Something.")
    seal_archive.seal_archive("all", Unclaimed())
    sealed = SealLeaf.objects.order_by("place")[0].recorded_at
    tell_at(sealed + PUBLISHED_WITHIN - timedelta(minutes=1))
    assert open_causes() == []
    tell_at(sealed + PUBLISHED_WITHIN + timedelta(minutes=1))
    assert open_causes() == [UNPUBLISHED]
    with tomorrow():
        seal_archive.seal_archive("all", Unclaimed())
    tell_of_late_seals()
    assert SealPublication.objects.count() == 1
    assert open_causes() == []


def test_where_nothing_was_ever_archived_nothing_is_told() -> None:
    tell_at(timezone.now() + timedelta(days=400))
    assert open_causes() == []


def test_a_day_that_was_closed_unsigned_is_one_case_until_one_is_signed(
    settings: Any, tmp_path: Path
) -> None:
    kept, settings.KEPT_SIGNING_KEY = settings.KEPT_SIGNING_KEY, tmp_path / "none"
    tell_of_late_seals()
    assert open_causes() == []
    first = sealing.close(Unclaimed(), now=True)
    tell_of_late_seals()
    tell_of_late_seals()
    assert open_causes() == [UNSIGNED]
    case = ExceptionCase.objects.get()
    assert case.sentence.startswith(f"The {first} is not signed, for the worker has no key: who can write to")
    settings.KEPT_SIGNING_KEY = kept
    assert sealing.close(Unclaimed(), now=True)
    tell_of_late_seals()
    case.refresh_from_db()
    assert (open_causes(), case.decision_reason) == ([], "Seals are signed again.")
