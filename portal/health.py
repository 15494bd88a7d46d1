"""Live and ready: what a supervisor and a load balancer ask."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from archive.clock import database_now
from archive.copies import standing
from archive.storages import place_name
from integration.claimable import longest_due
from integration.models import Channel, Lane

LONGEST_WAIT = timedelta(minutes=5)
"""What is due longer than this says that nobody works."""


@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """Say that the process answers; never asks the database, whose outage must not restart the fleet."""
    return JsonResponse({"live": True})


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Say whether this process can do its work: the database writes, and its schema is current. 200 or 503."""
    try:
        Lane.objects.update_or_create(name="ready", defaults={"knocked_at": None})
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return JsonResponse(
            {"ready": False, "problem": "The database does not answer or cannot write."}, status=503
        )
    if waiting:
        problem = f"{len(waiting)} migrations are not applied: run manage.py migrate as the owner."
        return JsonResponse({"ready": False, "problem": problem}, status=503)
    return JsonResponse({"ready": True, **_queue()})


def _queue() -> dict[str, Any]:
    """Say how the background work is doing. It makes no process unfit to be asked: pages show what is wrong."""
    waited = longest_due() or timedelta(0)
    away = Channel.objects.filter(opened_at__isnull=False).count()
    problems = []
    if waited > LONGEST_WAIT:
        problems.append(
            "Work is due for long: look whether manage.py worker runs, or whether it needs more WORKERS."
        )
    if away:
        problems.append(f"Stores or mailboxes out of reach: {away}.")
    problems += _copies()
    return {"degraded": problems, "oldest_waiting_seconds": int(waited.total_seconds())}


def _copies() -> list[str]:
    """Say what is wrong with copies of the archive."""
    limit = settings.ARCHIVE_WAITING_LIMIT
    stand = standing(place_name(), limit)
    problems = []
    if stand.since is not None and database_now() - stand.since > LONGEST_WAIT:
        more = " or more, which is the limit" if stand.waiting >= limit else ""
        problems.append(f"Payloads wait long to be copied to the archive's storage: {stand.waiting}{more}.")
    if stand.damaged:
        problems.append(f"Copies in the archive's storage that are damaged: {stand.damaged}.")
    return problems
