"""Large exports by the API: asked for, looked at, stopped, and taken."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.http import HttpResponseBase
from django.urls import reverse
from rest_framework import serializers, status
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from archive import changes
from archive.changes import Place
from archive.models import AccessRecord
from archive.store import record_access
from portal.api import problems
from portal.api.actions import ActionView, Done
from portal.api.asking import actor, token_of
from portal.api.filters import LARGEST, LONGEST, Shape
from portal.api.problems import Problem
from portal.api.resources import BY_NAME
from portal.api.streams import FORMATS, file_response
from portal.api.views import matches
from portal.exports.asked import allowed, ask
from portal.exports.parts import PartsMissing, packed_file, packed_size, plain_file, require_parts
from portal.exports.writing import stop
from portal.models import Export

State = Export.State
SHOWN = 50
"""So many exports are listed at most."""
_LONGEST_PURPOSE = 100


class ExportBody(serializers.Serializer):  # type: ignore[type-arg]
    """Which list, what it is narrowed by, which columns, and as what."""

    resource = serializers.ChoiceField(sorted(BY_NAME))
    filters = serializers.DictField(
        child=serializers.CharField(max_length=LONGEST, trim_whitespace=False), required=False
    )
    fields = serializers.ListField(  # type: ignore[assignment]
        child=serializers.CharField(max_length=LONGEST), min_length=1, max_length=LONGEST, required=False
    )
    format = serializers.ChoiceField(sorted(FORMATS), default="csv")


class LinksRecord(serializers.Serializer):  # type: ignore[type-arg]
    """Where an export is looked at, and its file taken; null where there is none."""

    self = serializers.CharField()
    file = serializers.CharField(allow_null=True)


class ExportRecord(serializers.Serializer):  # type: ignore[type-arg]
    """One export, and how far it is written."""

    id = serializers.IntegerField()
    resource = serializers.CharField()
    filters = serializers.DictField(child=serializers.CharField())
    fields = serializers.ListField(  # type: ignore[assignment]
        child=serializers.CharField(), help_text="Empty: all columns."
    )
    format = serializers.ChoiceField(sorted(FORMATS))
    state = serializers.ChoiceField(
        [each.value for each in State],
        help_text="waiting, running, done (the file can be taken), stopped, failed, removed.",
    )
    sentence = serializers.CharField(help_text="Why it ended without a file.")
    rows_done = serializers.IntegerField()
    rows_expected = serializers.IntegerField(
        allow_null=True, help_text="About how many rows there will be; null where nobody can say."
    )
    size = serializers.IntegerField(help_text="Bytes of the file so far, unpacked.")
    made_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(
        allow_null=True, help_text="Then the file is removed: 24 hours after it was ready."
    )
    next_cursor = serializers.CharField(
        help_text="Give it as cursor to the list: what changed since the export was asked for."
    )
    complete_until = serializers.DateTimeField(
        help_text="Whatever was committed before is in the file, or was changed later and stands behind next_cursor."
    )
    links = LinksRecord()


class ExportsRecord(serializers.Serializer):  # type: ignore[type-arg]
    """The newest exports of the token."""

    data = ExportRecord(many=True)  # type: ignore[assignment]


class MayExport(BasePermission):
    """Whoever has a token: what it may read is asked of what it wants, and again before each part and before the file."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Say yes: who has no token was refused before."""
        return True


class ExportView(ActionView):
    """What all addresses of exports share: a token sees its own alone."""

    permission_classes = (MayExport,)
    body, answered = ExportBody, ExportRecord
    tag = "exports"

    def own(self, request: Request, pk: int) -> Export:
        """Return an export of the token's. Raises ``Problem`` where there is none."""
        rows = Export.objects.filter(token=token_of(request), pk=min(pk, LARGEST))
        export = rows.select_related("token__user").first()
        if export is None:
            raise problems.not_found()
        return export


class ExportsView(ExportView):
    """A whole list as a file, for lists that take too long to be sent at once.

    It is written in the background, part by part, as things stood when it was asked for; look at it until its state is done.
    What changes while it is written is left out, and stands behind next_cursor with all that changes later. The file is kept for 24 hours, encrypted, and then removed. What its token, or the token's user, may no longer read ends
    it. A token has 3 exports at work and 20 kept at most.
    """

    success = status.HTTP_202_ACCEPTED
    listed = ExportsRecord

    def get(self, request: Request) -> Response:
        """The exports of the token, the newest first, 50 at most."""
        no_parameters(request)
        rows = Export.objects.filter(token=token_of(request)).order_by("-pk")[:SHOWN]
        return Response({"data": [told(each) for each in rows]})

    def post(self, request: Request) -> Response:
        """Ask for a whole list as a file."""
        no_parameters(request)

        def act(given: dict[str, Any]) -> Done:
            export = ask(
                token_of(request),
                BY_NAME[given["resource"]],
                given.get("filters", {}),
                given.get("fields", []),
                given["format"],
            )
            return Done(told(export), self.success)

        response = self.once(request, act)
        response["Location"] = response.data["links"]["self"]
        return response


