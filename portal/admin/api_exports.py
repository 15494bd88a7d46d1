"""Large exports of the API: who asked for which list, how far each is written, who took it, and the verb that stops one."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from archive.models import AccessRecord, AuditEntry
from portal.access import reach_of
from portal.admin.base import EmptyState, HistoryAdmin
from portal.admin.governed_page import Listed, RecordPage, Said, Told, Verb
from portal.admin.show import BAD, GOOD, QUIET, WAITING, WARNING, moment, page_url, status
from portal.admin.verbs import person, run
from portal.api.resources import BY_NAME
from portal.exports.stopping import may_stop, stop_by_staff
from portal.models import Export

State = Export.State
TONES = {
    State.WAITING: WAITING,
    State.RUNNING: WAITING,
    State.DONE: GOOD,
    State.STOPPED: WARNING,
    State.FAILED: BAD,
    State.REMOVED: QUIET,
}
_TAKINGS = 100


def list_words(export: Export) -> str:
    """Return which list it is of, as people call it."""
    resource = BY_NAME.get(export.resource)
    words = resource.title if resource is not None else export.resource
    return f"{words[:1].upper()}{words[1:]}"


def progress_words(export: Export) -> str:
    """Return how far it is written: ``400 of about 1,200 rows``."""
    done, expected = export.rows_done, export.rows_expected
    if export.state in Export.AT_WORK and expected is not None:
        return gettext("%(done)s of about %(expected)s rows") % {
            "done": f"{done:,}",
            "expected": f"{max(done, expected):,}",
        }
    return ngettext("%(done)s row", "%(done)s rows", done) % {"done": f"{done:,}"}


@admin.register(Export)
class ExportAdmin(HistoryAdmin):
    """Exports, the newest first."""

    words = (_("API export"), _("API exports"))
    heading = _("API exports")
    list_display = (
        "shown_list", "shown_state", "shown_progress", "shown_token", "shown_user", "shown_made", "shown_until",
    )  # fmt: skip
    list_filter = ("state", "format")
    list_select_related = ("token__user",)
    search_fields = ("token__name", "token__prefix__startswith", "token__user__username")
    search_help_text = _("Name or beginning of the token, or user")
    ordering = ("-pk",)
    empty = EmptyState(
        _("No program asked for an export yet"),
        _(
            "A list that takes too long to be sent at once is written as a file in the background: a program asks for it by"
            " POST /api/v1/exports/. The page “API” leads to how."
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        """Add the verb."""
        view = self.admin_site.admin_view(require_POST(self.decide))
        own = [path("<int:object_id>/decide/", view, name="portal_export_decide")]
        return own + list(super().get_urls())

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return all of them; to whom not everything is shown, those in their own name."""
        rows, user = Export.objects.order_by("-pk"), person(request)
        return rows.filter(token__user=user) if reach_of(user).is_limited else rows

    def show(self, request: HttpRequest, row: Any) -> HttpResponse:
        """Show what was asked for, and what came of it."""
        export = Export.objects.select_related("token__user").get(pk=row.pk)
        is_kept = export.state in Export.HELD
        page = RecordPage(
            heading=gettext("Export %(number)s: %(list)s")
            % {"number": export.pk, "list": list_words(export).lower()},
            badge=self.shown_state(export),
            said=[*_asked(export), *_came(export)],
            lists=[*_takings(request, export), _entries(export)],
            decide_url=reverse("admin:portal_export_decide", args=[export.pk]),
            verbs=[_verb(export)] if is_kept and may_stop(person(request), export) else [],
            warning=export.sentence,
        )
        return self.page(request, export, "portal/governed.html", page.context())

    def decide(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Stop one export and show it again."""
        export = self.find(request, str(object_id))
        if export is None:
            return self.missing(request, str(object_id))
        if not may_stop(person(request), export):
            raise PermissionDenied
        if request.POST.get("verb") != "stop":
            return HttpResponseBadRequest(gettext("There is no such verb."))
        reason = request.POST.get("reason", "")
        done = gettext("Stopped: nothing of the file is kept.")
        run(request, lambda: stop_by_staff(person(request), export, reason), done)
        return HttpResponseRedirect(page_url(export))

    @display(description=_("List"), ordering="resource")
    def shown_list(self, export: Export) -> str:
        """Return which list, and as what."""
        return f"{list_words(export)} ({export.format})"

    @display(description=_("State"), ordering="state")
    def shown_state(self, export: Export) -> SafeString:
        """Return how far it is."""
        return status(export.state, export.get_state_display(), TONES)

    @display(description=_("Rows"))
    def shown_progress(self, export: Export) -> str:
        """Return how many rows are written."""
        return progress_words(export)

    @display(description=_("Token"), ordering="token__name")
    def shown_token(self, export: Export) -> str:
        """Return what was asked with."""
        return str(export.token)

    @display(description=_("In the name of"), ordering="token__user__username")
    def shown_user(self, export: Export) -> str:
        """Return in whose name."""
        return export.token.user.get_username()

    @display(description=_("Asked for"), ordering="pk")
    def shown_made(self, export: Export) -> str:
        """Return when."""
        return moment(export.made_at)

    @display(description=_("Kept until"), ordering="expires_at")
    def shown_until(self, export: Export) -> str:
        """Return when the file is removed."""
        return moment(export.expires_at)


def _asked(export: Export) -> list[Said]:
    filters = ", ".join(f"{name}={value}" for name, value in sorted(export.filters.items()))
    return [
        Said(gettext("List"), list_words(export)),
        Said(gettext("Format"), export.format),
        Said(gettext("Token"), str(export.token), page_url(export.token)),
        Said(gettext("In the name of"), export.token.user.get_username()),
        Said(gettext("Narrowed by"), filters or gettext("Nothing")),
        Said(gettext("Columns"), ", ".join(export.fields) or gettext("All"), is_wide=len(export.fields) > 4),
    ]


def _came(export: Export) -> list[Said]:
    return [
        Said(gettext("Rows"), progress_words(export)),
        Said(gettext("Size, unpacked"), filesizeformat(export.size)),
        Said(gettext("Asked for"), moment(export.made_at)),
        Said(gettext("Ended"), moment(export.ended_at)),
        Said(gettext("Kept until"), moment(export.expires_at)),
    ]


def _takings(request: HttpRequest, export: Export) -> list[Listed]:
    """Return who took the file, for whoever may look at who read what."""
    if not person(request).has_perm("archive.view_accessrecord"):
        return []
    # Those with hits say which rows were written into it.
    rows = AccessRecord.objects.filter(subject=export.subject, hits=[]).order_by("-pk")[:_TAKINGS]
    return [
        Listed(
            gettext("Who took the file"),
            (gettext("By"), gettext("When"), gettext("What")),
            [[Told(each.actor), Told(moment(each.recorded_at)), Told(each.purpose)] for each in rows],
            gettext("Nobody yet."),
        )
    ]


def _entries(export: Export) -> Listed:
    rows = AuditEntry.objects.filter(subject=export.subject).order_by("-pk")
    return Listed(
        gettext("What was decided"),
        (gettext("By"), gettext("When"), gettext("Why")),
        [[Told(each.actor), Told(moment(each.recorded_at)), Told(each.reason)] for each in rows],
        gettext("Nothing yet."),
    )


def _verb(export: Export) -> Verb:
    if export.state == State.DONE:
        return Verb(
            "stop",
            gettext("Remove the file"),
            gettext("Nobody can take it any more. The program may ask for another."),
            is_first=True,
        )
    return Verb(
        "stop",
        gettext("Stop"),
        gettext(
            "No more of it is written, and what was written is removed. The program may ask for another."
        ),
        is_first=True,
    )
