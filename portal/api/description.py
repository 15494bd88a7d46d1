"""The API as a program sees it: OpenAPI 3.1, made from what answers.

``python manage.py spectacular --file portal/api/openapi.yaml`` writes it anew; a test shows what changed.
"""

from __future__ import annotations

from functools import cache
from inspect import cleandoc
from typing import Any

from django.urls import resolve
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import build_bearer_security_scheme_object
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from integration.flows.resubmit import Content
from portal.api import scorecards
from portal.api.actions import KEY, MATCH, ActionView, ResubmitView
from portal.api.bodies import PlanAnswer
from portal.api.exports import ExportFileView, ExportView
from portal.api.filters import LARGEST, LONGEST, Filter, Shape
from portal.api.problems import CONTENT_TYPE, TITLES
from portal.api.reading import MOST, USUAL
from portal.api.records import ALWAYS, Record, ScorecardRecord
from portal.api.resources import RESOURCES, Resource
from portal.api.scorecards import ScorecardsView
from portal.api.streams import FORMATS
from portal.api.views import ContentView, RowView

_SOMETHING = r"^[^\x00]*[^\s\x00][^\x00]*$"
_QUANTITY = r"^\d{1,11}(?:\.\d{1,4})?$"
_NO_NUL = r"^[^\x00]*$"
_PERIOD = r"^2[0-9]{3}(-(0[1-9]|1[0-2])|-Q[1-4])?$|^2[0-9]{3}-[0-9]{2}-[0-9]{2}/2[0-9]{3}-[0-9]{2}-[0-9]{2}$"
_TYPES: dict[Shape, Any] = {
    Shape.TEXT: {"type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": _NO_NUL},
    Shape.ID: {"type": "integer", "minimum": 0, "maximum": LARGEST},
    Shape.DATE: {"type": "string", "format": "date"},
    Shape.TIME: {"type": "string", "format": "date-time"},
    Shape.YES_OR_NO: {"type": "string", "enum": ["true", "false"]},
}
_LOOKED_AT = " A page may hold fewer rows for it, or none, while has_more is true: go on."


class ErrorRecord(serializers.Serializer):  # type: ignore[type-arg]
    """One thing that is wrong."""

    name = serializers.CharField()
    detail = serializers.CharField()


