"""Persons to be forgotten: proposed on the page of an order, decided on a page of its own by somebody else."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote_plus, urlencode

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from archive.models import ErasureCertificate, SealLeaf, SealRoot
from integration.flows.erase import approve_erasure, plan_erasure, propose_erasure, withdraw_erasure
from integration.flows.rights import ERASE
from integration.models import Erasure, Order
from portal.admin.base import EmptyState, GridAdmin, HistoryAdmin
from portal.admin.evidence import may_make
from portal.admin.show import GOOD, QUIET, WARNING, badge, day, moment, page_url
from portal.admin.timeline import timeline
from portal.admin.verbs import ReasonForm, person, require, run
from portal.exports.writing import forget_files
from portal.models import SavedSearch

_TONES = {Erasure.State.PROPOSED: WARNING, Erasure.State.DONE: GOOD, Erasure.State.WITHDRAWN: QUIET}
_LEAST = 4
"""Letters of a name, at least, by which kept searches are looked through."""


def erasure_badge(erasure: Erasure) -> SafeString:
    """Return how the erasure stands."""
    words = erasure.get_state_display()
    if erasure.state == Erasure.State.PROPOSED:
        words = gettext("Waits for a second person")
    return badge(words, _TONES.get(Erasure.State(erasure.state), QUIET))


def propose_path(shown_by: GridAdmin) -> URLPattern:
    """Return the address under an order where its customer is proposed to be forgotten."""

    def view(request: HttpRequest, object_id: str) -> HttpResponse:
        return _propose_page(shown_by, request, object_id)

    address: URLPattern = path(
        "<int:object_id>/erase/", shown_by.admin_site.admin_view(view), name="integration_order_erase"
    )
    return address


def _propose_page(shown_by: GridAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
    user = require(request, ERASE)
    order = shown_by.find(request, str(object_id))
    if order is None:
        return shown_by.missing(request, str(object_id))
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        made: list[Erasure] = []
        done = gettext("Proposed. Somebody else has to agree before anything goes.")
        reason = form.cleaned_data["reason"]
        if run(request, lambda: made.append(propose_erasure(user, order, reason)), done):
            return HttpResponseRedirect(page_url(made[0]))
        return HttpResponseRedirect(page_url(order))
    plan = plan_erasure(order)
    context = {
        "title": gettext("%(order)s: forget the customer") % {"order": order},
        "form": form,
        "goes": plan.goes,
        "stays": plan.stays,
        "blocked": plan.blocked,
        "cancel_url": page_url(order),
    }
    return shown_by.page(request, order, "portal/erase.html", context)


@admin.register(Erasure)
class ErasureAdmin(HistoryAdmin):
    """Erasures; they are changed by verbs alone."""

    words = (gettext_lazy("erasure"), gettext_lazy("erasures"))
    heading = gettext_lazy("Erasures")
    list_display = (
        "shown_name",
        "shown_state",
        "shown_orders",
        "proposed_by",
        "shown_proposed",
        "decided_by",
    )
    list_filter = ("state",)
    list_select_related = ("proposed_by", "decided_by")
    ordering = ("-pk",)
    empty = EmptyState(
        gettext_lazy("Nobody asked to be forgotten yet"),
        gettext_lazy(
            "Where a customer asks for it, open one of the orders and press “Forget the customer…”."
        ),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the rows with their orders."""
        return super().get_queryset(request).prefetch_related("orders")

    def get_urls(self) -> list[URLPattern]:
        """Add the verbs."""
        verbs = self.admin_site.admin_view(require_POST(self.decide))
        return [
            path("<int:object_id>/decide/", verbs, name="integration_erasure_decide"),
            *super().get_urls(),
        ]

    def show(self, request: HttpRequest, row: Any) -> HttpResponse:
        """Show what goes and what stays, and who decides."""
        user = person(request)
        context = {
            "erasure": row,
            "title": gettext("%(row)s: a customer to be forgotten") % {"row": row}
            if row.state == "proposed"
            else gettext("%(row)s: a customer forgotten") % {"row": row},
            "badge": erasure_badge(row),
            "certificate": _certificate_words(row),
            "evidence": _packs(row) if may_make(request) else [],
            "orders": [(str(each), page_url(each)) for each in row.orders.order_by("pk")],
            "goes": row.plan.get("goes", ()),
            "stays": row.plan.get("stays", ()),
            "may_decide": row.state == Erasure.State.PROPOSED and user.has_perm(ERASE),
            "is_own": row.proposed_by_id == user.pk,
            "decide_url": reverse("admin:integration_erasure_decide", args=[row.pk]),
            "timeline": timeline(row.subject),
        }
        return self.page(request, row, "portal/erasure.html", context)

    def decide(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Carry one erasure out, or let it be."""
        user = require(request, ERASE)
        erasure = self.find(request, str(object_id))
        if erasure is None:
            return self.missing(request, str(object_id))
        reason = request.POST.get("reason", "")
        names = _names(erasure.orders.all())
        verbs: dict[str, tuple[Callable[[], Any], str]] = {
            "approve": (
                lambda: approve_erasure(user, erasure, reason),
                gettext("The customer is forgotten."),
            ),
            "withdraw": (
                lambda: withdraw_erasure(user, erasure, reason),
                gettext("Nothing of it is erased."),
            ),
        }
        chosen = verbs.get(request.POST.get("verb", ""))
        if chosen is None:
            return HttpResponseBadRequest(gettext("There is no such verb."))
        if run(request, *chosen) and request.POST.get("verb") == "approve":
            _drop_searches(names)
            forget_files()
        return HttpResponseRedirect(page_url(erasure))

    @display(description=gettext_lazy("Erasure"))
    def shown_name(self, erasure: Erasure) -> str:
        """Return its number."""
        return str(erasure)

    @display(description=gettext_lazy("State"), ordering="state")
    def shown_state(self, erasure: Erasure) -> SafeString:
        """Return how it stands."""
        return erasure_badge(erasure)

    @display(description=gettext_lazy("Orders"))
    def shown_orders(self, erasure: Erasure) -> SafeString:
        """Return the orders, as links."""
        rows = ((page_url(each), each) for each in erasure.orders.all())
        return format_html_join(", ", '<a class="gp-link" href="{}">{}</a>', rows)

    @display(description=gettext_lazy("Proposed"), ordering="proposed_at")
    def shown_proposed(self, erasure: Erasure) -> str:
        """Return when."""
        return moment(erasure.proposed_at)


def _certificate_words(erasure: Erasure) -> str:
    """Return what is proved of an erasure that was carried out; ``""`` before it is."""
    if erasure.state != Erasure.State.DONE:
        return ""
    made = ErasureCertificate.objects.filter(erasure=erasure.pk).first()
    if made is None:
        return gettext("None: it was carried out before there were any.")
    keys = (
        ngettext("%(count)s key was destroyed.", "%(count)s keys were destroyed.", made.keys_destroyed)
        % {"count": made.keys_destroyed}
        if made.keys_destroyed
        else gettext("No file of the customer's was stored, so no key had to be destroyed.")
    )
    root = SealRoot.objects.filter(tree__in=_trees_of(made)).first()
    sealed = (
        gettext("It is sealed with the records of %(day)s.") % {"day": day(root.day)}
        if root is not None
        else gettext("Its day is sealed and published after midnight (UTC); then a pack proves it.")
    )
    return f"{keys} {sealed}"


def _trees_of(certificate: ErasureCertificate) -> QuerySet[SealLeaf, int]:
    leaves = SealLeaf.objects.filter(table_name=certificate._meta.db_table, row_id=certificate.pk)
    return leaves.values_list("tree", flat=True)


def _packs(erasure: Erasure) -> list[tuple[str, str]]:
    """Return the orders of which a pack proves it, with where it is made."""
    if erasure.state != Erasure.State.DONE:
        return []
    page = reverse("evidence")
    return [
        (str(each), f"{page}?{urlencode({'kind': 'order', 'text': each.number, 'row': each.pk})}")
        for each in erasure.orders.order_by("pk")
    ]


def _names(orders: Iterable[Order]) -> set[str]:
    found = set()
    for each in orders:
        found.add(each.customer_name)
        found.add((each.content.get("billing_address") or {}).get("email") or "")
    return {name.strip() for name in found if len(name.strip()) >= _LEAST}


def _drop_searches(names: set[str]) -> None:
    """Remove the searches that staff keep under the names of who was forgotten."""
    wanted = Q(pk=None)
    for name in names:
        wanted |= Q(query__icontains=quote_plus(name)) | Q(name__icontains=name)
    SavedSearch.objects.filter(wanted).delete()
