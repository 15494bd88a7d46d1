"""Who did what: decisions of staff, changes of settings. Looked at, never changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.utils.translation import gettext, gettext_lazy

from archive.models import AuditEntry
from portal.admin.base import EmptyState, HistoryAdmin
from portal.admin.filters import PeriodFilter, VerbFilter, verb_words
from portal.admin.show import moment
from portal.admin.subjects import resolve


class ChangedFilter(PeriodFilter):
    """When a setting was changed."""

    field = "action_time"


@admin.register(AuditEntry)
class DecisionAdmin(HistoryAdmin):
    """Verbs of staff, with their reasons."""

    words = (gettext_lazy("decision"), gettext_lazy("decisions"))
    list_display = ("shown_verb", "shown_subject", "shown_actor", "reason", "shown_at")
    list_filter = (PeriodFilter, VerbFilter)
    search_fields = ("actor__startswith", "reason")
    search_help_text = gettext_lazy("Person, or words of the reason")
    ordering = ("-pk",)
    fields = ("shown_verb", "shown_subject", "shown_actor", "reason", "shown_detail", "shown_at")
    readonly_fields = fields
    empty = EmptyState(
        gettext_lazy("No decisions yet"), gettext_lazy("Every verb of staff is kept here with its reason.")
    )

    def attach(self, rows: Sequence[Any]) -> None:
        """Attach what each decision was about."""
        about = resolve(row.subject for row in rows)
        for row in rows:
            row.about = about[row.subject]

    def named(self, row: AuditEntry) -> str:
        """Return the verb and whose it was."""
        return gettext("%(verb_words)s, by %(actor)s") % {
            "verb_words": verb_words(row.verb),
            "actor": row.actor,
        }

    @display(description=gettext_lazy("Decision"), ordering="verb")
    def shown_verb(self, entry: AuditEntry) -> str:
        """Return the verb."""
        return verb_words(entry.verb)

    @display(description=gettext_lazy("About"))
    def shown_subject(self, entry: Any) -> str:
        """Return what it was about, as a link."""
        about = getattr(entry, "about", None) or resolve([entry.subject])[entry.subject]
        return str(about.as_link())

    @display(description=gettext_lazy("By"), ordering="actor")
    def shown_actor(self, entry: AuditEntry) -> str:
        """Return who decided."""
        return entry.actor

    @display(description=gettext_lazy("Detail"))
    def shown_detail(self, entry: AuditEntry) -> str:
        """Return what else is kept of it: ``Owner: dora``."""
        return "; ".join(f"{name.capitalize()}: {value}" for name, value in entry.detail.items()) or gettext(
            "None"
        )

    @display(description=gettext_lazy("When"), ordering="pk")
    def shown_at(self, entry: AuditEntry) -> str:
        """Return when."""
        return moment(entry.recorded_at)


@admin.register(LogEntry)
class SettingChangeAdmin(HistoryAdmin):
    """Which settings were changed by whom; values are not kept, so no secret is."""

    words = (gettext_lazy("change of a setting"), gettext_lazy("changes of settings"))
    list_display = ("shown_at", "user", "shown_change", "shown_kind", "object_repr", "shown_fields")
    list_filter = (ChangedFilter,)
    list_select_related = ("user", "content_type")
    search_fields = ("object_repr__startswith",)
    search_help_text = gettext_lazy("How the name of what was changed begins")
    ordering = ("-pk",)
    fields = ("shown_at", "user", "shown_change", "shown_kind", "object_repr", "shown_fields")
    readonly_fields = fields
    empty = EmptyState(
        gettext_lazy("No changes of settings yet"),
        gettext_lazy("Each change of a setting in this portal leaves a row here."),
    )

    @display(description=gettext_lazy("When"), ordering="pk")
    def shown_at(self, entry: LogEntry) -> str:
        """Return when."""
        return moment(entry.action_time)

    @display(description=gettext_lazy("What was done"))
    def shown_change(self, entry: LogEntry) -> str:
        """Return Added, Changed or Removed."""
        return {ADDITION: gettext("Added"), CHANGE: gettext("Changed")}.get(
            entry.action_flag, gettext("Removed")
        )

    @display(description=gettext_lazy("What"))
    def shown_kind(self, entry: LogEntry) -> str:
        """Return what kind of setting it is."""
        return str(entry.content_type.name if entry.content_type else "").capitalize()

    @display(description=gettext_lazy("Fields"))
    def shown_fields(self, entry: LogEntry) -> str:
        """Return the names of the fields."""
        return entry.get_change_message()
