"""Lists by page: read by key, so that the thousandth page costs what the first does, and counted no further than shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.core.paginator import Paginator
from django.db.models import Field, QuerySet
from django.db.models.expressions import F
from django.db.models.fields.tuple_lookups import TupleGreaterThan, TupleLessThan
from django.http import HttpRequest
from django.utils.translation import gettext
from unfold.views import ChangeList

COUNT_LIMIT = 10_000
"""Lists are counted up to here; those that cannot be read by key are paged up to here too."""
AFTER, BEFORE = "after", "before"
_BETWEEN = "~"
"""Stands between the values of a key in an address."""


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than one row past ``COUNT_LIMIT``, however large the table is."""

    @cached_property
    def count(self) -> int:
        """Return the number of rows, ``COUNT_LIMIT + 1`` standing for "more"."""
        rows: Any = self.object_list
        if isinstance(rows, QuerySet):
            return int(rows.order_by()[: COUNT_LIMIT + 1].count())
        return len(rows)


@dataclass(frozen=True)
class Order:
    """An order of rows that a key continues: columns that always hold something, all up or all down, the last unique."""

    fields: tuple[Field[Any, Any], ...]
    is_descending: bool

    @classmethod
    def of(cls, rows: QuerySet[Any]) -> Order | None:
        """Return the order of ``rows``, or None where no key continues it."""
        # The class's order is there twice, from its rows and from its list.
        names = tuple(dict.fromkeys(rows.query.order_by))
        if not names or not all(isinstance(name, str) for name in names):
            return None
        signs = {str(name).startswith("-") for name in names}
        fields = [_column(rows.model, str(name).lstrip("-")) for name in names]
        if len(signs) > 1 or any(field is None or field.null for field in fields):
            return None
        return cls(tuple(field for field in fields if field is not None), signs.pop())

    def key(self, row: Any) -> str:
        """Return where ``row`` stands, as an address holds it."""
        values = [getattr(row, field.attname) for field in self.fields]
        return _BETWEEN.join(each.isoformat() if isinstance(each, datetime) else str(each) for each in values)

    def beyond(self, rows: QuerySet[Any], key: str, *, backwards: bool) -> QuerySet[Any]:
        """Return those of ``rows`` behind ``key``, or before it; all of them where it is no key of this order."""
        texts = key.rsplit(_BETWEEN, len(self.fields) - 1)
        if len(texts) != len(self.fields) or "\x00" in key:
            return rows
        try:
            values = [field.to_python(text) for field, text in zip(self.fields, texts, strict=True)]
        except ValidationError:
            return rows
        grows = self.is_descending == backwards
        if len(values) == 1:
            name = f"{self.fields[0].attname}__{'gt' if grows else 'lt'}"
            return rows.filter(**{name: values[0]})
        compared = TupleGreaterThan if grows else TupleLessThan
        return rows.filter(compared(tuple(F(field.attname) for field in self.fields), values))


def _column(model: Any, name: str) -> Field[Any, Any] | None:
    if name == "pk":
        return model._meta.pk  # type: ignore[no-any-return]
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return field if isinstance(field, Field) and field.concrete else None


class GridChangeList(ChangeList):  # type: ignore[misc]
    """A list whose rows get what they show from a bounded number of further queries, a page at a time.

    Where its order allows, pages are read by key, and ``previous_url`` and ``next_url`` lead on; a row that is written
    meanwhile moves nothing to another page. Else they are counted through, as far as ``COUNT_LIMIT``.
    """

    by_key = False
    filter_params: dict[str, Any]
    first_url = previous_url = next_url = ""

    def get_filters_params(self, params: Any = None) -> Any:
        """Return what filters the list: a key is no filter."""
        found = super().get_filters_params(params)
        return {name: value for name, value in found.items() if name not in (AFTER, BEFORE)}

    def get_query_string(self, new_params: Any = None, remove: Sequence[str] | None = None) -> str:
        """Return the list's address with other choices, which begin on its first page."""
        before: dict[str, Any] = self.filter_params
        self.filter_params = {name: value for name, value in before.items() if name not in (AFTER, BEFORE)}
        try:
            return str(super().get_query_string(new_params, remove))
        finally:
            self.filter_params = before

    def get_results(self, request: HttpRequest) -> None:
        """Fetch the page, then let the admin class attach to it."""
        order = Order.of(self.queryset)
        if order is None:
            super().get_results(request)
            self.result_list: list[Any] = list(self.result_list)
        else:
            self._by_key(request, order)
        self.model_admin.attach(self.result_list)

    @property
    def count_words(self) -> str:
        """How many rows there are, in words."""
        limit = self.model_admin.count_limit
        one, several = self.model_admin.called()
        if self.result_count > limit:
            return f"{limit:,}+ {several}"
        if self.result_count == 1:
            return f"1 {one}"
        return (
            f"{self.result_count:,} {several}"
            if self.result_count
            else gettext("No %(several)s") % {"several": several}
        )

    def _by_key(self, request: HttpRequest, order: Order) -> None:
        size = self.list_per_page
        before, after = request.GET.get(BEFORE, ""), request.GET.get(AFTER, "")
        backwards = bool(before)
        rows = self.queryset.reverse() if backwards else self.queryset
        if before or after:
            rows = order.beyond(rows, before or after, backwards=backwards)
        found = list(rows[: size + 1])
        goes_on = len(found) > size
        found = found[:size][:: -1 if backwards else 1]
        self.by_key = True
        self.result_list = found
        if (goes_on or backwards) and found:
            self.next_url = self.get_query_string({AFTER: order.key(found[-1])})
        if (goes_on if backwards else after) and found:
            self.previous_url = self.get_query_string({BEFORE: order.key(found[0])})
        self.first_url = self.get_query_string() if before or after else ""
        self.paginator = self.model_admin.get_paginator(request, self.queryset, size)
        self.result_count = self.paginator.count if goes_on or before or after else len(found)
        self.show_full_result_count, self.full_result_count = False, None
        self.show_admin_actions, self.can_show_all, self.multi_page = True, False, False
