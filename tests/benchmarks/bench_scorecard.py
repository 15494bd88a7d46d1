"""How fast the scorecard of one partner is counted: a month, a quarter and a year of 1,000, 5,000 and 20,000 purchase orders.

Run by ``make bench-scorecard``. An archive is seeded once into a database of its own on the private server, which stays for
the next run; all its agreements are made those of one partner, each in a calendar with weekends and holidays. Of three runs
the fastest counts; the largest over ``LIMIT`` seconds is marked, and the exit code is 1 then.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from datetime import date, time, timedelta
from time import perf_counter, process_time
from typing import Any

from tests.benchmarks.bench_desk import ROOT, database, tell

ORDERS = (1000, 5000, 20000)
DOCUMENTS = 160_000
"""Of which somewhat more than the most orders are made."""
LIMIT = 3.0
RUNS = 3


@dataclass(frozen=True)
class Figure:
    """One scorecard: of how many purchase orders, promises and days, in how many seconds and queries.

    Of the ``seconds`` are ``sql`` those that queries took, and ``processor`` what this process worked: on a machine that does
    other things, too, the rest was waiting.
    """

    orders: int
    promises: int
    days: int
    seconds: float
    processor: float
    sql: float
    queries: int


def main() -> int:
    """Measure, print, and write ``.data/bench/scorecard.json``."""
    database(DOCUMENTS, "scorecard")
    partner = one_partner()
    figures = [measured(partner, orders) for orders in ORDERS]
    target = ROOT / ".data" / "bench" / "scorecard.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(
        json.dumps({"limit_s": LIMIT, "scorecards": [asdict(each) for each in figures]}, indent=2)
    )
    tell(f"The scorecard of one partner, fastest of {RUNS} runs")
    for each in figures:
        tell(
            f"{each.orders:7,} purchase orders, {each.promises:7,} promises, {each.days:4} days {each.seconds:8.2f} s,"
            f" {each.processor:5.2f} s of them at work, and {each.sql:5.2f} s in {each.queries} queries"
        )
    is_slow = figures[-1].seconds > LIMIT
    if is_slow:
        tell(f"The largest took more than {LIMIT:.0f} s.")
    return int(is_slow)


def one_partner() -> Any:
    """Return the partner whose agreements all are, in a calendar."""
    from integration.models import Expectation, PurchaseOrder  # noqa: PLC0415
    from partners.models import Agreement, BusinessCalendar, Holiday, TradingPartner  # noqa: PLC0415
    from partners.models.calendar import WEEKDAYS  # noqa: PLC0415

    partner = TradingPartner.objects.order_by("pk")[0]
    hours = {f"{day}_from": time(8) for day in WEEKDAYS[:5]} | {
        f"{day}_until": time(17) for day in WEEKDAYS[:5]
    }
    calendar, is_new = BusinessCalendar.objects.get_or_create(
        name="Hamburg", defaults={"time_zone": "Europe/Berlin", **hours}
    )
    if is_new:
        days = Expectation.objects.order_by("due_at").values_list("due_at", flat=True)[:1]
        Holiday.objects.bulk_create(
            Holiday(calendar=calendar, date=days[0].date() + timedelta(days=30 * each), name="Closed")
            for each in range(14)
        )
    terms = {
        "calendar": calendar, "functional_acknowledgment_hours": 8, "purchase_order_acknowledgment_hours": 18,
        "ship_notice_days": 5,
    }  # fmt: skip
    Agreement.objects.update(partner=partner, **terms)
    assert PurchaseOrder.objects.count() > ORDERS[-1]
    return partner


def measured(partner: Any, orders: int) -> Figure:
    """Return the figure of the last days in which so many purchase orders were sent, or a few more."""
    from django.db import connection  # noqa: PLC0415

    from integration.flows.scorecards import scorecard  # noqa: PLC0415
    from integration.matching.periods import Period  # noqa: PLC0415

    first, last = days_with(orders)
    found = []
    for _ in range(RUNS):
        times: list[float] = []

        def record(
            execute: Any, query: str, params: Any, many: bool, context: Any, times: list[float] = times
        ) -> Any:
            began = perf_counter()
            try:
                return execute(query, params, many, context)
            finally:
                times.append(perf_counter() - began)

        began, worked = perf_counter(), process_time()
        with connection.execute_wrapper(record):
            card = scorecard(partner, Period(first, last))
        found.append((perf_counter() - began, process_time() - worked, sum(times), len(times)))
    seconds, processor, sql, queries = min(found)
    promises = sum(each.due + each.pending + each.left_out for each in card.kept)
    days = (last - first).days + 1
    return Figure(
        card.orders, promises, days, *(round(each, 2) for each in (seconds, processor, sql)), queries
    )


def days_with(orders: int) -> tuple[date, date]:
    """Return the last days on which so many purchase orders were sent."""
    from integration.models import LineEntry  # noqa: PLC0415

    sent = LineEntry.objects.filter(kind="ordered", line__line_number=1).order_by("-stated_at")
    moments = sent.values_list("stated_at", flat=True)
    return moments[orders - 1].date(), moments[0].date()


if __name__ == "__main__":
    sys.exit(main())
