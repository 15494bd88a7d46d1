"""Money back to the customer and goods back into stock, as decisions: what it would do first, then the button that does it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from integration.flows import decide
from integration.flows.refund import RefundPlan, decide_refund, methods_of, refund_plan, refundable
from integration.flows.restocking import restock, restock_plan
from integration.flows.rights import Refused
from integration.models import ReturnCase
from portal.admin.base import GridAdmin
from portal.admin.show import page_url
from portal.admin.verbs import Asked, ReasonForm, person, reason_page, run


class RefundForm(forms.Form):
    """How many pieces of each line are refunded, and by which of the ways that the store offers."""

    def __init__(self, data: Any, case: ReturnCase, methods: list[str]) -> None:
        super().__init__(data)
        self.names: dict[str, int] = {}
        for left in refundable(case):
            name = f"line_{left.row.pk}"
            self.names[name] = left.row.pk
            self.fields[name] = forms.IntegerField(
                label=gettext("%(sku)s: how many") % {"sku": left.row.line.sku},
                min_value=0,
                max_value=left.most,
                initial=left.usual,
                widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric"}),
                help_text=gettext("%(description)s; %(most)s can be refunded yet.")
                % {"description": left.row.line.description or left.row.line.sku, "most": left.most},
            )
        if methods:
            self.fields["method"] = forms.TypedChoiceField(
                label=gettext("How it goes back"),
                coerce=int,
                choices=list(enumerate(methods)),
                initial=0,
                required=False,
                widget=UnfoldAdminSelectWidget,
                help_text=gettext("As the store offers it for this order."),
            )

    def quantities(self) -> dict[int, int]:
        """Return the pieces by ``ReturnLine`` key; the form is valid."""
        return {key: self.cleaned_data[name] for name, key in self.names.items()}


def refund_page(shown_by: GridAdmin, request: HttpRequest, case: ReturnCase) -> HttpResponse:
    """Show what the store quotes for a refund; on POST make it just so, and go back to the return."""
    user = person(request)
    if not user.has_perm(decide.DECIDE):
        raise PermissionDenied
    asked, plan = _asked(request, case)
    reason = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and plan is not None and reason.is_valid():
        method = int(asked.cleaned_data.get("method") or 0)
        digest, why = request.POST.get("digest", ""), reason.cleaned_data["reason"]
        if run(
            request,
            lambda: decide_refund(user, case, asked.quantities(), method, digest, why),
            gettext("The refund is decided: it is made in the store now."),
        ):
            return HttpResponseRedirect(page_url(case))
    context = {
        "title": gettext("%(case)s: refund the customer") % {"case": case},
        "case": case,
        "asked": asked,
        "has_lines": bool(asked.names),
        "plan": plan,
        "form": reason,
        "cancel_url": page_url(case),
    }
    return shown_by.page(request, case, "portal/refund.html", context)


def restock_page(shown_by: GridAdmin, request: HttpRequest, case: ReturnCase) -> HttpResponse:
    """Show what restocking does, and do it."""
    user = person(request)
    if not user.has_perm(decide.DECIDE):
        raise PermissionDenied
    try:
        told = restock_plan(case)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return HttpResponseRedirect(page_url(case))
    asked = Asked(
        title=gettext("restock"),
        heading=gettext("Back into stock?"),
        consequence=" ".join(told),
        button=gettext("Restock"),
        done=gettext("What came back is for sale again."),
    )
    return reason_page(shown_by, request, case, lambda reason: restock(user, case, reason), asked)


def _asked(request: HttpRequest, case: ReturnCase) -> tuple[RefundForm, RefundPlan | None]:
    """Return the form, with the ways that the store offers once it was asked, and the plan of what was given."""
    sent = request.POST if request.method == "POST" else request.GET
    data = sent if any(name.startswith("line_") for name in sent) else None
    form = RefundForm(data, case, [])
    if data is None or not form.is_valid():
        return form, None
    try:
        methods = methods_of(case, form.quantities())
        form = RefundForm(data, case, methods)
        if not form.is_valid():
            return form, None
        return form, refund_plan(case, form.quantities(), int(form.cleaned_data.get("method") or 0))
    except Refused as refusal:
        messages.error(request, str(refusal))
        return form, None
