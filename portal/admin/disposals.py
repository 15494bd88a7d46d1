"""What is due to be destroyed, and the disposals that two people decide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.contrib import admin
from django.contrib.admin import display
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from archive.models import DisposalItem, DisposalRun
from integration.flows.disposals import MOST_AT_ONCE, decide_disposal, plan_disposal, propose_disposal
from integration.flows.rights import APPROVE_DISPOSAL, PROPOSE_DISPOSAL, lacking
from partners.models import TradingPartner
from portal.admin.base import EmptyState, HistoryAdmin
from portal.admin.filters import PeriodFilter
from portal.admin.governed_page import Listed, RecordPage, Said, Told, Verb, Way
from portal.admin.show import GOOD, QUIET, WAITING, WARNING, badge, day, moment, page_url
from portal.admin.verbs import person, require, run

MOST_SHOWN = 200


@admin.register(DisposalRun)
class DisposalRunAdmin(HistoryAdmin):
    """Disposals: proposed by one person, approved by another, carried out one file after the other."""

    words = (gettext_lazy("disposal"), gettext_lazy("disposals"))
    list_display = ("shown_name", "shown_state", "shown_progress", "shown_by", "shown_when")
    list_filter = (PeriodFilter,)
    ordering = ("-pk",)
    empty = EmptyState(
        gettext_lazy("Nothing was proposed to be destroyed yet"),
        gettext_lazy(
            "What retention rules keep no more stands under Due for disposal: it is proposed there."
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        """Add what is due, and the verbs."""
        view = self.admin_site.admin_view
        own = [
            path("due/", view(self.due), name="archive_disposalrun_due"),
            path(
                "<int:object_id>/decide/", view(require_POST(self.decide)), name="archive_disposalrun_decide"
            ),
        ]
        return own + list(super().get_urls())

    def get_queryset(self, request: HttpRequest) -> QuerySet[DisposalRun]:
        """Count what became of the items along."""
        rows: QuerySet[DisposalRun] = super().get_queryset(request)
        return rows.select_related("decision").annotate(
            listed=Count("items", distinct=True),
            gone=Count("items__certificate", distinct=True),
            kept=Count("items__refusal", distinct=True),
        )

    def due(self, request: HttpRequest) -> HttpResponse:
        """Show what is due, of one partner or of everybody, and propose it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        user = person(request)
        partner = _partner(request)
        if request.method == "POST":
            require(request, PROPOSE_DISPOSAL)
            made: list[DisposalRun] = []
            if run(
                request,
                lambda: made.append(_propose(request, partner)),
                gettext("Proposed. Nothing is destroyed until a second person approves."),
            ):
                return HttpResponseRedirect(page_url(made[0]))
        plan = plan_disposal(partner)
        may = user.has_perm(PROPOSE_DISPOSAL)
        page = RecordPage(
            heading=gettext("Due for disposal"),
            badge=badge(
                gettext("%(counted)s due") % {"counted": plan.counted}
                if plan.entries
                else gettext("Nothing is due"),
                WARNING if plan.entries else GOOD,
            ),
            said=[
                Said(gettext("By the rule “%(name)s”") % {"name": name}, _counted(count))
                for name, count in plan.by_rule
            ],
            lists=[_due_list(plan.entries, is_cut=plan.is_cut)],
            ways=_partner_ways(plan.entries, partner),
            decide_url=request.get_full_path(),
            verbs=[
                Verb(
                    "propose",
                    gettext("Propose"),
                    gettext(
                        "%(counted)s would be destroyed: key and bytes go, in every copy; that they were exchanged, and the proof of it, stays. A second person approves it."
                    )
                    % {"counted": plan.counted},
                    is_first=True,
                )
            ]
            if plan.entries and may
            else [],
            warning="" if may else lacking(PROPOSE_DISPOSAL),
            hidden={"digest": plan.digest, "key": uuid4().hex},
        )
        return self.page(request, None, "portal/governed.html", page.context())

    def show(self, request: HttpRequest, row: Any) -> HttpResponse:
        """Show what a disposal lists, what became of each, and what can be decided."""
        user = person(request)
        decision = getattr(row, "decision", None)
        page = RecordPage(
            heading=f"{row}: {row.scope[:1].lower()}{row.scope[1:]}",
            badge=_state(row),
            said=[
                Said(gettext("Proposed by"), f"{row.actor}: {row.reason}", is_wide=True),
                *([_decided(decision)] if decision is not None else []),
                Said(gettext("Progress"), _progress(row)),
                Said(gettext("Proposed"), moment(row.recorded_at)),
                Said(gettext("SHA-256 of the list"), row.digest, is_wide=True),
            ],
            lists=[_items(row)],
            subject=row.subject,
            decide_url=reverse("admin:archive_disposalrun_decide", args=[row.pk]),
            verbs=_verbs(user, row) if decision is None and user.has_perm(APPROVE_DISPOSAL) else [],
        )
        return self.page(request, row, "portal/governed.html", page.context())

    def decide(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Approve or decline a disposal and show it again."""
        user = require(request, APPROVE_DISPOSAL)
        found = self.find(request, str(object_id))
        if found is None:
            return self.missing(request, str(object_id))
        verb = request.POST.get("verb", "")
        if verb not in ("approve", "decline"):
            return HttpResponseBadRequest(gettext("There is no such verb."))
        yes = verb == "approve"
        done = (
            gettext("Approved: it is carried out in the background.")
            if yes
            else gettext("Nothing of it is destroyed.")
        )
        run(request, lambda: decide_disposal(user, found, request.POST.get("reason", ""), approved=yes), done)
        return HttpResponseRedirect(page_url(found))

    @display(description=gettext_lazy("Disposal"), ordering="pk")
    def shown_name(self, row: DisposalRun) -> str:
        """Return its number and scope."""
        return f"{row}: {row.scope[:1].lower()}{row.scope[1:]}"

    @display(description=gettext_lazy("State"))
    def shown_state(self, row: DisposalRun) -> SafeString:
        """Return how it stands."""
        return _state(row)

    @display(description=gettext_lazy("Progress"))
    def shown_progress(self, row: DisposalRun) -> str:
        """Return what became of how many."""
        return _progress(row)

    @display(description=gettext_lazy("Proposed by"), ordering="actor")
    def shown_by(self, row: DisposalRun) -> str:
        """Return who proposed it."""
        return row.actor

    @display(description=gettext_lazy("Proposed"), ordering="pk")
    def shown_when(self, row: DisposalRun) -> str:
        """Return when."""
        return moment(row.recorded_at)


def _propose(request: HttpRequest, partner: TradingPartner | None) -> DisposalRun:
    given = request.POST
    reason, digest, key = (given.get(name, "") for name in ("reason", "digest", "key"))
    return propose_disposal(person(request), reason, digest, key[:64], partner)


def _partner(request: HttpRequest) -> TradingPartner | None:
    given = request.GET.get("partner", "")
    return (
        TradingPartner.objects.filter(pk=given).first()
        if given.isascii() and given.isdecimal() and len(given) < 18
        else None
    )


def _partner_ways(entries: Sequence[Any], partner: TradingPartner | None) -> list[Way]:
    address = reverse("admin:archive_disposalrun_due")
    if partner is not None:
        return [Way(gettext("Of every partner"), address, "groups")]
    if not entries:
        return []
    partners = TradingPartner.objects.filter(
        archived_documents__interchange__payload__in=[each.payload for each in entries]
    )
    found = list(partners.distinct().order_by("name")[:4])
    if len(found) < 2:
        return []
    return [
        Way(
            gettext("Only of %(partner)s") % {"partner": each},
            f"{address}?{urlencode({'partner': each.pk})}",
            "filter_alt",
        )
        for each in found
    ]


def _counted(count: int) -> str:
    return ngettext("%(count)s file", "%(count)s files", count) % {"count": f"{count:,}"}


def _due_list(entries: Sequence[Any], *, is_cut: bool) -> Listed:
    more = (
        gettext("The first %(most)s are proposed; the others are due after them.")
        % {"most": f"{MOST_AT_ONCE:,}"}
        if is_cut
        else ""
    )
    if not is_cut and len(entries) > MOST_SHOWN:
        more = gettext("And %(count)s more, which are proposed with them.") % {
            "count": f"{len(entries) - MOST_SHOWN:,}"
        }
    return Listed(
        gettext("What is due"),
        (gettext("What it is"), gettext("Kept by the rule"), gettext("Until")),
        [
            [
                Told(each.words, _document_url(each.left)),
                Told(str(each.revision.rule), page_url(each.revision.rule), each.revision.legal_reason),
                Told(day(each.until.date())),
            ]
            for each in entries[:MOST_SHOWN]
        ],
        gettext(
            "Everything is kept: by a rule whose time is not over, by a hold, or because no rule covers it."
        ),
        more,
    )


def _items(row: DisposalRun) -> Listed:
    items = row.items.select_related("certificate", "refusal", "revision__rule").order_by("pk")
    shown = list(items[: MOST_SHOWN + 1])
    return Listed(
        gettext("What it lists"),
        (gettext("What it is"), gettext("Kept by the rule"), gettext("What became of it")),
        [_item_row(each) for each in shown[:MOST_SHOWN]],
        "",
        gettext("These are the first %(most)s.") % {"most": MOST_SHOWN} if len(shown) > MOST_SHOWN else "",
    )


def _item_row(item: DisposalItem) -> list[Told]:
    rule = gettext("%(rule)s, until %(date)s") % {
        "rule": item.revision.rule,
        "date": day(item.kept_until.date()),
    }
    certificate, refusal = getattr(item, "certificate", None), getattr(item, "refusal", None)
    if certificate is not None:
        became = Told(
            gettext("Destroyed: certificate %(certificate)s") % {"certificate": certificate.pk},
            page_url(certificate),
        )
    elif refusal is not None:
        became = Told(gettext("Not destroyed"), under=refusal.sentence)
    else:
        became = Told(gettext("Not destroyed yet"))
    return [Told(item.words, _document_url(item.left)), Told(rule), became]


def _document_url(left: Sequence[dict[str, Any]]) -> str:
    """Return where the first document of a payload is shown, so that a second person can look before they approve; ``""``: none is."""
    return reverse("admin:archive_document_change", args=[left[0]["document"]]) if left else ""


def _decided(decision: Any) -> Said:
    words = gettext("Approved by") if decision.approved else gettext("Declined by")
    return Said(words, f"{decision.actor}: {decision.reason}", is_wide=True)


def _state(row: Any) -> SafeString:
    decision = getattr(row, "decision", None)
    if decision is None:
        return badge(gettext("Waits for a second person"), WARNING)
    if not decision.approved:
        return badge(gettext("Declined"), QUIET)
    return (
        badge(gettext("Carried out"), GOOD)
        if row.gone + row.kept >= row.listed
        else badge(gettext("Being carried out"), WAITING)
    )


def _progress(row: Any) -> str:
    told = [
        (row.gone, "destroyed"),
        (row.kept, gettext("not destroyed")),
        (row.listed - row.gone - row.kept, "waiting"),
    ]
    return f"{_counted(row.listed)}: " + ", ".join(f"{count} {words}" for count, words in told if count)


def _verbs(user: Any, row: DisposalRun) -> list[Verb]:
    if row.user_id == user.pk:
        words = gettext(
            "Nothing of it is destroyed. To be carried out, it needs the approval of a second person."
        )
        return [Verb("decline", gettext("Withdraw"), words)]
    consequence = gettext(
        "Each is looked at once more at that moment: what is on hold by then stays. Key and bytes go for good, and a"
        " certificate is left."
    )
    return [
        Verb("approve", gettext("Approve"), consequence, is_first=True),
        Verb("decline", gettext("Decline"), gettext("Nothing of it is destroyed.")),
    ]
