"""The step of exports hands on to whom the setting names, and so does the clock."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from integration.flows.exporting import remove_old_exports, write_export
from integration.work import Claim, Step, Unclaimed


class Told:
    """Remembers what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def write(self, subject: str, claim: Claim) -> list[Step]:
        self.asked.append((subject, claim))
        return [Step("write_export", subject, f"write_export:{subject}")]

    def remove_old(self, now: datetime) -> None:
        self.asked.append(now)


TOLD = Told()


def test_what_is_asked_of_the_step_is_asked_of_whom_the_setting_names(settings: Any) -> None:
    settings.EXPORTS = f"{__name__}.TOLD"
    claim, now = Unclaimed(), datetime(2026, 11, 29, 12, tzinfo=UTC)
    assert write_export("7", claim) == [Step("write_export", "7", "write_export:7")]
    remove_old_exports(now)
    assert TOLD.asked == [("7", claim), now]


def test_a_setting_that_names_nobody_fails_at_once(settings: Any) -> None:
    settings.EXPORTS = "portal.exports.nowhere.EXPORTS"
    with pytest.raises(ImportError, match="nowhere"):
        write_export("7", Unclaimed())
