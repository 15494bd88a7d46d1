"""A cause is told once, wherever workers are killed; and what was told reaches the room."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection

from integration import tasks, work
from integration.flows import webhook_calls
from integration.flows.cases import open_case
from integration.flows.notices import notice_step
from integration.flows.steps import STEPS
from integration.models import (
    Channel,
    ExceptionCase,
    NoticeReceipt,
    NoticeRule,
    OutgoingMail,
    WebhookCall,
    Work,
)
from tests import factories
from tests.chaos.forking import Forked, die_at, scaled
from tests.noticing import notice_rule, webhook

pytestmark = pytest.mark.chaos

PLACES = ("tell_notices.done", "webhook.posted", "post_webhook.done")
KILLS = scaled(10)


@pytest.fixture
def room(committed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file to which a room's messages are added, each on a line; an operator is told by mail too."""
    file = tmp_path / "room"
    file.touch()

    def post(url: str, body: dict[str, object]) -> None:
        with file.open("a") as lines:
            lines.write(str(body["text"]).splitlines()[0] + "\n")

    monkeypatch.setattr(tasks, "async_task", lambda *args, **options: None)
    monkeypatch.setattr(webhook_calls, "post", post)
    user = factories.user("olga", "Operator")
    user.email = "olga@fern.example"
    user.save()
    notice_rule(NoticeRule.Kind.GAP, by_mail=True, webhook=webhook())
    return file


def stand(number: int) -> None:
    open_case(ExceptionCase.Kind.GAP, f"gap:{number}", "Missing.")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE integration_exceptioncase SET opened_at = opened_at - interval '1 hour'")
    work.put(STEPS["tell_notices"].lane, notice_step())


def die_and_go_on(forked: Forked, place: str, healed: Callable[[], object] = lambda: None) -> None:
    """Have a worker die at ``place``; once its lease is over and ``healed`` was done, have others do what is due."""

    def dying() -> None:
        die_at(place)
        tasks.drain("notices")

    forked.dies(dying)
    healed()
    for _ in range(2):
        Work.objects.update(due_at="2020-01-01T00:00Z")
        Work.objects.exclude(lease_token=None).update(lease_until="2020-01-01T00:00Z")
        Channel.objects.filter(opened_at__isnull=False).update(probe_at="2020-01-01T00:00Z")
        forked.run([lambda: tasks.drain("notices") and None])


@pytest.mark.parametrize("place", PLACES)
def test_deaths_around_telling_tell_of_each_cause_once(room: Path, forked: Forked, place: str) -> None:
    for number in range(KILLS):
        stand(number)
        die_and_go_on(forked, place)
    assert NoticeReceipt.objects.count() == KILLS
    assert OutgoingMail.objects.count() == KILLS
    assert Counter(WebhookCall.objects.values_list("state", flat=True)) == {"sent": KILLS}
    # An answer that was lost has a message be posted again: twice in a room is better than never.
    times = 2 if place == "webhook.posted" else 1
    assert sorted(Counter(room.read_text().splitlines()).values()) == [times] * KILLS


def test_whoever_forgets_what_was_told_tells_again(room: Path, forked: Forked) -> None:
    """The variant: that a cause was told is kept beside the work, and dies with it."""

    def naive() -> None:
        NoticeReceipt.objects.all()[0].notice.delete()

    for number in range(2):
        stand(number)
        die_and_go_on(forked, "tell_notices.done", naive)
    assert OutgoingMail.objects.count() == 4
