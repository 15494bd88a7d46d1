"""Knocks: names of lanes, taken once, and never a reason to stop."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError, connection
from django_q.models import OrmQ
from django_q.signing import SignedPackage
from django_q.tasks import async_task

from integration import knocks, tasks
from integration.knocks import KnockBroker

pytestmark = pytest.mark.django_db


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> KnockBroker:
    """The broker of ``Q_CLUSTER``; its pauses are none."""
    monkeypatch.setattr(knocks.time, "sleep", lambda seconds: None)
    return KnockBroker()


def taken(broker: KnockBroker) -> list[tuple[str, Any]]:
    """Take a knock; return what django-q would call and with what."""
    return [
        (task["func"], task["args"])
        for _, package in broker.dequeue()
        for task in [SignedPackage.loads(package)]
    ]


def test_a_knock_is_the_name_of_a_lane_and_taken_once(broker: KnockBroker) -> None:
    assert tasks.knock("orders")
    assert not tasks.knock("orders")
    assert tasks.knock("effects")
    assert list(OrmQ.objects.order_by("pk").values_list("payload", "lock")) == [
        ("orders", None),
        ("effects", None),
    ]
    assert taken(broker) == [("integration.tasks.drain", ("orders",))]
    assert taken(broker) == [("integration.tasks.drain", ("effects",))]
    assert taken(broker) == []


def test_no_other_call_is_carried(broker: KnockBroker) -> None:
    with pytest.raises(ValueError, match=r"os\.system is no knock"):
        async_task("os.system", "true")
    OrmQ.objects.create(
        key=broker.list_key, payload=SignedPackage.dumps({"func": "os.system", "args": ("true",)})
    )
    assert taken(broker) == []
    assert OrmQ.objects.count() == 0


def test_a_database_that_is_away_is_no_reason_to_stop(
    broker: KnockBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(self: KnockBroker) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(KnockBroker, "_take", away)
    monkeypatch.setattr(knocks.connection, "close", lambda: None)
    assert broker.dequeue() == []


def test_a_tick_says_whether_knocks_are_answered() -> None:
    assert not tasks.tick()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE integration_lane SET knocked_at = clock_timestamp() - interval '11 s'")
    assert tasks.tick()
    assert not tasks.tick()
