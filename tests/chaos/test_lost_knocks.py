"""P16: whatever becomes of django-q's queue, the work is done; what is lost is found within a minute."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from integration import tasks, work
from integration.work import Step
from tests.chaos.crew import Crew, ledger, times, wait_until
from tests.chaos.forking import is_whole, scaled

pytestmark = pytest.mark.chaos

TIMES = scaled(100)
FOUND_WITHIN = 60
# How long a knock may stay unanswered costs ten seconds that a slice need not wait.
HURRY = () if is_whole() else ("impatient",)


@pytest.fixture
def crew(committed: str, tmp_path: Path) -> Iterator[Crew]:
    """Workers on a database of its own, with the ledger of jobs."""
    with Crew(tmp_path) as crew, ledger():
        yield crew


def put_and_knock(*subjects: str) -> None:
    """Put jobs in as many lanes, and knock for each."""
    for subject in subjects:
        work.put(subject, Step("job", subject, f"job:{subject}"))
        assert tasks.knock(subject)


def truncate() -> None:
    with connections["owner"].cursor() as owner:
        owner.execute("TRUNCATE django_q_ormq")


def write_as_django_q_does(subjects: list[str], pickled: str) -> None:
    """Have the knocks of ``subjects`` be signed pickles."""
    for subject in subjects:
        assert OrmQ.objects.filter(payload=subject).update(payload=pickled) == 1


def pickle_of_what_is_gone() -> str:
    """Return a signed task of django-q whose function nobody has any more."""
    module = types.ModuleType("gone_with_the_deploy")
    exec("def drain(lane): pass", module.__dict__)  # noqa: S102 - a function of that module
    sys.modules[module.__name__] = module
    try:
        return str(
            SignedPackage.dumps({"id": "1", "name": "old", "func": module.__dict__["drain"], "args": ()})
        )
    finally:
        del sys.modules[module.__name__]


def test_p16_losing_the_queue_loses_nothing(crew: Crew, record_property: Any) -> None:
    truncated, signed, gone = (
        [f"{kind}-{number}" for number in range(TIMES)] for kind in ("truncated", "signed", "gone")
    )
    put_and_knock(*truncated)
    truncate()
    put_and_knock(*gone, *signed)
    write_as_django_q_does(gone, pickle_of_what_is_gone())
    ours = {"id": "1", "name": "ours", "func": "integration.tasks.drain", "args": ("jobs",), "kwargs": {}}
    write_as_django_q_does(signed, str(SignedPackage.dumps(ours)))
    with pytest.raises((AttributeError, ModuleNotFoundError)):
        SignedPackage.loads(OrmQ.objects.order_by("pk")[0].payload)
    worker = crew.start("jobs", *HURRY, SECRET_KEY="rotated" * 8)
    wait_until(lambda: len(times("done")) == 3 * TIMES, FOUND_WITHIN, "everything is picked up")
    assert times("done") == times("begun") == dict.fromkeys([*truncated, *signed, *gone], 1)
    assert "reincarnated" not in worker.log()
    assert not OrmQ.objects.filter(payload__startswith="ey").exists()
    record_property("faults", {"knocks lost, of another key, of what is gone": 3 * TIMES})


def test_p16_without_the_ticker_what_is_lost_stays_lost(crew: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "KNOCK_LASTS", timedelta(seconds=1))
    lost = [f"truncated-{number}" for number in range(TIMES)]
    put_and_knock(*lost)
    truncate()
    crew.start("jobs", "no_ticker", "impatient")
    with pytest.raises(AssertionError, match="one of them is done"):
        wait_until(lambda: times("done"), 4, "one of them is done")  # four times what a ticker needs
    assert tasks.knock("truncated-0")
    wait_until(lambda: times("done"), 120, "the one that is knocked for is done")
    assert times("done") == {"truncated-0": 1}
