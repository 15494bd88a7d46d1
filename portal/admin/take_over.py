"""Taking over from another system: its open purchase orders by a file, its control numbers by a form."""

from __future__ import annotations

import base64
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.translation import gettext, gettext_lazy
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextInputWidget

from integration.flows.rights import EDIT_AGREEMENT, EDIT_STORE, Refused
from integration.flows.take_over import COLUMNS, plan_take_over, read_orders, seed_numbers, take_over
from integration.flows.translation_files import SAME, WRONG
from integration.models import Store
from partners.control_numbers import LARGEST
from partners.models import ControlNumber
from portal.admin.base import GridAdmin
from portal.admin.csv_import import SHOWN, given_file
from portal.admin.verbs import ReasonForm, person, require, run

MOST_READ = 500
"""Orders that one press of the button has read: they share the store's rate limit with all else."""


class TakeOverAdmin(GridAdmin):
    """The base of stores: open purchase orders of another system are taken over here."""

    def has_take_over_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Say whether the user may take over."""
        return request.user.has_perm(EDIT_STORE)

    @action(
        description=gettext_lazy("Take over open purchase orders…"),
        permissions=["take_over"],
        url_path="take-over",
        icon="move_to_inbox",
    )  # type: ignore[untyped-decorator]
    def take_over(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show what a file would do; do it once that was seen, with a reason."""
        user = require(request, EDIT_STORE)
        store = self.find(request, object_id)
        if store is None:
            return self.missing(request, object_id)
        text, problem = given_file(request)
        reason = request.POST.get("reason", "")
        if text and "digest" in request.POST:
            try:
                kept = take_over(user, store, text, request.POST["digest"], reason)
            except Refused as refusal:
                messages.error(request, str(refusal))
            else:
                count = kept.line_entries.values("line__purchase_order").distinct().count()
                orders = gettext("purchase order is") if count == 1 else gettext("purchase orders are")
                messages.success(
                    request,
                    gettext("%(count)s %(orders)s taken over.") % {"count": f"{count:,}", "orders": orders},
                )
                return HttpResponseRedirect("../change/")
        return self._shown(request, store, text, problem)

    def _shown(self, request: HttpRequest, store: Store, text: str, problem: str) -> HttpResponse:
        plan = plan_take_over(store, text) if text else None
        if plan is not None and "read" in request.POST:
            wanted = plan.unread[:MOST_READ]
            run(
                request,
                lambda: read_orders(
                    person(request), store, wanted, gettext("To take over their purchase orders.")
                ),
                gettext("%(number)s orders are being read: choose the file again in a moment.")
                % {"number": f"{len(wanted):,}"},
            )
            return HttpResponseRedirect("../take-over/")
        rows = sorted(plan.rows, key=lambda row: (row.verdict != WRONG, row.verdict == SAME)) if plan else []
        context = {
            "title": gettext("%(store)s: take over") % {"store": store},
            "heading": gettext("Take over open purchase orders"),
            "help": gettext(
                "A line for each line of a purchase order that was sent by another system. Nothing is changed before you"
                " have seen what each line does, and nothing is sent: the partners have these orders."
            ),
            "columns": ", ".join(COLUMNS),
            "plan": plan,
            "rows": rows[:SHOWN],
            "more": max(0, len(rows) - SHOWN),
            "text": base64.b64encode(text.encode()).decode(),
            "problem": problem,
            "unread": len(plan.unread) if plan else 0,
            "cancel_url": "../change/",
        }
        return self.page(request, store, "portal/import.html", context)


class NumbersForm(ReasonForm):
    """The last numbers that another system gave out."""

    interchange = forms.IntegerField(
        label=gettext_lazy("Last interchange (ISA13)"),
        required=False,
        min_value=1,
        max_value=LARGEST,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric"}),
        help_text=gettext_lazy(
            "The next interchange to this partner has the number after it. Empty: as it is."
        ),
    )
    group = forms.IntegerField(
        label=gettext_lazy("Last functional group (GS06)"),
        required=False,
        min_value=1,
        max_value=LARGEST,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric"}),
        help_text=gettext_lazy("Likewise. A number lower than what was given out here is refused."),
    )

    field_order = ["interchange", "group", "reason"]

    def clean(self) -> dict[str, Any]:
        """Ask for one number at least."""
        data: dict[str, Any] = super().clean() or {}
        if not self.errors and not (data.get("interchange") or data.get("group")):
            raise forms.ValidationError(gettext("Give one of the numbers."))
        return data


class NumbersAdmin(GridAdmin):
    """The base of agreements: control numbers go on where another system stopped."""

    def get_urls(self) -> list[URLPattern]:
        """Add the page of the numbers."""
        page = path(
            "<int:object_id>/numbers/",
            self.admin_site.admin_view(self.numbers),
            name="partners_agreement_numbers",
        )
        return [page, *super().get_urls()]

    def numbers(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask for the last numbers, and why; have ours go on after them."""
        user = require(request, EDIT_AGREEMENT)
        agreement = self.find(request, str(object_id))
        if agreement is None:
            return self.missing(request, str(object_id))
        form = NumbersForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            data = form.cleaned_data
            last = {kind: data[kind] for kind in ControlNumber.Kind.values if data[kind]}
            if run(
                request,
                lambda: seed_numbers(user, agreement, last, data["reason"]),
                gettext("The control numbers go on from there."),
            ):
                return HttpResponseRedirect("../change/")
        context = {
            "title": gettext("%(agreement)s: control numbers") % {"agreement": agreement},
            "heading": gettext("Where do the control numbers to %(partner)s go on?")
            % {"partner": agreement.partner},
            "consequence": gettext(
                "Take them over from the system that sent to this partner before: partners and networks refuse"
                " a number that they have seen."
            ),
            "button": gettext("Continue from there"),
            "form": form,
            "cancel_url": "../change/",
        }
        return self.page(request, agreement, "portal/verb.html", context)
