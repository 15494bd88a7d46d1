"""The API as a program sees it: OpenAPI 3.1, made from what answers.

``python manage.py spectacular --file portal/api/openapi.yaml`` writes it anew; a test shows what changed.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import build_bearer_security_scheme_object
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from portal.api.filters import LARGEST, LONGEST, Filter, Shape
from portal.api.problems import CONTENT_TYPE, TITLES
from portal.api.reading import MOST, USUAL
from portal.api.records import Record
from portal.api.resources import Resource
from portal.api.streams import FORMATS
from portal.api.views import ContentView, ListView, RowView

_TYPES: dict[Shape, Any] = {
    Shape.TEXT: {"type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": r"^[^\x00]+$"},
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


class Described(AutoSchema):
    """Describes an address by its resource."""

    view: Any

    def get_operation_id(self) -> str:
        """Return the name of the operation."""
        view, method = self.view, self.method.lower()
        what = {
            ListView: "list",
            RowView: "row",
            ContentView: "raw" if getattr(view, "raw", False) else "content",
        }
        return f"{method}_{view.resource.name}_{what.get(type(view), 'do')}"

    def get_tags(self) -> list[str]:
        """Return the heading under which it stands."""
        return [self.view.resource.path]

    def get_summary(self) -> str:
        """Return what it is for, in a few words."""
        title = self.view.resource.title
        if isinstance(self.view, ContentView):
            return "The bytes of a document as they travelled" if self.view.raw else "What a document says"
        return f"One of {title}" if isinstance(self.view, RowView) else f"{title[0].upper()}{title[1:]}"

    def get_description(self) -> str:  # type: ignore[override]
        """Return what it is for."""
        return str(self.view.resource.record.__doc__)

    def get_override_parameters(self) -> list[Any]:
        """Return the parameters of a list, or of a row."""
        resource = self.view.resource
        if isinstance(self.view, ContentView):
            return [_pk()]
        if isinstance(self.view, RowView):
            return [_pk(), _fields(resource)]
        return [*_of_lists(resource), *map(_of_filter, resource.filters)]

    def get_auth(self) -> list[dict[str, list[str]]]:
        """Return the ways to give a token: one of them is enough."""
        return [{name: []} for name in TokenScheme.name]

    def get_request_serializer(self) -> Any:
        """Return what is sent: nothing."""
        return None

    def get_response_serializers(self) -> Any:
        """Return what is answered, by status and format."""
        view = self.view
        found: dict[Any, Any] = {}
        if isinstance(view, ContentView):
            found |= (
                {(200, "application/octet-stream"): OpenApiTypes.BINARY} if view.raw else {200: ContentRecord}
            )
            refused: tuple[int, ...] = (400, 401, 403, 404, 410, 429, 503)
        elif isinstance(view, RowView):
            found |= {200: view.resource.record, 304: None}
            refused = (400, 401, 403, 404, 429, 503)
        else:
            found |= {(200, "application/json"): page_of(view.resource.record), 304: None}
            found |= {(200, media_type): OpenApiTypes.STR for media_type in FORMATS.values()}
            refused = (400, 401, 403, 406, 410, 429, 503)
        return found | {(status, CONTENT_TYPE): OpenApiResponse(ProblemRecord) for status in refused}

    def map_renderers(self, attribute: str) -> list[str]:
        """Return the formats of answers that name none."""
        return ["application/json"]


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
            " another time.",
        ),
    ]


def _of_filter(each: Filter) -> OpenApiParameter:
    schema = (
        {"type": "string", "enum": list(each.choices)} if each.shape is Shape.CHOICE else _TYPES[each.shape]
    )
    return OpenApiParameter(each.name, schema, description=each.about + ("" if each.finds else _LOOKED_AT))
