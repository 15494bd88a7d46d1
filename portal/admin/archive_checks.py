"""Whether the archive still is what was sealed: each check with what it looked at and found, and the last seals."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import display
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.text import format_lazy
from django.utils.translation import gettext, gettext_lazy, ngettext

from archive import sealing
from archive.checking import SHARES
from archive.models import SealCheck, SealPublication, SealRoot
from integration.flows import check_archive
from integration.flows.decide import DECIDE, Refused
from integration.models import ExceptionCase
from portal.admin.base import EmptyState, HistoryAdmin
from portal.admin.show import BAD, GOOD, WAITING, badge, list_url, moment, page_url
from portal.admin.verbs import ReasonForm, person, require

LAST_SEALS = 10
LOOKED_AT = {
    "rows": gettext_lazy("Records compared with their seals"),
    "not sealed yet": gettext_lazy("Records too new to be sealed"),
    "trees": gettext_lazy("Days whose seal was worked out anew"),
    "leaves of the open tree": gettext_lazy("Records sealed since the last day was closed"),
    "roots": gettext_lazy("Seals of days, each going on from the one before"),
    "published": gettext_lazy("Seals that stand among the published roots"),
    "in the bucket": gettext_lazy("Seals in the archive's bucket read back and compared"),
    "not read": gettext_lazy("Seals in the archive's bucket that it did not give"),
    "lost": gettext_lazy("Published days that a restore from a backup lost"),
    "disposed": gettext_lazy("Files disposed of whose certificates a restore from a backup lost"),
}


def result(row: SealCheck) -> SafeString:
    """Return what a check came to."""
    if row.finished_at is None:
        return badge(gettext("Checking"), WAITING)
    if row.found:
        return badge(
            ngettext("%(found)s finding", "%(found)s findings", row.found) % {"found": f"{row.found:,}"},
            BAD,
        )
    return badge(gettext("As it was sealed"), GOOD)


def extent(row: SealCheck) -> str:
    """Return how much was checked."""
    return (
        gettext("Everything") if row.share is None else gettext("One part in %(shares)s") % {"shares": SHARES}
    )


@admin.register(SealCheck)
class SealCheckAdmin(HistoryAdmin):
    """Checks of the archive against its seals, the last first."""

    list_display = ("shown_name", "shown_result", "shown_extent", "shown_started", "shown_by")
    ordering = ("-pk",)
    words = (gettext_lazy("archive check"), gettext_lazy("archive checks"))
    heading = gettext_lazy("Archive checks")
    empty = EmptyState(
        gettext_lazy("No check yet"),
        format_lazy(
            gettext_lazy(
                "Each day one part in {shares} of the archive is held against its seals: whether every record, and every file's bytes, still are what was sealed."
            ),
            shares=SHARES,
        ),
    )
    change_list_template = "portal/archive_checks.html"

    def get_urls(self) -> list[URLPattern]:
        """Add the page that asks for a check of everything."""
        ask = path("ask/", self.admin_site.admin_view(self.ask), name="archive_sealcheck_ask")
        return [ask, *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list with the last seals, and the button for those who may."""
        may = person(request).has_perm(DECIDE)
        extra = {
            "ask_url": reverse("admin:archive_sealcheck_ask") if may else "",
            "seals": _seals(),
            "open_size": f"{sealing.size_of(sealing.open_tree()):,}",
        }
        return super().changelist_view(request, {**extra, **(extra_context or {})})

    def ask(self, request: HttpRequest) -> HttpResponse:
        """Ask why, and have everything be checked."""
        user = require(request, DECIDE)
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = ReasonForm(request.POST or None)
        back = list_url(SealCheck)
        if request.method == "POST" and form.is_valid():
            try:
                row = check_archive.ask(user, form.cleaned_data["reason"])
            except Refused as refusal:
                messages.error(request, str(refusal))
                return HttpResponseRedirect(back)
            return HttpResponseRedirect(page_url(row))
        context = {
            "title": gettext("Check the archive now"),
            "heading": gettext("Check the whole archive now?"),
            "consequence": gettext(
                "Every record, every file's bytes and every seal are held against one another and against the"
                " published roots. Nothing is changed; what is found becomes a case."
            ),
            "button": gettext("Check"),
            "form": form,
            "cancel_url": back,
        }
        return self.page(request, None, "portal/verb.html", context)

    def show(self, request: HttpRequest, row: Any) -> HttpResponse:
        """Show one check."""
        context = {
            "row": row,
            "badge": result(row),
            "extent": extent(row),
            "lines": [
                (words, f"{row.counts[name]:,}") for name, words in LOOKED_AT.items() if row.counts.get(name)
            ],
            "more": f"{row.found - len(row.findings):,}" if row.found > len(row.findings) else "",
            "cases": ExceptionCase.objects.filter(kind=ExceptionCase.Kind.ARCHIVE, closed_at=None).count(),
            "cases_url": list_url(ExceptionCase, "kind__exact=archive"),
        }
        return self.page(request, row, "portal/archive_check.html", context)

    @display(description=gettext_lazy("Check"))
    def shown_name(self, row: SealCheck) -> str:
        """Return its name."""
        return str(row)

    @display(description=gettext_lazy("Result"))
    def shown_result(self, row: SealCheck) -> SafeString:
        """Return what it came to."""
        return result(row)

    @display(description=gettext_lazy("How much"))
    def shown_extent(self, row: SealCheck) -> str:
        """Return how much was checked."""
        return extent(row)

    @display(description=gettext_lazy("Begun"), ordering="started_at")
    def shown_started(self, row: SealCheck) -> str:
        """Return when it began."""
        return moment(row.started_at)

    @display(description=gettext_lazy("Asked by"))
    def shown_by(self, row: SealCheck) -> str:
        """Return who asked for it."""
        return row.asked_by or gettext("Gridport, daily")


def _seals() -> list[dict[str, Any]]:
    """Return the last seals, each with the places where it was published."""
    roots = SealRoot.objects.prefetch_related("publications")[:LAST_SEALS]
    return [{"root": root, "size": f"{root.size:,}", "places": _places(root)} for root in roots]


def _places(root: SealRoot) -> str:
    found = {each.place for each in root.publications.all()}
    return ", ".join(str(place.label) for place in SealPublication.Place if place in found)
