"""How fast the desk answers on a full archive: Find, an order, every list, the dashboard; beside Django's own search.

Run by ``make bench-desk`` (DOCUMENTS=1000000). The archive is seeded once into a database of its own on the private
server, which stays for the next run. Of seven runs the fastest counts; a figure over its limit is marked, and the exit
code is 1 then.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = int(os.environ.get("DOCUMENTS", "1000000"))
TERMS = {
    "the order 1042": "1042",
    "an absent e-mail": "nobody@example.com",
    "the SKU in a third": "FS-1000",
    "a name": "Imogen Tallis",
    "a PO as written": "PO-450042",
    "a PO as digits": "450042",
    "a PO with a blank": "po 450042",
}
STOCK_FIELDS = (
    "references__value",
    "control_number",
    "state__number",
    "interchange__control_number",
    "partner__name",
)
FIND_SQL, LIST_SQL, ORDER_SERVER, DASHBOARD_SERVER = 50.0, 50.0, 100.0, 200.0
RUNS = 7


@dataclass(frozen=True)
class Figure:
    """One page: how long its queries took, how long the server took for it in all, how many queries; milliseconds."""

    what: str
    sql: float
    server: float
    queries: int
    is_over: bool


def tell(words: str) -> None:
    """Write one line."""
    sys.stdout.write(f"{words}\n")


def database(documents: int = DOCUMENTS, purpose: str = "desk") -> None:
    """Point this process at a database with so many documents, made and seeded where it is missing."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    os.environ.setdefault("HTTPS", "false")
    import django  # noqa: PLC0415 - before settings can be asked for anything

    django.setup()
    from django.conf import settings  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import connections  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from archive.models import Document  # noqa: PLC0415
    from integration.flows.figures import keep_figures  # noqa: PLC0415
    from portal.copies import DatabaseCopies, point_at  # noqa: PLC0415
    from portal.installation import read_installation  # noqa: PLC0415
    from portal.seeding.seed import SeedError, check, estimate, seed  # noqa: PLC0415

    installation = read_installation(settings.DATA_FOLDER)
    if installation is None:
        sys.exit("This needs the private database: make setup first.")
    name = f"gridport_{purpose}_{documents}"
    with connections["owner"].cursor() as owner:
        owner.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        is_there = owner.fetchone() is not None
    if not is_there:
        DatabaseCopies(installation.address("owner"), installation.address("app"), settings.DATA_FOLDER).make(
            name
        )
    point_at(name)
    call_command("migrate", verbosity=0)
    if not Document.objects.exists():
        tell(f"{documents:,} documents take {estimate(documents)}.")
        try:
            check(documents, settings.DATA_FOLDER)
        except SeedError as error:
            sys.exit(str(error))
        seed(documents, timezone.now(), tell)
    keep_figures()


def main() -> int:
    """Measure, print, and write ``.data/bench/desk.json``."""
    database()
    figures = measured()
    stock = stock_search()
    found = {
        "documents": DOCUMENTS,
        "limits_ms": {"find_sql": FIND_SQL, "list_sql": LIST_SQL, "order_server": ORDER_SERVER, "dashboard_server": DASHBOARD_SERVER},
        "pages": [asdict(each) for each in figures],
        "django_search_fields_ms": stock,
    }  # fmt: skip
    target = ROOT / ".data" / "bench" / "desk.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(found, indent=2))
    tell(f"{DOCUMENTS:,} documents, fastest of {RUNS} runs, milliseconds")
    tell(f"{'':44}{'SQL':>8}{'server':>9}{'queries':>9}")
    for each in figures:
        tell(
            f"{each.what:44}{each.sql:8.1f}{each.server:9.1f}{each.queries:9}{'  over its limit' if each.is_over else ''}"
        )
    tell("Django's search_fields on the same documents, SQL of count and first page:")
    for term, took in stock.items():
        tell(f"{term:44}{took:8.1f}")
    return int(any(each.is_over for each in figures))


def measured() -> list[Figure]:
    """Return the figures of every page."""
    from django.contrib import admin  # noqa: PLC0415
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415
    from django.urls import reverse  # noqa: PLC0415

    from integration.models import Order  # noqa: PLC0415

    user, _ = User.objects.get_or_create(
        username="bench", defaults={"is_staff": True, "is_superuser": True, "password": "!"}
    )
    client = Client(HTTP_HOST="localhost")
    client.force_login(user)
    found = [
        page(client, f"Find {words}", f"{reverse('find')}?q={term}", sql=FIND_SQL)
        for words, term in TERMS.items()
    ]
    order = Order.objects.get(number=1042)
    address = reverse("admin:integration_order_change", args=[order.pk])
    found.append(page(client, "Order 1042", address, server=ORDER_SERVER))
    found.append(page(client, "Dashboard", reverse("admin:index"), server=DASHBOARD_SERVER))
    for model in admin.site._registry:
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        found.append(page(client, f"List of {model._meta.verbose_name_plural}", address, sql=LIST_SQL))
    return found


def page(client: Any, what: str, address: str, sql: float = 0, server: float = 0) -> Figure:
    """Return the fastest of some runs of one page, held against its limits; 0 is none."""
    runs = sorted(run(lambda: client.get(address)) for _ in range(RUNS + 1))
    took, whole, queries = runs[0]
    is_over = bool((sql and took > sql) or (server and whole > server))
    return Figure(what, round(took, 1), round(whole, 1), queries, is_over)


def run(ask: Callable[[], Any]) -> tuple[float, float, int]:
    """Return milliseconds in the database, milliseconds in all, and how many queries there were."""
    from django.db import connection  # noqa: PLC0415

    times: list[float] = []

    def record(execute: Any, query: str, params: Any, many: bool, context: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(query, params, many, context)
        finally:
            times.append(time.perf_counter() - began)

    began = time.perf_counter()
    with connection.execute_wrapper(record):
        answer = ask()
    whole = time.perf_counter() - began
    if getattr(answer, "status_code", 200) not in (200, 302):
        sys.exit(f"The page answered {answer.status_code}.")
    return 1000 * sum(times), 1000 * whole, len(times)


def stock_search() -> dict[str, float]:
    """Return how long Django's own ``search_fields`` takes for what Find is asked: count and first page, once each."""
    from django.contrib.admin import ModelAdmin, site  # noqa: PLC0415
    from django.http import HttpRequest  # noqa: PLC0415

    from archive.models import Document  # noqa: PLC0415

    class Stock(ModelAdmin):  # type: ignore[type-arg]
        search_fields = STOCK_FIELDS

    def ask(term: str) -> None:
        rows, doubles = Stock(Document, site).get_search_results(
            HttpRequest(), Document.objects.order_by("-pk"), term
        )
        wanted = rows.distinct() if doubles else rows
        wanted.count()
        list(wanted[:100])

    took = {}
    for words in ("the order 1042", "an absent e-mail"):
        term = TERMS[words]
        took[words] = round(run(lambda term=term: ask(term))[0], 1)  # type: ignore[misc]
    return took


if __name__ == "__main__":
    sys.exit(main())
