"""The change log: what was saved on forms and what verbs changed of settings, as one list by time, with before and after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import islice
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from archive.models import AuditEntry
from integration.search import whole_number
from portal.admin.base import Crumb
from portal.admin.filters import verb_words
from portal.admin.show import moment
from portal.admin.subjects import resolve
from portal.admin.verbs import person

SHOWN = 50
_OF_DAILY_WORK = (
    "document:", "case:", "order:", "purchase_order:", "return:", "bulk_job:", "mail:", "work:", "transmission:",
)  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One change: who did what to what; ``was`` and ``now`` are empty where values are not kept, as of secrets."""

    source: str
    pk: int
    at: datetime
    actor: str
    what: str
    about: str
    was: str
    now: str
    reason: str

    @property
    def moment(self) -> str | SafeString:
        """When, with its zone."""
        return moment(self.at)


def may_see_changes(request: HttpRequest) -> bool:
    """Say whether the user may look at changes of settings and at decisions."""
    user = person(request)
    return user.has_perm("admin.view_logentry") and user.has_perm("archive.view_auditentry")


def change_log(request: HttpRequest) -> HttpResponse:
    """Show one page of changes, the newest first; ``forms`` and ``verbs`` are the keys of the last ones seen."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET"])
    if not may_see_changes(request):
        raise PermissionDenied
    forms, verbs = whole_number(request.GET.get("forms", "")), whole_number(request.GET.get("verbs", ""))
    found = changes(forms, verbs)
    goes_on = len(found) > SHOWN
    shown = found[:SHOWN]
    request.current_app = admin.site.name
    context = {
        **admin.site.each_context(request),
        "title": gettext("Change log"),
        "crumbs": [Crumb(gettext("Change log"))],
        "changes": shown,
        "first_url": request.path if forms or verbs else "",
        "next_url": f"?{urlencode(_keys(shown, forms, verbs))}" if goes_on else "",
        "forms_url": reverse("admin:admin_logentry_changelist"),
        "verbs_url": reverse("admin:archive_auditentry_changelist"),
    }
    return TemplateResponse(request, "portal/change_log.html", context)


def changes(forms: int | None, verbs: int | None) -> list[Change]:
    """Return the newest changes behind these keys, one more than a page shows; with a bounded number of queries.

    By key and not by time: what one transaction wrote bears one time, and a page may end within it.
    """
    saved = LogEntry.objects.select_related("user", "content_type").order_by("-pk")
    daily = Q()
    for prefix in _OF_DAILY_WORK:
        daily |= Q(subject__startswith=prefix)
    done = AuditEntry.objects.exclude(daily).order_by("-pk")
    saved = saved if forms is None else saved.filter(pk__lt=forms)
    done = done if verbs is None else done.filter(pk__lt=verbs)
    entries = list(done[: SHOWN + 1])
    about = resolve(each.subject for each in entries)
    by_verbs = [_done(each, about[each.subject].as_link(each.detail.get("what", ""))) for each in entries]
    by_forms = [_saved(each) for each in saved[: SHOWN + 1]]
    # Of each kind the first ones by key, so that the next page begins right behind them.
    return list(islice(merge(by_verbs, by_forms, key=lambda each: each.at, reverse=True), SHOWN + 1))


def _keys(shown: list[Change], forms: int | None, verbs: int | None) -> dict[str, int]:
    last = {"forms": forms, "verbs": verbs}
    last |= {each.source: each.pk for each in shown}
    return {name: key for name, key in last.items() if key is not None}


def _done(entry: AuditEntry, about: str) -> Change:
    was, now = str(entry.detail.get("was", "")), str(entry.detail.get("is", ""))
    words = verb_words(entry.verb)
    return Change("verbs", entry.pk, entry.recorded_at, entry.actor, words, about, was, now, entry.reason)


def _saved(entry: LogEntry) -> Change:
    words = {ADDITION: gettext("Added"), CHANGE: gettext("Changed")}.get(
        entry.action_flag, gettext("Removed")
    )
    kind = entry.content_type.name if entry.content_type else ""
    fields = entry.get_change_message()
    about = f"{kind} {entry.object_repr}".strip()
    return Change("forms", entry.pk, entry.action_time, str(entry.user), words, about, "", fields, "")
