"""An event is told once by its id, whoever dies: the worker at any place, or the receiver before its answer arrives."""

from __future__ import annotations

import ssl
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from integration import tasks, work
from integration.flows import post_events as posting
from integration.flows.events_out import read_step
from integration.flows.steps import STEPS
from integration.models import Channel, EventDelivery, Work
from integration.transports import webhook
from tests import factories
from tests.chaos.forking import Forked, die_at, scaled
from tests.receiving import Answer, Post, destination, open_receiver, settle

pytestmark = pytest.mark.chaos

PLACES = ("read_events.done", "event.posted", "post_events.done")
EVENTS = scaled(30)
LONG_AGO = "2020-01-01T00:00Z"


@dataclass(frozen=True)
class Ledger:
    """What a receiver took, written down before it answers: a line a request, its id and a hash of its body."""

    file: Path

    def requests(self) -> Counter[tuple[str, str]]:
        """Return how often each id came, with which body."""
        lines = [line.split(" ") for line in self.file.read_text().splitlines()]
        return Counter((identity, digest) for identity, digest in lines)


@contextmanager
def forgetful(folder: Path, file: Path, lose_answers: bool) -> Iterator[dict[str, Any]]:
    """Serve a receiver that takes what comes; where it loses answers, it hangs up when a body comes the first time."""
    seen: set[str] = set()

    def answer(post: Post) -> Answer | None:
        digest = sha256(post.body).hexdigest()
        with file.open("a") as lines:
            lines.write(f"{post.id} {digest}\n")
        if lose_answers and digest not in seen:
            seen.add(digest)
            return None
        return 204, {}, b""

    with open_receiver(folder) as receiver:
        receiver.answer = answer
        yield {"url": receiver.url}


@pytest.fixture
def ledger(committed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """The book of a receiver, empty."""
    file = tmp_path / "ledger"
    file.touch()
    monkeypatch.setattr(tasks, "async_task", lambda *args, **options: None)
    monkeypatch.setattr(webhook, "allowed", lambda address: True)
    return Ledger(file)


def open_for(
    forked: Forked, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, *, lose_answers: bool = False
) -> None:
    """Have a receiver be there, and be told of what happens from now on."""
    folder = ledger.file.parent
    url = forked.serve(lambda: forgetful(folder, ledger.file, lose_answers))["url"]
    context = ssl.create_default_context(cafile=str(folder / "certificate.pem"))
    monkeypatch.setattr(webhook.ssl, "create_default_context", lambda: context)
    destination(url=url)


def go_on(forked: Forked) -> None:
    """Have others do what is due, once every wait and lease is over, until all was told."""
    for _ in range(6 * EVENTS + 6):
        Work.objects.update(due_at=LONG_AGO)
        Work.objects.exclude(lease_token=None).update(lease_until=LONG_AGO)
        EventDelivery.objects.filter(state="waiting").update(next_at=LONG_AGO)
        Channel.objects.filter(opened_at__isnull=False).update(probe_at=LONG_AGO)
        forked.run([lambda: tasks.drain("events") and None, lambda: tasks.drain("event_posts") and None])
        told = EventDelivery.objects.count() == EVENTS
        if told and not EventDelivery.objects.filter(state="waiting").exists():
            return
    raise AssertionError("something was never told")


def happen() -> None:
    for _ in range(EVENTS):
        factories.document()
    settle()
    work.put(STEPS["read_events"].lane, read_step())


def test_an_answer_that_is_lost_brings_the_same_bytes_under_the_same_id(
    ledger: Ledger, forked: Forked, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_for(forked, ledger, monkeypatch, lose_answers=True)
    happen()
    go_on(forked)
    came = ledger.requests()
    assert sorted(came.values()) == [2] * EVENTS
    assert len({identity for identity, _ in came}) == EVENTS
    assert {identity for identity, _ in came} == {str(each) for each in EventDelivery.objects.values_list("message_id", flat=True)}  # fmt: skip


def test_with_a_new_id_for_every_try_each_would_be_told_twice(
    ledger: Ledger, forked: Forked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variant: an id that is made when it is posted, not when it is written."""
    plain = posting.headers
    monkeypatch.setattr(
        posting, "headers", lambda keys, message_id, now, body: plain(keys, str(uuid4()), now, body)
    )
    open_for(forked, ledger, monkeypatch, lose_answers=True)
    happen()
    go_on(forked)
    assert len({identity for identity, _ in ledger.requests()}) == 2 * EVENTS


@pytest.mark.parametrize("place", PLACES)
def test_a_worker_that_dies_anywhere_leaves_nothing_untold_and_tells_nothing_under_two_ids(
    ledger: Ledger, forked: Forked, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    open_for(forked, ledger, monkeypatch)
    happen()

    def dying() -> None:
        die_at(place)
        tasks.drain("events")
        tasks.drain("event_posts")

    forked.dies(dying)
    go_on(forked)
    came = ledger.requests()
    assert len({identity for identity, _ in came}) == len(came) == EVENTS
    twice = 1 if place == "event.posted" else 0
    assert sorted(came.values()) == [1] * (EVENTS - twice) + [2] * twice
