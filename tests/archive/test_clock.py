"""One clock: no verb and no fact asks the machine for the time (P9 shows what wrong clocks then do)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from archive.clock import database_now
from tests.conftest import ROOT

OWN_CLOCK = re.compile(r"\b(timezone\.now|datetime\.now|date\.today|time\.time)\(")


def test_no_verb_and_no_fact_asks_the_machine_for_the_time() -> None:
    files = [
        *ROOT.glob("archive/**/*.py"),
        *ROOT.glob("integration/flows/*.py"),
        ROOT / "integration/work.py",
    ]
    assert len(files) > 20
    asking = [str(file.relative_to(ROOT)) for file in files if OWN_CLOCK.search(file.read_text())]
    assert asking == []


@pytest.mark.django_db
def test_the_databases_time_moves_within_a_transaction() -> None:
    first, second = database_now(), database_now()
    assert first < second
    assert abs(datetime.now(UTC) - second) < timedelta(minutes=1)
