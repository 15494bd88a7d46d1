"""What an export is asked with, and whether whoever asked may still have it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta

from django.http import QueryDict
from rest_framework import status

from archive import changes, keys
from archive.clock import database_now
from archive.reach import Reach
from integration.flows.steps import STEPS
from integration.work import Step, put
from portal.api.asking import reach_with, require_good, require_reading
from portal.api.problems import Problem, bad_parameter
from portal.api.reading import Asked, asked
from portal.api.resources import BY_NAME, Resource
from portal.api.streams import FORMATS
from portal.models import ApiToken, Export

STEP = "write_export"
AT_ONCE = 3
"""So many exports of one token are at work at most."""
KEPT_AT_ONCE = 20
"""So many of one token are at work or lie ready at most."""
NOT_HERE = ("cursor", "limit", "fields", "format")
"""Parameters of lists that an export takes otherwise, or not at all."""


def ask(
    token: ApiToken, resource: Resource, filters: Mapping[str, str], fields: Sequence[str], kind: str
) -> Export:
    """Have a file be written of what ``filters`` leave of ``resource``, in the caller's transaction. Raises ``Problem``.

    It is as things stand now: what changes while it is written is left for ``next_cursor``.
    """
    assert kind in FORMATS
    wanted = _wanted(token, resource, filters, fields)
    # Before anything is written, so that this transaction holds back nothing; what is over is below the horizon behind it.
    complete, horizon = changes.complete_until(resource.name), changes.horizon()
    ApiToken.objects.select_for_update().get(pk=token.pk)  # one of theirs after the other
    _require_room(token)
    export = Export.objects.create(
        token=token,
        resource=resource.name,
        filters=dict(filters),
        fields=list(fields),
        format=kind,
        horizon=horizon,
        epoch=wanted.epoch,
        sight=_sight(wanted.reach),
        complete_until=complete,
        **keys.wrapped_by_store(keys.new_key()),
    )
    put(STEPS[STEP].lane, step_of(export))
    export.refresh_from_db(fields=["made_at"])
    return export


def allowed(export: Export) -> Asked:
    """Return what ``export`` reads. Raises ``Problem`` where its token, or the token's user, may have it no more."""
    token = export.token
    require_good(token, database_now())
    resource = BY_NAME.get(export.resource)
    if resource is None:
        raise Problem(status.HTTP_404_NOT_FOUND, "not_found", f"There is no list {export.resource} any more.")
    wanted = _wanted(token, resource, export.filters, export.fields)
    if _sight(wanted.reach) != export.sight:
        raise Problem(
            status.HTTP_403_FORBIDDEN,
            "right_missing",
            "Which partners, stores or documents this token sees was changed since the export was asked for. Ask for"
            " another.",
        )
    if wanted.epoch != export.epoch:
        raise Problem(
            status.HTTP_410_GONE,
            "cursor_over",
            "The database was restored since the export was asked for. Ask for another.",
        )
    return wanted


def step_of(export: Export, delay: timedelta = timedelta(0)) -> Step:
    """Return the step that writes the next part of ``export``."""
    return Step(STEP, str(export.pk), f"{STEP}:{export.pk}", delay)


def _wanted(token: ApiToken, resource: Resource, filters: Mapping[str, str], fields: Sequence[str]) -> Asked:
    require_reading(token, resource)
    for name in NOT_HERE:
        if name in filters:
            raise bad_parameter(name, "this is no filter of an export.")
    query = QueryDict(mutable=True)
    query.update(filters)
    if fields:
        query["fields"] = ",".join(fields)
    return asked(resource, query, reach_with(token))


def _sight(reach: Reach) -> str:
    told = [None if each is None else sorted(each) for each in (reach.partners, reach.stores, reach.sets)]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _require_room(token: ApiToken) -> None:
    held = Export.objects.filter(token=token)
    if held.filter(state__in=Export.AT_WORK).count() >= AT_ONCE:
        raise Problem(
            status.HTTP_429_TOO_MANY_REQUESTS,
            "too_many_exports",
            f"{AT_ONCE} exports of this token are being written: wait for one, or stop one (DELETE).",
        )
    if held.filter(state__in=Export.HELD).count() >= KEPT_AT_ONCE:
        raise Problem(
            status.HTTP_429_TOO_MANY_REQUESTS,
            "too_many_exports",
            f"{KEPT_AT_ONCE} exports of this token are kept: remove one that you have read (DELETE).",
        )
