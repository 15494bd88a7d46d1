"""Figures of the work: what waits, what stopped, what nobody knows the end of, what partners owe, what people have to settle."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count, Min

from archive.models import Delivery
from integration.claimable import depths, due_by_lane
from integration.flows.steps import STEPS
from integration.models import ExceptionCase, Expectation, Gap, Reconciliation, Work
from portal.metrics.exposition import Metric, by, gauge

MOST = 10_000
"""Rows are counted no further."""

UNDELIVERED = (Delivery.UNKNOWN, Delivery.FAILED, Delivery.WAITING, Delivery.SENDING)
LANES = sorted({kind.lane for kind in STEPS.values()})


def figures(now: datetime) -> list[Metric]:
    """Return the figures; ``now`` by the database's clock."""
    return [*_queue(), *_unknown(), *_owed(now), *_cases(now), *_reconciled(now)]


def _queue() -> list[Metric]:
    ages = due_by_lane()
    # By the unique index on step and subject.
    mails = Work.objects.filter(step="send_mail")[:MOST].count()
    parked = dict.fromkeys(sorted(STEPS), 0) | dict(
        Work.objects.filter(parked_at__isnull=False)
        .order_by()
        .values_list("step")
        .annotate(count=Count("pk"))
    )
    return [
        by(
            "work_oldest_age_seconds",
            "For how long work has been due that may be begun and was not, by stage; what waits for a side that is away is not meant.",
            "stage",
            {lane: ages[lane].total_seconds() if lane in ages else 0 for lane in LANES},
        ),
        by(
            "work_depth",
            f"How much work is due and not begun, by stage; counted to {MOST}.",
            "stage",
            depths(LANES, up_to=MOST),
        ),
        by("work_parked", "How much work stopped and waits for a person, by step.", "step", parked),
        gauge("mails_waiting", f"How many mails wait to be sent; counted to {MOST}.", mails),
    ]


def _unknown() -> list[Metric]:
    with connection.cursor() as cursor:
        # By the partial index on what is not delivered.
        cursor.execute(
            """
            SELECT s.delivery, (SELECT count(*) FROM (
                        SELECT 1 FROM archive_documentstate d
                         WHERE d.delivery = s.delivery AND d.delivery IN ('waiting', 'sending', 'unknown', 'failed')
                         LIMIT %s) found)
              FROM unnest(%s::varchar[]) AS s (delivery)
            """,
            [MOST, list(UNDELIVERED)],
        )
        counts = dict(cursor.fetchall())
    return [
        by(
            "sends",
            f"How many documents are not delivered, by state; unknown: the answer was lost. Counted to {MOST}.",
            "delivery",
            counts,
        )
    ]


def _owed(now: datetime) -> list[Metric]:
    # By the partial index on what is not met: a few thousands at most.
    unmet = Expectation.objects.filter(state__in=Expectation.UNMET).order_by()
    oldest = dict(unmet.values_list("what").annotate(since=Min("counted_from")))
    overdue = dict(
        unmet.filter(state=Expectation.State.OVERDUE).values_list("what").annotate(count=Count("pk"))
    )
    asked = oldest.get(Expectation.What.FUNCTIONAL_ACKNOWLEDGMENT)
    return [
        gauge(
            "ack997_pending_age_seconds",
            "For how long the oldest functional acknowledgment (997) is waited for; 0: none is.",
            _age(now, asked) or 0,
        ),
        by(
            "answers_overdue",
            "How many answers of partners are overdue, by what they are.",
            "what",
            dict.fromkeys(Expectation.What.values, 0) | overdue,
        ),
    ]


def _cases(now: datetime) -> list[Metric]:
    # By the partial index on the cause of open cases.
    rows: Sequence[tuple[str, int, Any]] = list(
        ExceptionCase.objects.filter(closed_at=None)
        .order_by()
        .values_list("kind")
        .annotate(count=Count("pk"), since=Min("opened_at"))
    )
    counts = dict.fromkeys(ExceptionCase.Kind.values, 0) | {kind: count for kind, count, _ in rows}
    oldest = min((since for _, _, since in rows), default=None)
    return [
        by("cases_open", "How many cases are open, by kind.", "kind", counts),
        gauge(
            "cases_oldest_age_seconds",
            "For how long the oldest open case is open; 0: none is.",
            _age(now, oldest) or 0,
        ),
    ]


def _reconciled(now: datetime) -> list[Metric]:
    last = Reconciliation.objects.exclude(finished_at=None).order_by("-pk").first()
    with connection.cursor() as cursor:
        # One row for each thing that ever was missing: the rarest of tables.
        cursor.execute("SELECT check_name, count(*) FROM integration_gap GROUP BY 1")
        found = dict.fromkeys(Gap.Check.values, 0) | dict(cursor.fetchall())
    return [
        by(
            "reconcile_found_total",
            "How many things reconciliations found missing, by what; orders are those whose webhook never came.",
            "check",
            found,
            "counter",
        ),
        gauge(
            "reconcile_age_seconds",
            "How long ago the last reconciliation ended.",
            _age(now, last.finished_at if last else None),
        ),
    ]


def _age(now: datetime, then: datetime | None) -> float | None:
    return None if then is None else max(0.0, (now - then).total_seconds())
