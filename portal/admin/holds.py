"""Holds: what each covers, who took it and why, and the verbs that take and release one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin import SimpleListFilter, display
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_POST
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from archive.governance import active_holds, open_release
from archive.models import Document, Hold
from integration.flows.holds import (
    MOST_LISTED,
    Covered,
    add_to_hold,
    decide_release,
    propose_release,
    take_hold,
)
from integration.flows.rights import RELEASE_HOLD, TAKE_HOLD
from integration.models import Order
from integration.search import documents_found, orders_numbered, whole_number
from partners.models import TradingPartner
from portal.access import seen
from portal.admin.base import EmptyState, HistoryAdmin
from portal.admin.documents_table import document_words
from portal.admin.governed_page import Listed, RecordPage, Said, Told, Verb
from portal.admin.show import QUIET, WARNING, badge, list_url, moment, page_url
from portal.admin.verbs import ReasonForm, person, require, run

MOST_SHOWN = 100


class HoldFilter(SimpleListFilter):
    """Holds that hold, unless another choice is made."""

    title = gettext_lazy("State")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the states."""
        return [("holding", gettext("Holding")), ("released", gettext("Released"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep one state."""
        if self.value() == "holding":
            return queryset.filter(pk__in=active_holds().values("pk"))
        return (
            queryset.exclude(pk__in=active_holds().values("pk")) if self.value() == "released" else queryset
        )


class HoldForm(ReasonForm):
    """What is held. One of: an order; what is found; one document; a partner, a period, or both."""

    matter = forms.CharField(
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("What it is held for, such as a lawsuit or an audit."),
    )
    order = forms.CharField(
        label=gettext_lazy("Order"),
        required=False,
        max_length=20,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("Its number: all its documents are held, those of tomorrow too."),
    )
    search = forms.CharField(
        label=gettext_lazy("What Find brings for"),
        required=False,
        max_length=100,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("The documents that are found now are held; later ones are not."),
    )
    partner = forms.ModelChoiceField(
        TradingPartner.objects.order_by("name"),
        required=False,
        empty_label=gettext_lazy("Not by partner"),
        widget=UnfoldAdminSelectWidget,
        help_text=gettext_lazy("Everything of this partner, within the period where one is given."),
    )
    first_day = forms.DateField(
        label=gettext_lazy("First day"),
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}),
        help_text=gettext_lazy("In UTC, as documents were sent or received."),
    )
    last_day = forms.DateField(
        label=gettext_lazy("Last day"),
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}),
        help_text=gettext_lazy("This day is held too."),
    )
    document = forms.ModelChoiceField(Document.objects.all(), required=False, widget=forms.HiddenInput)
    field_order = ["matter", "order", "search", "partner", "first_day", "last_day", "document", "reason"]

    def clean(self) -> dict[str, Any]:
        """Refuse two scopes at once, and what covers nothing."""
        given: dict[str, Any] = super().clean() or {}
        if self.errors:
            return given
        by_filter = bool(given["partner"] or given["first_day"] or given["last_day"])
        scopes = [bool(given["order"]), bool(given["search"]), bool(given["document"]), by_filter]
        if sum(scopes) > 1:
            raise forms.ValidationError(
                gettext(
                    "Give one of them: an order, what is looked for, or a partner and period. For more, take several holds."
                )
            )
        given["covered"] = self._covered(given)
        if problem := given["covered"].problem:
            raise forms.ValidationError(problem)
        return given

    def _covered(self, given: dict[str, Any]) -> Covered:
        if given["order"]:
            return Covered(order=_order(given["order"]))
        if given["search"]:
            return Covered(documents=documents_found(given["search"], MOST_LISTED), search=given["search"])
        if given["document"]:
            return Covered(documents=[given["document"].pk])
        last = given["last_day"]
        return Covered(
            partner=given["partner"],
            begins_at=_midnight(given["first_day"]),
            ends_at=_midnight(last + timedelta(days=1)) if last else None,
        )


class AddForm(ReasonForm):
    """To which hold a document is added."""

    hold = forms.ModelChoiceField(Hold.objects.none(), widget=UnfoldAdminSelectWidget, empty_label=None)
    field_order = ["hold", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["hold"].queryset = active_holds().filter(is_list=True).order_by("matter")  # type: ignore[attr-defined]


def _order(number: str) -> Order:
    found = orders_numbered(number)
    if len(found) == 1:
        return found[0]
    problem = (
        gettext("Several stores have order %(number)s: look for it, and hold what is found.")
        if found
        else gettext("There is no order %(number)s.")
    )
    raise forms.ValidationError({"order": problem % {"number": number}})


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), UTC) if day else None


@admin.register(Hold)
class HoldAdmin(HistoryAdmin):
    """What is kept from being destroyed; taken by one person, released by two."""

    words = (gettext_lazy("hold"), gettext_lazy("holds"))
    list_display = ("matter", "covers", "shown_state", "shown_by", "shown_since")
    list_filter = (HoldFilter,)
    search_fields = ("matter", "covers")
    search_help_text = gettext_lazy("Words of the matter or of what it covers")
    ordering = ("-pk",)
    actions_list = ["take"]
    empty = EmptyState(
        gettext_lazy("Nothing is on hold"),
        gettext_lazy(
            "Take a hold where a lawsuit or an audit may ask for documents: nothing that it covers is destroyed then."
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        """Add the verbs."""
        view = self.admin_site.admin_view
        own = [
            path("<int:object_id>/decide/", view(require_POST(self.decide)), name="archive_hold_decide"),
            path(
                "add-document/<int:document_id>/", view(self.add_document), name="archive_hold_add_document"
            ),
        ]
        return own + list(super().get_urls())

    def has_take_hold_permission(self, request: HttpRequest) -> bool:
        """Say whether the user may take a hold."""
        return person(request).has_perm(TAKE_HOLD)

    def attach(self, rows: Sequence[Any]) -> None:
        """Attach which of them hold, and which somebody wants released."""
        holding = set(active_holds().filter(pk__in=[row.pk for row in rows]).values_list("pk", flat=True))
        wanted = set(
            Hold.objects.filter(pk__in=holding, releases__isnull=False, releases__decision=None).values_list(
                "pk", flat=True
            )
        )
        for row in rows:
            row.badge = _state(row.pk in holding, row.pk in wanted)

    def show(self, request: HttpRequest, row: Any) -> HttpResponse:
        """Show what the hold covers, and what can be decided about it."""
        user = person(request)
        holding = active_holds().filter(pk=row.pk).exists()
        proposal = open_release(row) if holding else None
        page = RecordPage(
            heading=row.matter,
            badge=_state(holding, proposal is not None),
            said=[
                Said(gettext("Covers"), row.covers, is_wide=True),
                Said(gettext("Taken by"), row.actor),
                Said(gettext("Since"), moment(row.recorded_at)),
                Said(gettext("Why"), row.reason, is_wide=True),
                *_proposal(proposal),
            ],
            lists=[_listed(row)] if row.is_list else [],
            subject=row.subject,
            decide_url=reverse("admin:archive_hold_decide", args=[row.pk]),
            verbs=_verbs(user, proposal) if holding and user.has_perm(RELEASE_HOLD) else [],
        )
        return self.page(request, row, "portal/governed.html", page.context())

    def decide(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Do one verb to one hold and show it again."""
        user = require(request, RELEASE_HOLD)
        hold = self.find(request, str(object_id))
        if hold is None:
            return self.missing(request, str(object_id))
        reason, proposal = request.POST.get("reason", ""), open_release(hold)
        verb = request.POST.get("verb", "")
        if verb == "propose":
            run(
                request,
                lambda: propose_release(user, hold, reason),
                gettext("Proposed. It holds until a second person approves."),
            )
        elif verb in ("approve", "decline") and proposal is not None:
            yes = verb == "approve"
            done = (
                gettext("Released: retention rules alone decide now.")
                if yes
                else gettext("It goes on holding.")
            )
            run(request, lambda: decide_release(user, proposal, reason, approved=yes), done)
        else:
            return HttpResponseBadRequest(gettext("There is no such verb now."))
        return HttpResponseRedirect(page_url(hold))

    @action(description=gettext_lazy("Take a hold…"), url_path="take", icon="lock", permissions=["take_hold"])  # type: ignore[untyped-decorator]
    def take(self, request: HttpRequest) -> HttpResponse:
        """Ask what is held and why, and take the hold."""
        user = require(request, TAKE_HOLD)
        form = HoldForm(request.POST if request.method == "POST" else None, initial=request.GET.dict())
        if request.method == "POST" and form.is_valid():
            made: list[Hold] = []
            given = form.cleaned_data
            verb = lambda: made.append(take_hold(user, given["matter"], given["covered"], given["reason"]))  # noqa: E731
            if run(request, verb, gettext("It is on hold: nothing that it covers is destroyed.")):
                return HttpResponseRedirect(page_url(made[0]))
        document = Document.objects.filter(pk=whole_number(request.GET.get("document", "")) or 0).first()
        context = {
            "title": gettext("Take a hold"),
            "heading": gettext("Put %(document)s on hold?") % {"document": document_words(document)}
            if document is not None
            else gettext("Take a hold"),
            "consequence": gettext(
                "Nothing that it covers is destroyed, whatever its retention says, until two people release it."
            ),
            "button": gettext("Take the hold"),
            "form": form,
            "cancel_url": list_url(Hold),
        }
        return self.page(request, None, "portal/verb.html", context)

    def add_document(self, request: HttpRequest, document_id: int) -> HttpResponse:
        """Ask to which hold with a list a document is added; where there is none, take one."""
        user = require(request, TAKE_HOLD)
        document = seen(Document.objects.all(), user).filter(pk=document_id).first()
        if document is None:
            return self.missing(request, str(document_id))
        if not active_holds().filter(is_list=True).exists():
            return HttpResponseRedirect(f"{reverse('admin:archive_hold_take')}?document={document.pk}")
        form = AddForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            hold, reason = form.cleaned_data["hold"], form.cleaned_data["reason"]
            run(request, lambda: add_to_hold(user, hold, [document.pk], reason), gettext("It is on hold."))
            return HttpResponseRedirect(page_url(document))
        context = {
            "title": gettext("Put %(document)s on hold") % {"document": document_words(document)},
            "heading": gettext("Put %(document)s on hold?") % {"document": document_words(document)},
            "consequence": gettext(
                "It is not destroyed, whatever its retention says, until two people release the hold."
            ),
            "button": gettext("Put on hold"),
            "form": form,
            "cancel_url": page_url(document),
        }
        return self.page(request, None, "portal/verb.html", context)

    @display(description=gettext_lazy("State"))
    def shown_state(self, hold: Any) -> str:
        """Return whether it holds."""
        return str(hold.badge)

    @display(description=gettext_lazy("Taken by"), ordering="actor")
    def shown_by(self, hold: Hold) -> str:
        """Return who took it."""
        return hold.actor

    @display(description=gettext_lazy("Since"), ordering="pk")
    def shown_since(self, hold: Hold) -> str:
        """Return since when."""
        return moment(hold.recorded_at)


def _state(holding: bool, wanted: bool) -> SafeString:
    if not holding:
        return badge(gettext("Released"), QUIET)
    return badge(gettext("Holds; release proposed"), WARNING) if wanted else badge(gettext("Holds"), WARNING)


def _proposal(proposal: Any) -> list[Said]:
    if proposal is None:
        return []
    return [Said(gettext("Release proposed by"), f"{proposal.actor}: {proposal.reason}", is_wide=True)]


def _verbs(user: Any, proposal: Any) -> list[Verb]:
    if proposal is None:
        words = gettext("It goes on holding until a second person approves.")
        return [Verb("propose", gettext("Propose to release"), words, is_first=True)]
    if proposal.user_id == user.pk:
        words = gettext(
            "You have proposed to release it. A second person has to approve; until then it holds."
        )
        return [Verb("decline", gettext("Withdraw"), words)]
    return [
        Verb(
            "approve",
            gettext("Release"),
            gettext("What it covered is kept by retention rules alone from now on."),
            is_first=True,
        ),
        Verb("decline", gettext("Decline"), gettext("It goes on holding.")),
    ]


def _listed(hold: Hold) -> Listed:
    rows = seen(Document.objects.filter(holds__hold=hold)).select_related("state", "interchange", "partner")
    shown = list(rows.order_by("-pk")[: MOST_SHOWN + 1])
    return Listed(
        gettext("Documents on its list"),
        (gettext("Document"), gettext("Partner"), gettext("Recorded")),
        [
            [
                Told(document_words(each), page_url(each)),
                Told(str(each.partner or "")),
                Told(moment(each.recorded_at)),
            ]
            for each in shown[:MOST_SHOWN]
        ],
        gettext("None of them is within what you may see."),
        gettext("These are the last %(most)s.") % {"most": MOST_SHOWN} if len(shown) > MOST_SHOWN else "",
    )
