"""Who read what: content that was opened, and pages, lists, searches and files that were shown. Looked at, never changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin import SimpleListFilter, display
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy, ngettext

from archive.models import AccessRecord
from archive.store import MACHINE
from portal.admin.base import EmptyState, HistoryAdmin
from portal.admin.filters import Choices, PeriodFilter, Rows
from portal.admin.show import list_url, moment
from portal.admin.subjects import Subject, payload_subjects, resolve
from portal.filed_under import readings_of
from portal.readings import hashed

MOST_NAMED = 3
Kind = AccessRecord.Kind


class ReaderFilter(SimpleListFilter):
    """Readings by people, or by Gridport itself."""

    title = gettext_lazy("By")
    parameter_name = "by"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return both."""
        return [("people", gettext("People")), ("machine", gettext("Gridport itself"))]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """Keep those of one of them."""
        if self.value() == "people":
            return queryset.exclude(actor=MACHINE)
        return queryset.filter(actor=MACHINE) if self.value() == "machine" else queryset


class AboutFilter(SimpleListFilter):
    """Readings of one thing, wherever it was shown: the pages of an order and of a document lead here."""

    title = gettext_lazy("About")
    parameter_name = "about"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return the one thing that is asked for: there is no list of all."""
        asked = self.used_parameters.get(self.parameter_name, "")
        subject = asked[-1] if isinstance(asked, list) else str(asked)
        return [(subject, resolve([subject])[subject].words)] if subject else [("", gettext("Everything"))]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """Keep what was shown of it."""
        return queryset.filter(readings_of(str(self.value()))) if self.value() else queryset


def readings_url(subject: str) -> str:
    """Return the address of the list of who read of ``subject``."""
    return list_url(AccessRecord, urlencode({"about": subject}))


@admin.register(AccessRecord)
class AccessAdmin(HistoryAdmin):
    """Who read what."""

    words = (gettext_lazy("reading"), gettext_lazy("readings"))
    heading = gettext_lazy("Who read what")
    list_display = ("shown_at", "shown_actor", "shown_purpose", "shown_content")
    list_filter = (PeriodFilter, "kind", ReaderFilter, AboutFilter)
    search_fields = ("actor__startswith",)
    search_help_text = gettext_lazy("Reader, or exactly what was looked for")
    ordering = ("-pk",)
    fields = ("shown_at", "shown_actor", "shown_kind", "shown_purpose", "shown_all", "correlation_id")
    readonly_fields = fields
    empty = EmptyState(
        gettext_lazy("Nobody has read anything yet"),
        gettext_lazy("Each reading, by a person or by Gridport, leaves a row here."),
    )

    def get_search_results(self, request: HttpRequest, queryset: Rows, search_term: str) -> tuple[Rows, bool]:
        """Return readers by name, and searches for exactly these words: what was looked for is kept as a hash alone."""
        found, doubled = super().get_search_results(request, queryset, search_term)
        term = " ".join(search_term.split())
        return (found | queryset.filter(term__in=hashed(term)) if term else found), doubled

    def attach(self, rows: Sequence[Any]) -> None:
        """Attach what was read; of a list that was shown only how much, which takes no query for each kind of row."""
        read = payload_subjects(row.payload_id for row in rows if row.payload_id)
        about = resolve(name for row in rows for name in _first(row))
        for row in rows:
            row.content = [read[row.payload_id]] if row.payload_id else [about[each] for each in _first(row)]

    def named(self, row: AccessRecord) -> str:
        """Return who read, and what for."""
        return f"{row.actor}: {row.purpose}"

    @display(description=gettext_lazy("By"), ordering="actor")
    def shown_actor(self, record: AccessRecord) -> str:
        """Return who read it: a person, or Gridport itself."""
        return record.actor

    @display(description=gettext_lazy("What was shown"))
    def shown_kind(self, record: AccessRecord) -> str:
        """Return what kind of thing."""
        return record.get_kind_display()

    @display(description=gettext_lazy("What for"))
    def shown_purpose(self, record: AccessRecord) -> str:
        """Return the purpose that was given."""
        return record.purpose[:1].upper() + record.purpose[1:]

    @display(description=gettext_lazy("What"))
    def shown_content(self, record: Any) -> SafeString:
        """Return what was read, as links; of what a search brought the first rows, of a list how many there were."""
        further = len(_names(record)) - len(record.content)
        if record.payload_id or further <= 0:
            return _links(record.content)
        if not record.content:
            return format_html(ngettext("{count} row", "{count} rows", further), count=further)
        return format_html(gettext("{rows} and {further} more"), rows=_links(record.content), further=further)

    @display(description=gettext_lazy("What"))
    def shown_all(self, record: Any) -> SafeString:
        """Return everything that was read, as links."""
        if record.payload_id:
            return _links(payload_subjects([record.payload_id]).values())
        return _links(resolve(_names(record)).values())

    @display(description=gettext_lazy("When"), ordering="pk")
    def shown_at(self, record: AccessRecord) -> str:
        """Return when."""
        return moment(record.recorded_at)


def _names(record: AccessRecord) -> list[str]:
    return [each for each in (record.subject, *record.hits) if each]


def _first(record: AccessRecord) -> list[str]:
    return [] if record.kind == Kind.LIST else _names(record)[:MOST_NAMED]


def _links(found: Iterable[Subject]) -> SafeString:
    return format_html_join(", ", "{}", ((each.as_link(),) for each in found))
