"""Bulk jobs: how far each is, what became of every document, and the verbs that approve, stop and try again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_POST

from integration.flows import bulk, decide
from integration.flows.bulk import Progress
from integration.flows.spreadsheets import csv_pieces
from integration.models import BulkItem, BulkJob
from portal.access import seen
from portal.admin.base import EmptyState, HistoryAdmin
from portal.admin.content import refusal_of_export
from portal.admin.documents_table import document_words
from portal.admin.show import BAD, GOOD, QUIET, WAITING, WARNING, badge, moment, page_url
from portal.admin.timeline import timeline
from portal.admin.verbs import person, require, run
from portal.readings import telling

_ITEM_TONES = {
    BulkItem.State.WAITING: WAITING,
    BulkItem.State.DONE: GOOD,
    BulkItem.State.REFUSED: WARNING,
    BulkItem.State.STOPPED: QUIET,
}
_COLUMNS = (
    gettext_lazy("Document"),
    gettext_lazy("Partner"),
    gettext_lazy("Sent as interchange"),
    gettext_lazy("What became of it"),
    gettext_lazy("New interchange"),
    gettext_lazy("Why not"),
)


@dataclass(frozen=True)
class ItemRow:
    """One document of a job as its table and its file show it."""

    words: str
    url: str
    partner: str
    control_number: str
    tone: str
    state: str
    new_number: str
    new_url: str
    sentence: str

    @property
    def badge(self) -> SafeString:
        """What became of it."""
        return badge(self.state, self.tone)


def job_badge(job: BulkJob, now: Progress) -> SafeString:
    """Return how the job stands."""
    if job.state == BulkJob.State.PROPOSED:
        return badge(gettext("Waits for a second person"), WARNING)
    if job.state in (BulkJob.State.STOPPED, BulkJob.State.DECLINED):
        return badge(job.get_state_display(), QUIET)
    if now.waiting:
        return badge(gettext("Being sent"), WAITING)
    return badge(gettext("Finished, some failed"), BAD) if now.failed else badge(gettext("Finished"), GOOD)


def progress_words(now: Progress) -> str:
    """Return how far a job is: ``7 of 12 settled: 6 sent again, 1 not sent``."""
    counts = [
        (now.done, gettext("sent again")),
        (now.refused, gettext("not sent")),
        (now.failed, "failed"),
        (
            now.stopped,
            gettext("stopped before they were sent")
            if now.stopped > 1
            else gettext("stopped before it was sent"),
        ),
        (now.waiting, "waiting"),
    ]
    told = ", ".join(f"{count} {words}" for count, words in counts if count)
    return gettext("%(settled)s of %(total)s settled: %(told)s") % {
        "settled": now.settled,
        "total": now.total,
        "told": told,
    }


@admin.register(BulkJob)
class BulkJobAdmin(HistoryAdmin):
    """Bulk jobs; they are changed by verbs alone."""

    words = (gettext_lazy("bulk job"), gettext_lazy("bulk jobs"))
    heading = gettext_lazy("Bulk jobs")
    list_display = ("shown_name", "shown_state", "shown_progress", "started_by", "shown_started")
    list_filter = ("state",)
    ordering = ("-pk",)
    empty = EmptyState(
        gettext_lazy("No bulk jobs yet"),
        gettext_lazy("Choose documents in their list and press “Send again…”: the job stands here then."),
    )

    def get_urls(self) -> list[URLPattern]:
        """Add the verbs and the file."""
        verbs = self.admin_site.admin_view(require_POST(self.decide))
        result = self.admin_site.admin_view(self.result)
        own = [
            path("<int:object_id>/decide/", verbs, name="integration_bulkjob_decide"),
            path("<int:object_id>/result.csv", result, name="integration_bulkjob_result"),
        ]
        return own + list(super().get_urls())

    def show(self, request: HttpRequest, row: Any) -> HttpResponse:
        """Show the job's page, which looks after itself while the job runs."""
        job: BulkJob = row
        user = person(request)
        now = bulk.progress(job)
        may_decide = user.has_perm(decide.RESUBMIT_BULK)
        context = {
            "job": job,
            "title": gettext("%(job)s: send many again") % {"job": job},
            "badge": job_badge(job, now),
            "progress": now,
            "progress_words": progress_words(now),
            "is_live": job.state == BulkJob.State.RUNNING and now.waiting > 0,
            "items": list(_rows(_items(job))),
            "is_starter": job.user_id == user.pk,
            "is_proposed": may_decide and job.state == BulkJob.State.PROPOSED,
            "may_stop": may_decide and job.state == BulkJob.State.RUNNING and now.waiting + now.failed > 0,
            "may_retry": may_decide and job.state == BulkJob.State.RUNNING and now.failed > 0,
            "decide_url": reverse("admin:integration_bulkjob_decide", args=[job.pk]),
            "result_url": reverse("admin:integration_bulkjob_result", args=[job.pk]),
            "timeline": timeline(job.subject),
        }
        return self.page(request, job, "portal/bulk_job.html", context)

    def decide(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Do one verb to one job and show it again."""
        user = require(request, decide.RESUBMIT_BULK)
        job = self.find(request, str(object_id))
        if job is None:
            return self.missing(request, str(object_id))
        reason = request.POST.get("reason", "")
        verbs: dict[str, tuple[Callable[[], Any], str]] = {
            "approve": (lambda: bulk.approve(user, job, reason), gettext("It begins.")),
            "decline": (lambda: bulk.decline(user, job, reason), gettext("Nothing of it is sent.")),
            "stop": (lambda: bulk.stop(user, job, reason), gettext("No more of it is sent.")),
            "retry": (
                lambda: bulk.retry_failed(user, job, reason),
                gettext("The failed ones are tried again."),
            ),
        }
        chosen = verbs.get(request.POST.get("verb", ""))
        if chosen is None:
            return HttpResponseBadRequest(gettext("There is no such verb."))
        run(request, *chosen)
        return HttpResponseRedirect(page_url(job))

    def result(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Give out what became of every document, as a file for spreadsheets."""
        job = self.find(request, str(object_id))
        if job is None:
            return self.missing(request, str(object_id))
        items = _items(job)
        if (refused := refusal_of_export(person(request), f"{job}", items.count())) is not None:
            return refused
        response = HttpResponse(content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="bulk-job-{job.pk}.csv"'
        response["Cache-Control"] = "no-store"
        rows = (
            (row.words, row.partner, row.control_number, row.state, row.new_number, row.sentence)
            for row in _rows(items)
        )
        response.writelines(csv_pieces([str(each) for each in _COLUMNS], rows))
        return telling(response, (f"document:{pk}" for pk in items.values_list("document", flat=True)))

    @display(description=gettext_lazy("Job"))
    def shown_name(self, job: BulkJob) -> SafeString:
        """Return its number, and which documents were meant beneath."""
        return format_html('{}<small class="gp-under">{}</small>', job, job.scope)

    @display(description=gettext_lazy("State"), ordering="state")
    def shown_state(self, job: BulkJob) -> SafeString:
        """Return how it stands."""
        return job_badge(job, self._progress(job))

    @display(description=gettext_lazy("Progress"))
    def shown_progress(self, job: BulkJob) -> str:
        """Return how far it is."""
        return progress_words(self._progress(job))

    @display(description=gettext_lazy("Started"), ordering="pk")
    def shown_started(self, job: BulkJob) -> str:
        """Return when it was decided."""
        return moment(job.created_at)

    def attach(self, rows: Iterable[Any]) -> None:
        """Attach how far each is."""
        found = bulk.progress_of(rows)
        for job in rows:
            job.progress = found[job.pk]

    def _progress(self, job: Any) -> Progress:
        progress: Progress = job.progress
        return progress


def _items(job: BulkJob) -> QuerySet[BulkItem]:
    return seen(job.items.all()).select_related(
        "document__state", "document__interchange", "document__partner", "result__interchange"
    ).order_by("pk")  # fmt: skip


def _rows(found: QuerySet[BulkItem]) -> Iterator[ItemRow]:
    items = list(found)
    failed = bulk.failures(items)
    for item in items:
        has_failed = item.pk in failed and item.state == BulkItem.State.WAITING
        result = item.result
        yield ItemRow(
            words=document_words(item.document),
            url=page_url(item.document),
            partner=str(item.document.partner or ""),
            control_number=item.document.interchange.control_number,
            tone=BAD if has_failed else _ITEM_TONES[BulkItem.State(item.state)],
            state=gettext("Failed") if has_failed else item.get_state_display(),
            new_number=result.interchange.control_number if result else "",
            new_url=page_url(result) if result else "",
            sentence=failed[item.pk] if has_failed else item.sentence,
        )