class OneExportView(ExportView):
    """One export: how far it is written, and where its file is."""

    def get(self, request: Request, pk: int) -> Response:
        """How far an export is written."""
        no_parameters(request)
        return Response(told(self.own(request, pk)))

    def delete(self, request: Request, pk: int) -> Response:
        """Stop an export, or remove its file."""
        no_parameters(request)
        with transaction.atomic():
            stop(self.own(request, pk), f"{actor(request)} stopped it, or removed the file.")
        return Response(told(self.own(request, pk)))


class ExportFileView(ExportView):
    """The file of an export that is done: as gzip where that is accepted, else unpacked."""

    def get(self, request: Request, pk: int) -> HttpResponseBase:
        """The file of an export."""
        no_parameters(request)
        export = self.own(request, pk)
        _require_file(export)
        allowed(export)
        is_packed = _takes_gzip(request)
        tag = f'"{export.pk}-{export.digest[:32]}{"-gzip" if is_packed else ""}"'
        headers = {"ETag": tag, "Vary": "Accept-Encoding"}
        if matches(request, tag):
            return Response(status=status.HTTP_304_NOT_MODIFIED, headers=headers)
        record_access(
            actor=actor(request),
            kind=AccessRecord.Kind.EXPORT,
            subject=export.subject,
            purpose=_purpose(export),
        )
        name = f"{BY_NAME[export.resource].path}-{export.pk}"
        pieces = packed_file(export) if is_packed else plain_file(export)
        response = file_response(request, name, export.format, pieces)
        headers["Content-Length"] = str(packed_size(export) if is_packed else export.size)
        if is_packed:
            headers["Content-Encoding"] = "gzip"
        for header, value in headers.items():
            response[header] = value
        return response


def told(export: Export) -> dict[str, Any]:
    """Return what is said of an export."""
    path = reverse("api:exports_row", args=[export.pk])
    file = reverse("api:exports_file", args=[export.pk]) if export.state == State.DONE else None
    return {
        "id": export.pk,
        "resource": export.resource,
        "filters": export.filters,
        "fields": export.fields,
        "format": export.format,
        "state": export.state,
        "sentence": export.sentence,
        "rows_done": export.rows_done,
        "rows_expected": export.rows_expected,
        "size": export.size,
        "made_at": _moment(export.made_at),
        "ended_at": _moment(export.ended_at),
        "expires_at": _moment(export.expires_at),
        "next_cursor": changes.written(Place(export.horizon - 1, changes.LAST), export.epoch),
        "complete_until": _moment(export.complete_until),
        "links": {"self": path, "file": file},
    }


def no_parameters(request: Request) -> None:
    """Raise ``Problem`` where the address has parameters."""
    if request.query_params:
        raise Problem(status.HTTP_400_BAD_REQUEST, "parameter_unknown", "There are no parameters here.")


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")


def _require_file(export: Export) -> None:
    if export.state in Export.AT_WORK:
        raise Problem(
            status.HTTP_409_CONFLICT,
            "export_not_ready",
            f"{export.rows_done:,} rows are written so far. Look at it until its state is done.",
        )
    if export.state in (State.STOPPED, State.FAILED):
        raise Problem(status.HTTP_409_CONFLICT, "export_ended", f"{export.sentence} Ask for another.")
    why = export.sentence
    if export.state == State.DONE:
        try:
            return require_parts(export)
        except PartsMissing as error:
            why = str(error)
    raise Problem(
        status.HTTP_410_GONE, "export_removed", f"The file is there no more. {why} Ask for another."
    )


def _takes_gzip(request: Request) -> bool:
    """Say whether a packed answer is accepted: named, and not with ``q=0``."""
    for each in request.headers.get("Accept-Encoding", "").split(","):
        name, *details = [part.strip().lower() for part in each.split(";")]
        if name == "gzip":
            return not any(detail in ("q=0", "q=0.0", "q=0.00", "q=0.000") for detail in details)
    return False


def _purpose(export: Export) -> str:
    """Return what the record says of the file: which list, how many rows, and what it was narrowed by. What was looked for by
    its text stands there by the filter's name alone: it may be a name."""
    known = {each.name: each for each in BY_NAME[export.resource].filters}
    said = [
        name if name in known and known[name].shape is Shape.TEXT else f"{name}={value}"
        for name, value in sorted(export.filters.items())
    ]
    narrowed = f", by {' '.join(said)}" if said else ""
    title = BY_NAME[export.resource].title
    words = f"API, {export.format} of {title}: {export.rows_done} rows{narrowed}"
    return words if len(words) <= _LONGEST_PURPOSE else f"{words[: _LONGEST_PURPOSE - 1]}…"
