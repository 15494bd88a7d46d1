"""How fast the API answers on a full archive, any page of any list, and what a whole list as CSV takes, streamed and as an
export; beside Django REST framework's own pagination on the same rows.

Run by ``make bench-api`` (DOCUMENTS=1000000), on the archive of ``make bench-desk``. Of seven runs the fastest counts; a
figure over its limit is marked, and the exit code is 1 then.
"""

from __future__ import annotations

import json
import os
import resource as usage
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from tests.benchmarks.bench_desk import DOCUMENTS, ROOT, database, run, tell

LIST_SQL, STREAM_MB = 50.0, 64
RUNS = 7
PLACES = {"first": 0.0, "middle": 0.5, "last but one": 0.999}
FEW = 1000
"""Lists of fewer rows have no middle."""


@dataclass(frozen=True)
class Figure:
    """One request: milliseconds that its queries took, how many they were, and rows that came."""

    what: str
    sql: float
    queries: int
    rows: int
    is_over: bool


def main() -> int:
    """Measure, print, and write ``.data/bench/api.json``."""
    database()
    os.environ["API_REQUESTS_A_MINUTE"] = "1000000"
    tell(f"{DOCUMENTS:,} documents, fastest of {RUNS} runs, milliseconds of SQL")
    figures = list(pages())
    framework = own_pagination()
    tell("Django REST framework's own pagination of documents, 200 rows:")
    for what, took in framework.items():
        tell(f"{what:52}{took:8.1f}")
    rows, seconds, megabytes = stream()
    exported = export()
    found = {
        "documents": DOCUMENTS,
        "limits": {"list_sql_ms": LIST_SQL, "stream_mb": STREAM_MB},
        "pages": [asdict(each) for each in figures],
        "framework_pagination_ms": framework,
        "csv": {"rows": rows, "seconds": round(seconds, 1), "peak_mb": round(megabytes, 1)},
        "export": exported,
    }
    target = ROOT / ".data" / "bench" / "api.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(found, indent=2))
    is_large = megabytes > STREAM_MB
    tell(
        f"CSV of {rows:,} rows: {seconds:.0f} s, {megabytes:.1f} MB more than before{'  over its limit' if is_large else ''}"
    )
    tell(
        f"Export of {exported['rows']:,} rows: {exported['seconds']} s in {exported['parts']} parts, {exported['peak_mb']} MB more"
        f" than before; {exported['mb']} MB, packed {exported['packed_mb']}"
    )
    return int(is_large or any(each.is_over for each in figures))


def pages() -> Iterator[Figure]:
    """Yield the figures of every list, at its beginning, middle and end, and of lists narrowed."""
    from archive import changes  # noqa: PLC0415
    from archive.models import Change  # noqa: PLC0415
    from portal.api.resources import RESOURCES  # noqa: PLC0415

    client, epoch = asker(), changes.current_epoch()
    for resource in RESOURCES:
        entries = Change.objects.filter(resource=resource.name).order_by("changed_xid", "row_id")
        count = entries.count()
        for words, share in PLACES.items() if count > FEW else [("first", 0.0)]:
            cursor = ""
            if share:
                at = entries[int(count * share)]
                cursor = changes.written(changes.Place(at.changed_xid, at.row_id), epoch)
            query = {"cursor": cursor} if cursor else {}
            yield measured(client, f"{resource.path}, {words} of {count:,}", resource.path, query)
    for path, query in narrowed().items():
        yield measured(client, f"{path[0]} {path[1]}", path[0], query)


def narrowed() -> dict[tuple[str, str], dict[str, str]]:
    """Return questions that narrow a list, by path and words."""
    from integration.models import PurchaseOrder  # noqa: PLC0415

    purchase_order = PurchaseOrder.objects.select_related("agreement").order_by("-pk")[0]
    return {
        ("documents", "of one purchase order"): {"purchase_order_id": str(purchase_order.pk)},
        ("documents", "rejected, of one partner"): {
            "partner_id": str(purchase_order.agreement.partner_id),
            "acknowledgment": "rejected",
        },
        ("purchase-orders", "by its number"): {"number": purchase_order.number},
        ("purchase-order-lines", "of one order"): {"order_id": str(purchase_order.order_id)},
        ("orders", "changed since the last minute"): {"updated_since": "2100-01-01T00:00:00Z"},
    }


