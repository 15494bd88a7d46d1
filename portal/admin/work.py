"""The queue of work in plain words: what waits, what is being done, what stopped and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import F
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_POST

from integration.flows import decide
from integration.flows.cases import channel_cause, work_cause
from integration.flows.steps import STEPS
from integration.models import ExceptionCase, Work
from portal.admin.base import EmptyState, HistoryAdmin
from portal.admin.filters import StepFilter, WorkFilter
from portal.admin.show import BAD, QUIET, WAITING, WARNING, badge, list_url, moment
from portal.admin.subjects import Subject, resolve_work, step_words
from portal.admin.verbs import person, require, run


def _causes(row: Work) -> list[str]:
    """Return the causes of the cases that are about ``row``: its own, or that of what it waits for."""
    own = work_cause(row.step, row.subject)
    side = row.channel or row.talks_to
    return [own, channel_cause(side)] if side else [own]


def work_badge(row: Work) -> SafeString:
    """Return what is happening to the row now."""
    now = timezone.now()
    if row.parked_at is not None:
        return badge(gettext("Stopped"), BAD)
    if row.lease_until is not None and row.lease_until > now:
        return badge(gettext("Being done"), WAITING)
    if row.channel.startswith("pause:"):
        return badge(gettext("Paused"), WARNING)
    if row.error:
        return badge(gettext("Waiting to be tried again"), WARNING)
    if row.step in STEPS and STEPS[row.step].standing:
        return badge(gettext("Repeats"), QUIET)
    return badge(gettext("Waiting"), WAITING)


@admin.register(Work)
class WorkAdmin(HistoryAdmin):
    """Work; it is let go on by a verb alone."""

    words = (gettext_lazy("piece of work"), gettext_lazy("pieces of work"))
    heading = gettext_lazy("Background work")
    list_display = ("shown_step", "shown_state", "shown_subject", "shown_error", "shown_tries", "shown_due")
    list_filter = (WorkFilter, StepFilter)
    empty = EmptyState(
        gettext_lazy("Nothing to do"),
        gettext_lazy(
            "No work waits and none is stopped. With a store or a mailbox set up, their polls stand here."
        ),
    )

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        """Return stopped work first, then what is due next."""
        return [F("parked_at").desc(nulls_last=True), "due_at", "pk"]

    def attach(self, rows: Sequence[Any]) -> None:
        """Attach what each row is about."""
        about = resolve_work(rows)
        for row in rows:
            row.about = about[row.pk]

    def get_urls(self) -> list[URLPattern]:
        """Add the verb."""
        view = self.admin_site.admin_view(require_POST(self.release))
        own = [path("<path:object_id>/release/", view, name="integration_work_release")]
        return own + list(super().get_urls())

    def show(self, request: HttpRequest, row: Any) -> HttpResponse:
        """Show one row of work."""
        behind = Work.objects.filter(ordering_key=row.ordering_key, pk__gt=row.pk).count()
        context = {
            "work": row,
            "title": step_words(row.step),
            "badge": work_badge(row),
            "about": resolve_work([row])[row.pk],
            "behind": behind,
            "cases": list(
                ExceptionCase.objects.filter(cause__in=_causes(row), closed_at=None).select_related("owner")
            ),
            "may_decide": person(request).has_perm(decide.DECIDE),
            "release_url": reverse("admin:integration_work_release", args=[row.pk]),
        }
        return self.page(request, row, "portal/work.html", context)

    def release(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let a stopped row go on."""
        user = require(request, decide.DECIDE)
        row = self.find(request, object_id)
        if row is None:
            return self.missing(request, object_id)
        done = run(
            request,
            lambda: decide.release_work(user, row, request.POST.get("reason", "")),
            gettext("The work goes on."),
        )
        address = list_url(Work) if done else reverse("admin:integration_work_change", args=[row.pk])
        return HttpResponseRedirect(address)

    @display(description=gettext_lazy("What Gridport does"))
    def shown_step(self, row: Work) -> str:
        """Return the step in words."""
        return step_words(row.step)

    @display(description=gettext_lazy("State"))
    def shown_state(self, row: Work) -> SafeString:
        """Return what is happening to it."""
        return work_badge(row)

    @display(description=gettext_lazy("For"))
    def shown_subject(self, row: Any) -> str:
        """Return what it is about, as a link."""
        about: Subject = row.about
        return about.as_link(gettext("Everything"))

    @display(description=gettext_lazy("Why it has not happened"))
    def shown_error(self, row: Work) -> str:
        """Return the sentence of the last failure."""
        return row.error if len(row.error) <= 300 else f"{row.error[:299]}…"

    @display(description=gettext_lazy("Tries"), ordering="attempts")
    def shown_tries(self, row: Work) -> str:
        """Return how often it was begun since it last succeeded."""
        return str(row.attempts or gettext("None"))

    @display(description=gettext_lazy("Next try"), ordering="due_at")
    def shown_due(self, row: Work) -> str:
        """Return when it is done next; stopped work has no such time."""
        return moment(row.due_at) if row.parked_at is None else ""
