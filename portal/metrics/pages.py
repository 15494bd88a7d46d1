"""``/metrics`` for Prometheus, and ``/health/deep`` for whoever wants to know in words what does not work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from archive import storages
from archive.clock import database_now
from archive.sealing import oldest_unsealed
from archive.storages import NotThere, StorageAway, StorageRefuses
from integration.models import Channel
from portal.backups.manifest import gridport_version
from portal.metrics import kept, sides, working
from portal.metrics.door import behind_token
from portal.metrics.exposition import CONTENT_TYPE, Metric, Sample, render

LONGEST_QUERY = "5s"
AWAY = "The database does not answer, or not in time.\n"
SKEW = 5.0
"""Seconds by which clocks may differ: leases and due times are the database's."""
SEALED_WITHIN = timedelta(hours=1)


@never_cache
@require_safe
@behind_token
def metrics(request: HttpRequest) -> HttpResponse:
    """Return every figure, in Prometheus' text format; 503 where the database is away."""
    try:
        with _briefly():
            text = render(figures())
    except DatabaseError:
        return HttpResponse(AWAY, status=503, content_type="text/plain; charset=utf-8")
    return HttpResponse(text, content_type=CONTENT_TYPE)


@never_cache
@require_safe
@behind_token
def deep(request: HttpRequest) -> JsonResponse:
    """Look at everything that we depend on: 200 where it works, 503 with what does not, a sentence each."""
    try:
        with _briefly():
            told = _looked_through()
    except DatabaseError:
        return JsonResponse({"healthy": False, "problems": [AWAY.strip()]}, status=503)
    told["problems"] += _storage()
    healthy = not told["problems"]
    return JsonResponse({"healthy": healthy, **told}, status=200 if healthy else 503)


def figures() -> list[Metric]:
    """Return every metric that there is."""
    now = database_now()
    version = Metric("info", "Which Gridport this is.", [Sample(1, {"version": gridport_version()})])
    return [version, *working.figures(now), *sides.figures(now), *kept.figures(now)]


@contextmanager
def _briefly() -> Iterator[None]:
    # A scrape comes every few seconds: one that takes long is given up, and is no burden on the work.
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [LONGEST_QUERY])
        yield


def _looked_through() -> dict[str, Any]:
    now, skew = database_now(), kept.clock_skew()
    channels = list(Channel.objects.order_by("name"))
    away = [each.name for each in channels if each.opened_at is not None]
    unsealed = oldest_unsealed()
    waits = timedelta(0) if unsealed is None else max(now - unsealed, timedelta(0))
    problems = [f"{name} does not answer: nothing is asked of it but a probe." for name in away]
    if abs(skew) > SKEW:
        problems.append(
            f"This machine's clock is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the database's: set both by NTP."
        )
    if waits > SEALED_WITHIN:
        problems.append(
            f"Records of the archive wait for {waits.total_seconds() / 3600:.0f} h to be sealed: look whether manage.py worker"
            " runs, and whether the step that seals stopped."
        )
    return {
        "problems": problems,
        "channels": {each.name: "away" if each.name in away else "answers" for each in channels},
        "clock_skew_seconds": round(skew, 3),
        "oldest_unsealed_seconds": int(waits.total_seconds()),
    }


def _storage() -> list[str]:
    """Ask the archive's storage for something that is not there: that it says so is all that is wanted."""
    try:
        storages.place().read(storages.key_of("0" * 64))
    except NotThere:
        return []
    except (StorageAway, StorageRefuses, ImproperlyConfigured) as problem:
        return [f"The archive's storage: {problem}"]
    return []