def asker() -> Any:
    """Return a client with a token that reads everything."""
    from datetime import timedelta  # noqa: PLC0415

    from django.conf import settings  # noqa: PLC0415
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from archive.changes import RESOURCES  # noqa: PLC0415
    from portal.api.tokens import Wanted, issue  # noqa: PLC0415

    settings.API_REQUESTS_A_MINUTE = 1_000_000
    user, _ = User.objects.get_or_create(
        username="bench", defaults={"is_staff": True, "is_superuser": True, "password": "!"}
    )
    until = timezone.now() + timedelta(days=1)
    _, token = issue(user, Wanted("bench", user, list(RESOURCES), until), "To measure.")
    return Client(HTTP_HOST="localhost", headers={"Authorization": f"Bearer {token}"})


def measured(client: Any, what: str, path: str, query: dict[str, str]) -> Figure:
    """Return and print the figure of one request."""
    answers: list[Any] = []

    def ask() -> Any:
        answers.append(client.get(f"/api/v1/{path}/", query))
        return answers[-1]

    sql, _, queries = min(run(ask) for _ in range(RUNS))
    figure = Figure(what, round(sql, 1), queries, len(answers[-1].json()["data"]), sql > LIST_SQL)
    over = "  over its limit" if figure.is_over else ""
    tell(f"{what:52}{figure.sql:8.1f}{queries:5} queries{figure.rows:6} rows{over}")
    return figure


def own_pagination() -> dict[str, float]:
    """Return the SQL of the framework's own pages of 200 documents, near the beginning and near the end."""
    from django.test import RequestFactory  # noqa: PLC0415
    from rest_framework.pagination import CursorPagination, LimitOffsetPagination  # noqa: PLC0415
    from rest_framework.request import Request  # noqa: PLC0415

    from portal.api.resources import BY_NAME  # noqa: PLC0415

    rows = BY_NAME["documents"].rows()
    found = {}
    for words, offset in (
        ("LimitOffsetPagination, first", 0),
        ("LimitOffsetPagination, last but one", int(DOCUMENTS * 0.999)),
    ):
        query = {"limit": "200", "offset": str(offset)}

        def offset_page(query: dict[str, str] = query) -> Any:
            request = Request(RequestFactory(headers={"host": "localhost"}).get("/", query))
            return LimitOffsetPagination().paginate_queryset(rows.order_by("recorded_at", "pk"), request)

        found[words] = round(min(run(offset_page)[0] for _ in range(3)), 1)

    def cursor_page() -> Any:
        pager = CursorPagination()
        pager.page_size, pager.ordering = 200, "recorded_at"
        return pager.paginate_queryset(rows, Request(RequestFactory(headers={"host": "localhost"}).get("/")))

    found["CursorPagination, first (misses what commits late)"] = round(
        min(run(cursor_page)[0] for _ in range(3)), 1
    )
    return found


def stream() -> tuple[int, float, float]:
    """Return rows, seconds, and by how much memory grew, of all documents as CSV."""
    client = asker()
    client.get("/api/v1/documents/", {"format": "csv", "limit": "100"})
    before = _peak()
    began = time.monotonic()
    lines = 0
    for piece in client.get("/api/v1/documents/", {"format": "csv"}):
        lines += piece.count(b"\r\n")
    return lines - 1, time.monotonic() - began, _peak() - before


def export() -> dict[str, float]:
    """Return what all documents take as an export: written by a worker in this process, and read back packed."""
    import gzip  # noqa: PLC0415

    from integration import tasks  # noqa: PLC0415
    from portal.models import Export  # noqa: PLC0415

    client = asker()
    before, began = _peak(), time.monotonic()
    told = client.post(
        "/api/v1/exports/",
        json.dumps({"resource": "documents"}),
        content_type="application/json",
        headers={"Idempotency-Key": str(time.time_ns())},
    ).json()
    while tasks.drain("exports"):
        pass
    seconds, peak = time.monotonic() - began, _peak() - before
    made = Export.objects.get(pk=told["id"])
    file = client.get(f"{told['links']['self']}file/", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(b"".join(file)).count(b"\r\n") == made.rows_done + 1
    client.delete(told["links"]["self"])
    return {
        "rows": made.rows_done,
        "seconds": round(seconds, 1),
        "parts": made.parts_done,
        "peak_mb": round(peak, 1),
        "mb": round(made.size / 1e6, 1),
        "packed_mb": round(made.packed / 1e6, 1),
    }


def _peak() -> float:
    """Return the most memory that this process ever held, in MB."""
    return usage.getrusage(usage.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
