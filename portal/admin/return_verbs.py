"""The verbs of a return as pages: each says what it does, asks what it needs and why, and calls its flow once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from integration.flows import decide, returns
from integration.matching.lines import plain
from integration.models import ReturnCase
from portal.admin.base import GridAdmin
from portal.admin.show import page_url
from portal.admin.verbs import ReasonForm, person, run


class ShippedForm(ReasonForm):
    """How the goods travel back."""

    on = forms.DateField(
        label=gettext_lazy("Sent back on"),
        widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}),
        help_text=gettext_lazy("The day on which they left."),
    )
    scac = forms.CharField(
        label=gettext_lazy("Carrier (SCAC)"), required=False, max_length=4, widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("Two to four letters, such as UPSN. Empty where it is not known."),
    )  # fmt: skip
    tracking = forms.CharField(
        label=gettext_lazy("Tracking number"), required=False, max_length=50, widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("As the carrier gave it."),
    )  # fmt: skip

    field_order = ["on", "scac", "tracking", "reason"]

    def __init__(self, data: Any, case: ReturnCase) -> None:
        known = {
            "on": (case.shipped_on or timezone.localdate()).isoformat(),
            "scac": case.scac,
            "tracking": case.tracking_number,
        }
        super().__init__(data, initial=known)


class ReceivedForm(ReasonForm):
    """What the partner received, line by line."""

    on = forms.DateField(
        label=gettext_lazy("Received on"), widget=UnfoldAdminTextInputWidget(attrs={"type": "date"})
    )

    def __init__(self, data: Any, case: ReturnCase) -> None:
        super().__init__(data, initial={"on": (case.received_on or timezone.localdate()).isoformat()})
        for row in case.lines.select_related("line"):
            usual = row.received if row.received is not None else row.authorized
            self.fields[f"line_{row.line.line_number}"] = forms.DecimalField(
                label=gettext("%(sku)s: how many came") % {"sku": row.line.sku},
                min_value=Decimal(0),
                max_value=row.quantity,
                initial=plain(usual if usual is not None else row.quantity),
                widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"}),
                help_text=gettext("%(description)s, %(quantity)s asked.")
                % {"description": row.line.description or row.line.sku, "quantity": plain(row.quantity)},
            )
        self.order_fields(["on", *(name for name in self.fields if name.startswith("line_")), "reason"])

    def quantities(self) -> dict[int, Decimal]:
        """Return what came, by line number; the form is valid."""
        return {
            int(name.removeprefix("line_")): value
            for name, value in self.cleaned_data.items()
            if name.startswith("line_")
        }


class PlainForm(ReasonForm):
    """Nothing but why."""

    def __init__(self, data: Any, case: ReturnCase) -> None:
        super().__init__(data)


@dataclass(frozen=True)
class Verb:
    """One verb: its form, its words, what it does now, and the call."""

    form: Callable[[Any, ReturnCase], Any]
    title: str | Promise
    consequence: Callable[[ReturnCase], str]
    button: str | Promise
    done: str | Promise
    act: Callable[[Any, ReturnCase, Any], object]


def _asked(case: ReturnCase) -> str:
    files = case.files.filter(withdrawn_at=None, document=None).count()
    sent = (
        gettext(
            "%(partner)s is sent a return document (180) for all lines of it once more, under the same number of ours."
        )
        if case.asked
        else gettext("%(partner)s is sent a return document (180) for all lines of it.")
    )
    sentences = [
        sent % {"partner": case.partner},
        gettext("The answer is matched by itself, and one that differs is a case."),
    ]
    if files:
        sentences.append(
            gettext(
                "Photos and forms that were not sent yet: %(files)s; they go along where the agreement says so."
            )
            % {"files": files}
        )
    return " ".join(sentences)


def _shipped(case: ReturnCase) -> str:
    if case.authorized_until is None:
        return gettext("From then on a receipt of %(partner)s is expected. Said again, it is corrected.") % {
            "partner": case.partner
        }
    return gettext(
        "%(partner)s takes it back until %(authorized_until)s. From then on his receipt is expected. Said again, it is corrected."
    ) % {"partner": case.partner, "authorized_until": f"{case.authorized_until:%d %b %Y}"}


def _received(case: ReturnCase) -> str:
    return gettext(
        "The lines count as returned in the ledger of %(purchase_order)s, and the credit is expected. A notification (180) of %(partner)s counts before it. Said again, it is corrected."
    ) % {"purchase_order": case.purchase_order, "partner": case.partner}


def _closed(case: ReturnCase) -> str:
    left = max(case.expected_credit - case.credited, Decimal(0))
    sentences = [gettext("Nothing more is expected of it, and its open cases close.")]
    if left:
        sentences.append(
            gettext("%(left)s %(currency)s that %(partner)s owes yet count as lost.")
            % {"left": f"{left:.2f}", "currency": case.currency, "partner": case.partner}
        )
    return " ".join(sentences)


def _withdrawn(case: ReturnCase) -> str:
    sentences = [gettext("It counts for nothing, and what it held can go back by another return.")]
    if case.request_id:
        sentences.append(
            gettext("%(partner)s was asked for it: tell them that it is not wanted any more.")
            % {"partner": case.partner}
        )
    return " ".join(sentences)


VERBS = {
    "ask": Verb(
        PlainForm, gettext_lazy("Ask the partner?"), _asked, gettext_lazy("Ask the partner"), gettext_lazy("The partner is asked."),
        lambda user, case, form: returns.ask_partner(user, case, form.cleaned_data["reason"]),
    ),
    "shipped": Verb(
        ShippedForm, gettext_lazy("On its way back?"), _shipped, gettext_lazy("It is on its way"), gettext_lazy("It is on its way back."),
        lambda user, case, form: returns.mark_shipped(
            user, case, form.cleaned_data["scac"], form.cleaned_data["tracking"], form.cleaned_data["on"],
            form.cleaned_data["reason"],
        ),
    ),
    "received": Verb(
        ReceivedForm, gettext_lazy("What did the partner receive?"), _received, gettext_lazy("He received this"), gettext_lazy("What came back is on record."),
        lambda user, case, form: returns.mark_received(
            user, case, form.cleaned_data["on"], form.quantities(), form.cleaned_data["reason"]
        ),
    ),
    "close": Verb(
        PlainForm, gettext_lazy("Close the return?"), _closed, gettext_lazy("Close it"), gettext_lazy("The return is closed."),
        lambda user, case, form: returns.close_return(user, case, form.cleaned_data["reason"]),
    ),
    "withdraw": Verb(
        PlainForm, gettext_lazy("Withdraw the return?"), _withdrawn, gettext_lazy("Withdraw it"), gettext_lazy("The return is withdrawn."),
        lambda user, case, form: returns.withdraw_return(user, case, form.cleaned_data["reason"]),
    ),
}  # fmt: skip


def verb_page(shown_by: GridAdmin, request: HttpRequest, case: ReturnCase, name: str) -> HttpResponse:
    """Show what a verb does and asks; on POST do it, and go back to the return."""
    user = person(request)
    if not user.has_perm(decide.DECIDE):
        raise PermissionDenied
    verb = VERBS.get(name)
    if verb is None:
        raise Http404
    form = verb.form(request.POST if request.method == "POST" else None, case)
    if (
        request.method == "POST"
        and form.is_valid()
        and run(request, lambda: verb.act(user, case, form), str(verb.done))
    ):
        return HttpResponseRedirect(page_url(case))
    title = str(verb.title).removesuffix("?")
    context = {
        "title": f"{case}: {title[:1].lower()}{title[1:]}",
        "heading": verb.title,
        "consequence": verb.consequence(case),
        "button": verb.button,
        "form": form,
        "cancel_url": page_url(case),
    }
    return shown_by.page(request, case, "portal/verb.html", context)
