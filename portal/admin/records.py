"""Who did what: decisions of staff, readings of content, changes of settings. Looked at, never changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry

from archive.models import AccessRecord, AuditEntry
from portal.admin.base import EmptyState, HistoryAdmin
from portal.admin.filters import PeriodFilter, VerbFilter, verb_words
from portal.admin.show import moment
from portal.admin.subjects import payload_subjects, resolve


class ChangedFilter(PeriodFilter):
    """When a setting was changed."""

    field = "action_time"


@admin.register(AuditEntry)
class DecisionAdmin(HistoryAdmin):
    """Verbs of staff, with their reasons."""

    words = ("decision", "decisions")
    list_display = ("shown_verb", "shown_subject", "shown_actor", "reason", "shown_at")
    list_filter = (PeriodFilter, VerbFilter)
    search_fields = ("actor__startswith", "reason")
    search_help_text = "Person, or words of the reason"
    ordering = ("-pk",)
    fields = ("shown_verb", "shown_subject", "shown_actor", "reason", "shown_detail", "shown_at")
    readonly_fields = fields
    empty = EmptyState("No decisions yet", "Every verb of staff is kept here with its reason.")

    def attach(self, rows: Sequence[Any]) -> None:
        """Attach what each decision was about."""
        about = resolve(row.subject for row in rows)
        for row in rows:
            row.about = about[row.subject]

    def named(self, row: AuditEntry) -> str:
        """Return the verb and whose it was."""
        return f"{verb_words(row.verb)}, by {row.actor}"

    @display(description="Decision", ordering="verb")
    def shown_verb(self, entry: AuditEntry) -> str:
        """Return the verb."""
        return verb_words(entry.verb)

    @display(description="About")
    def shown_subject(self, entry: Any) -> str:
        """Return what it was about, as a link."""
        about = getattr(entry, "about", None) or resolve([entry.subject])[entry.subject]
        return str(about.as_link())

    @display(description="By", ordering="actor")
    def shown_actor(self, entry: AuditEntry) -> str:
        """Return who decided."""
        return entry.actor

    @display(description="Detail")
    def shown_detail(self, entry: AuditEntry) -> str:
        """Return what else is kept of it: ``Owner: dora``."""
        return "; ".join(f"{name.capitalize()}: {value}" for name, value in entry.detail.items()) or "None"

    @display(description="When", ordering="pk")
    def shown_at(self, entry: AuditEntry) -> str:
        """Return when."""
        return moment(entry.recorded_at)


@admin.register(AccessRecord)
class AccessAdmin(HistoryAdmin):
    """Who read the content of what."""

    words = ("reading", "readings")
    heading = "Content read"
    list_display = ("shown_at", "shown_actor", "shown_purpose", "shown_content")
    list_filter = (PeriodFilter,)
    search_fields = ("actor__startswith",)
    search_help_text = "How the reader's name begins"
    ordering = ("-pk",)
    fields = ("shown_at", "shown_actor", "shown_purpose", "shown_content", "correlation_id")
    readonly_fields = fields
    empty = EmptyState(
        "Nobody has read any content yet", "Each reading, by a person or by Gridport, leaves a row here."
    )

    def attach(self, rows: Sequence[Any]) -> None:
        """Attach what was read."""
        read = payload_subjects(row.payload_id for row in rows)
        for row in rows:
            row.content = read[row.payload_id]

    def named(self, row: AccessRecord) -> str:
        """Return who read, and what for."""
        return f"{row.actor}: {row.purpose}"

    @display(description="By", ordering="actor")
    def shown_actor(self, record: AccessRecord) -> str:
        """Return who read it: a person, or Gridport itself."""
        return record.actor

    @display(description="What for")
    def shown_purpose(self, record: AccessRecord) -> str:
        """Return the purpose that was given."""
        return record.purpose[:1].upper() + record.purpose[1:]

    @display(description="Content")
    def shown_content(self, record: Any) -> str:
        """Return what was read, as a link."""
        content = getattr(record, "content", None) or payload_subjects([record.payload_id])[record.payload_id]
        return str(content.as_link())

    @display(description="When", ordering="pk")
    def shown_at(self, record: AccessRecord) -> str:
        """Return when."""
        return moment(record.recorded_at)


@admin.register(LogEntry)
class SettingChangeAdmin(HistoryAdmin):
    """Which settings were changed by whom; values are not kept, so no secret is."""

    words = ("change of a setting", "changes of settings")
    list_display = ("shown_at", "user", "shown_change", "shown_kind", "object_repr", "shown_fields")
    list_filter = (ChangedFilter,)
    list_select_related = ("user", "content_type")
    search_fields = ("object_repr__startswith",)
    search_help_text = "How the name of what was changed begins"
    ordering = ("-pk",)
    fields = ("shown_at", "user", "shown_change", "shown_kind", "object_repr", "shown_fields")
    readonly_fields = fields
    empty = EmptyState(
        "No changes of settings yet", "Each change of a setting in this portal leaves a row here."
    )

    @display(description="When", ordering="pk")
    def shown_at(self, entry: LogEntry) -> str:
        """Return when."""
        return moment(entry.action_time)

    @display(description="What was done")
    def shown_change(self, entry: LogEntry) -> str:
        """Return Added, Changed or Removed."""
        return {ADDITION: "Added", CHANGE: "Changed"}.get(entry.action_flag, "Removed")

    @display(description="What")
    def shown_kind(self, entry: LogEntry) -> str:
        """Return what kind of setting it is."""
        return str(entry.content_type.name if entry.content_type else "").capitalize()

    @display(description="Fields")
    def shown_fields(self, entry: LogEntry) -> str:
        """Return the names of the fields."""
        return entry.get_change_message()
