"""Restores that were tried out: when, of which backup, how long it took, and what was found."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin import display
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from integration.models import RestoreDrill
from portal.admin.base import EmptyState, HistoryAdmin
from portal.admin.show import BAD, GOOD, badge, moment


@admin.register(RestoreDrill)
class RestoreDrillAdmin(HistoryAdmin):
    """Drills, the newest first."""

    words = (gettext_lazy("restore drill"), gettext_lazy("restore drills"))
    heading = gettext_lazy("Restore drills")
    list_display = ("shown_began", "shown_result", "file", "shown_lost", "shown_took", "detail")
    list_filter = ("passed",)
    ordering = ("-pk",)
    fields = (
        "shown_began",
        "shown_result",
        "file",
        "shown_made",
        "shown_lost",
        "shown_took",
        "shown_rows",
        "detail",
    )
    readonly_fields = fields
    empty = EmptyState(
        gettext_lazy("No backup was tried out yet"),
        gettext_lazy(
            "“manage.py drill” restores the newest backup into a scratch database and looks through it; run it once a month."
        ),
    )

    @display(description=gettext_lazy("Tried"), ordering="pk")
    def shown_began(self, drill: RestoreDrill) -> str:
        """Return when."""
        return moment(drill.began_at)

    @display(description=gettext_lazy("Result"), ordering="passed")
    def shown_result(self, drill: RestoreDrill) -> SafeString:
        """Return whether it could be read."""
        return badge(gettext("Restored"), GOOD) if drill.passed else badge(gettext("Failed"), BAD)

    @display(description=gettext_lazy("Backup of"))
    def shown_made(self, drill: RestoreDrill) -> str:
        """Return when the backup was made."""
        return moment(drill.backup_made_at) if drill.backup_made_at else gettext("Not known")

    @display(description=gettext_lazy("Would have been lost"))
    def shown_lost(self, drill: RestoreDrill) -> str:
        """Return how much work lay behind the backup when it was tried."""
        if drill.backup_made_at is None:
            return gettext("Not known")
        minutes = max(0, int((drill.began_at - drill.backup_made_at).total_seconds() // 60))
        if minutes < 1:
            return gettext("Less than a minute")
        if minutes < 120:
            return gettext("The last %(minutes)s minutes") % {"minutes": minutes}
        return (
            gettext("The last %(value)s hours") % {"value": minutes // 60}
            if minutes < 2880
            else gettext("The last %(value)s days") % {"value": minutes // 1440}
        )

    @display(description=gettext_lazy("Took"), ordering="seconds")
    def shown_took(self, drill: RestoreDrill) -> str:
        """Return how long it took."""
        return f"{drill.seconds:,}\u00a0s"

    @display(description=gettext_lazy("Rows"))
    def shown_rows(self, drill: RestoreDrill) -> str:
        """Return how many rows were restored."""
        return f"{drill.rows:,}"
