"""Live and ready: what a supervisor and a load balancer ask."""

from __future__ import annotations

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from integration.models import Lane


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
    return JsonResponse({"ready": True})