class ProblemRecord(serializers.Serializer):  # type: ignore[type-arg]
    """A refusal (RFC 9457). ``code`` stays as it is; ``detail`` is a sentence for people."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.ChoiceField(sorted(TITLES))
    detail = serializers.CharField()
    errors = ErrorRecord(many=True, required=False)  # type: ignore[assignment]


class ContentRecord(serializers.Serializer):  # type: ignore[type-arg]
    """What a document says: its canonical form."""

    id = serializers.IntegerField()
    transaction_set = serializers.CharField()
    content = serializers.JSONField()


@cache
def page_of(record: type[Record]) -> type[serializers.Serializer[Any]]:
    """Return what a page of ``record`` looks like."""
    name = record.__name__.removesuffix("Record")
    body = {
        "__doc__": f"Rows in the order in which they changed, and how to go on. {record.__doc__}",
        "data": record(many=True),
        "next_cursor": serializers.CharField(help_text="Give it as cursor: what comes behind these rows."),
        "has_more": serializers.BooleanField(help_text="There is more now. Go on until it is false."),
        "complete_until": serializers.DateTimeField(
            allow_null=True,
            help_text="Whatever was committed before is in this page or one before it; null while has_more is true.",
        ),
    }
    return type(f"{name}Page", (serializers.Serializer,), body)


class ScorecardPage(serializers.Serializer):  # type: ignore[type-arg]
    """Figures of the scorecards of some partners, whole, by the ids of partners."""

    data = ScorecardRecord(many=True)  # type: ignore[assignment]
    next_after = serializers.IntegerField(
        allow_null=True, help_text="Give it as after: the partners behind these; null where there are none."
    )
    has_more = serializers.BooleanField(help_text="There are more partners.")


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The three ways to give a token."""

    target_class = "portal.api.asking.TokenAuthentication"
    name = ["bearer", "apiKey", "basic"]

    def get_security_definition(self, auto_schema: Any) -> Any:
        """Return what the ways look like."""
        return [
            build_bearer_security_scheme_object("Authorization", "Bearer"),
            {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            {"type": "http", "scheme": "basic", "description": "Any name; the token as password."},
        ]


def exact(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Say what serializers cannot: a column may be left out by ``fields``, a body is always sent, and none has fields that are
    not described."""
    for methods in result["paths"].values():
        for operation in methods.values():
            if "requestBody" in operation:
                operation["requestBody"]["required"] = True
    for name, component in result["components"]["schemas"].items():
        if set(ALWAYS) <= set(component.get("properties", ())):
            component["required"] = list(ALWAYS)
        elif name.endswith("Request"):
            component["additionalProperties"] = False
            for each in component["properties"].values():
                if each.get("format") == "decimal":
                    each["pattern"] = _QUANTITY
                elif each.get("type") == "string" and "format" not in each:
                    each["pattern"] = _SOMETHING if each.get("minLength") else _NO_NUL
    return result


class Described(AutoSchema):
    """Describes an address by its resource."""

    view: Any

    def get_operation_id(self) -> str:
        """Return the name of the operation."""
        route = resolve(self.path.format(pk=1)).url_name
        return f"{self.method.lower()}_{route}"

    def get_tags(self) -> list[str]:
        """Return the heading under which it stands."""
        return ["exports" if isinstance(self.view, ExportView) else self.view.resource.path]

    def get_summary(self) -> str:
        """Return what it is for, in a few words."""
        if isinstance(self.view, ActionView):
            return str(self._called().__doc__).partition("\n")[0].rstrip(".")
        title = self.view.resource.title
        if isinstance(self.view, ContentView):
            return "The bytes of a document as they travelled" if self.view.raw else "What a document says"
        return f"One of {title}" if isinstance(self.view, RowView) else f"{title[0].upper()}{title[1:]}"

    def get_description(self) -> str:  # type: ignore[override]
        """Return what it is for."""
        if isinstance(self.view, ActionView):
            return str(self.view.__doc__)
        return cleandoc(str(self.view.resource.record.__doc__))

    def get_override_parameters(self) -> list[Any]:
        """Return the parameters of a list, or of a row."""
        resource = self.view.resource
        if isinstance(self.view, ActionView):
            return self._of_action()
        if isinstance(self.view, ContentView):
            return [_pk()]
        if isinstance(self.view, RowView):
            return [_pk(), _fields(resource)]
        if isinstance(self.view, ScorecardsView):
            return _of_scorecards()
        return [*_of_lists(resource), *map(_of_filter, resource.filters)]

    def get_auth(self) -> list[dict[str, list[str]]]:
        """Return the ways to give a token: one of them is enough."""
        return [{name: []} for name in TokenScheme.name]

    def get_request_serializer(self) -> Any:
        """Return what is sent."""
        if not isinstance(self.view, ActionView) or self.method != "POST":
            return None
        return {"application/json": _of_exports()} if isinstance(self.view, ExportView) else self.view.body

    def get_response_serializers(self) -> Any:
        """Return what is answered, by status and format."""
        view = self.view
        found: dict[Any, Any] = {}
        if isinstance(view, ExportFileView):
            found |= {(200, media_type): OpenApiTypes.STR for media_type in FORMATS.values()} | {304: None}
            return found | _refusals((400, 401, 403, 404, 409, 410, 429, 503))
        if isinstance(view, ActionView):
            return self._answers_of_action()
        if isinstance(view, ContentView):
            found |= (
                {(200, "application/octet-stream"): OpenApiTypes.BINARY} if view.raw else {200: ContentRecord}
            )
            refused: tuple[int, ...] = (400, 401, 403, 404, 410, 429, 503)
        elif isinstance(view, RowView):
            found |= {200: view.resource.record, 304: None}
            refused = (400, 401, 403, 404, 429, 503)
        elif isinstance(view, ScorecardsView):
            found |= {(200, "application/json"): ScorecardPage}
            found |= {(200, media_type): OpenApiTypes.STR for media_type in FORMATS.values()}
            refused = (400, 401, 403, 404, 406, 429, 503)
        else:
            found |= {(200, "application/json"): page_of(view.resource.record), 304: None}
            found |= {(200, media_type): OpenApiTypes.STR for media_type in FORMATS.values()}
            refused = (400, 401, 403, 406, 410, 429, 503)
        return found | _refusals(refused)

    def _called(self) -> Any:
        return getattr(self.view, self.method.lower())

    def _of_action(self) -> list[OpenApiParameter]:
        found = [_pk()] if "{pk}" in self.path else []
        if self.method == "POST" and self.view.needs_key:
            found += [_KEY, _MATCH] if found else [_KEY]
        if self.method == "GET" and isinstance(self.view, ResubmitView):
            found.append(_CONTENT)
        return found

    def _answers_of_action(self) -> dict[Any, Any]:
        view = self.view
        if self.method == "GET":
            answered = (
                PlanAnswer if isinstance(view, ResubmitView) else getattr(view, "listed", view.answered)
            )
            return {200: answered} | _refusals((400, 401, 403, 404, 409, 429, 503))
        if self.method == "DELETE":
            return {200: view.answered} | _refusals((400, 401, 403, 404, 429, 503))
        unmatched = (412,) if "{pk}" in self.path and view.needs_key else ()
        refused = (400, 401, 403, 404, 409, *unmatched, 413, 415, 422, 429, 503)
        return {view.success: view.answered} | _refusals(refused)

    def map_renderers(self, attribute: str) -> list[str]:
        """Return the formats of answers that name none."""
        return ["application/json"]


_KEY = OpenApiParameter(
    KEY,
    {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[!-~]+$"},
    OpenApiParameter.HEADER,
    required=True,
    description="A new one for each thing to do. Sent again, it is answered as the first time, and nothing is done twice.",
)
_MATCH = OpenApiParameter(
    MATCH,
    {"type": "string", "minLength": 1},
    OpenApiParameter.HEADER,
    description="The ETag of the row as a GET of it without fields gave it: where it has changed since, nothing is done.",
)
_CONTENT = OpenApiParameter(
    "content",
    {"type": "string", "enum": [each.value for each in Content]},
    description="The same bytes, or written anew with the mapping of now.",
)


def _refusals(codes: tuple[int, ...]) -> dict[Any, Any]:
    return {(status, CONTENT_TYPE): OpenApiResponse(ProblemRecord) for status in codes}


def _pk() -> OpenApiParameter:
    return OpenApiParameter(
        "pk",
        {"type": "integer", "minimum": 0, "maximum": LARGEST},
        OpenApiParameter.PATH,
        description="Its id.",
    )


def _fields(resource: Resource) -> OpenApiParameter:
    return OpenApiParameter(
        "fields",
        {"type": "array", "items": {"type": "string", "enum": list(resource.columns)}, "minItems": 1},
        style="form",
        explode=False,
        description="The columns that are wanted, with commas between; id and updated_at are always there.",
    )


def _of_lists(resource: Resource) -> list[OpenApiParameter]:
    return [
        OpenApiParameter(
            "cursor", str, description="next_cursor of the last answer; without it, from the beginning."
        ),
        OpenApiParameter(
            "limit",
            {"type": "integer", "minimum": 1, "maximum": MOST},
            description=f"Rows at most: {USUAL} where it is not given; of CSV and NDJSON all of them.",
        ),
        _fields(resource),
        OpenApiParameter(
            "updated_since",
            _TYPES[Shape.TIME],
            description="Changed at that moment or later (updated_at). A convenience: a transaction that took long is found"
            " under the time at which it began, so overlap by an hour, or use the cursor, which misses nothing."
            + _LOOKED_AT,
        ),
        OpenApiParameter(
            "updated_before", _TYPES[Shape.TIME], description="Changed before that moment." + _LOOKED_AT
        ),
        OpenApiParameter(
            "format",
            {"type": "string", "enum": ["json", *FORMATS]},
            description="Instead of Accept. CSV and NDJSON hold the whole list; the header Next-Cursor says where to go on"
            " another time. Such an answer is whole only where it ends as HTTP says: one that breaks off has to be asked for again.",
        ),
    ]


def _of_exports() -> dict[str, Any]:
    """Return the body that asks for an export: one shape for each list, with its filters and columns."""
    return {"oneOf": [_of_export(each) for each in RESOURCES]}


def _of_export(resource: Resource) -> dict[str, Any]:
    filters = {each.name: {**_as_text(each), "description": each.about} for each in resource.filters}
    changed = {name: _TYPES[Shape.TIME] for name in ("updated_since", "updated_before")}
    properties = {
        "resource": {"type": "string", "enum": [resource.name]},
        "filters": {"type": "object", "properties": filters | changed, "additionalProperties": False},
        "fields": {
            "type": "array",
            "items": {"type": "string", "enum": list(resource.columns)},
            "minItems": 1,
            "maxItems": LONGEST,
        },
        "format": {"type": "string", "enum": sorted(FORMATS), "default": "csv"},
    }
    return {
        "type": "object",
        "title": f"{resource.title[0].upper()}{resource.title[1:]}",
        "properties": properties,
        "required": ["resource"],
        "additionalProperties": False,
    }


def _as_text(each: Filter) -> dict[str, Any]:
    """Return how a filter's value is written in a body: as in an address, so always as text."""
    if each.shape is Shape.ID:
        return {"type": "string", "pattern": "^[0-9]{1,18}$"}
    return _schema(each)


def _schema(each: Filter) -> dict[str, Any]:
    if each.shape is Shape.CHOICE:
        return {"type": "string", "enum": list(each.choices)}
    return dict(_TYPES[each.shape])


def _of_scorecards() -> list[OpenApiParameter]:
    return [
        OpenApiParameter(
            "partner_id", _TYPES[Shape.ID], description="Whose scorecard: 404 where it is not in sight. Else everybody's."
        ),
        OpenApiParameter(
            "period",
            {"type": "string", "pattern": _PERIOD},
            description="A month 2026-10, a quarter 2026-Q3, a year 2026, or two days 2026-10-05/2026-10-18, both with it;"
            " days are the partner's. The last whole month where it is not given. A year at most.",
        ),
        OpenApiParameter("after", _TYPES[Shape.ID], description="Only partners whose ids are greater."),
        OpenApiParameter(
            "limit",
            {"type": "integer", "minimum": 1, "maximum": scorecards.MOST},
            description=f"Partners at most: {scorecards.USUAL} where it is not given; of CSV and NDJSON all of them.",
        ),
        OpenApiParameter(
            "format",
            {"type": "string", "enum": ["json", *FORMATS]},
            description="Instead of Accept. CSV and NDJSON hold all partners.",
        ),
    ]  # fmt: skip


def _of_filter(each: Filter) -> OpenApiParameter:
    return OpenApiParameter(
        each.name, _schema(each), description=each.about + ("" if each.finds else _LOOKED_AT)
    )
