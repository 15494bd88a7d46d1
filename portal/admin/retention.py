"""Retention rules: what each says now and said before, and the verbs that change them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin import display
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy
from unfold.decorators import action
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from archive.models import FILE, RetentionRevision, RetentionRule
from archive.models.exchange import DOCUMENT_NAMES
from integration.flows.retention import (
    LONGEST,
    Terms,
    add_rule,
    change_rule,
    retire_rule,
    revision_words,
    terms_of,
)
from integration.flows.rights import SET_RETENTION
from integration.models import Store
from partners.models import TradingPartner
from portal.admin.base import EmptyState, HistoryAdmin
from portal.admin.governed_page import Listed, RecordPage, Said, Told, Way
from portal.admin.show import GOOD, QUIET, badge, moment, page_url
from portal.admin.verbs import Asked, ReasonForm, person, reason_page, require, run

_KINDS = [
    *DOCUMENT_NAMES.items(),
    (FILE, gettext_lazy("Files without a document, such as stock files and packing lists")),
]


class TermsForm(ReasonForm):
    """What a rule says. A criterion that is left empty is met by every document."""

    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("Documents"),
        choices=_KINDS,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=gettext_lazy("None chosen: every kind."),
    )
    partner = forms.ModelChoiceField(
        TradingPartner.objects.order_by("name"),
        required=False,
        empty_label=gettext_lazy("Every partner"),
        widget=UnfoldAdminSelectWidget,
    )
    store = forms.ModelChoiceField(
        Store.objects.order_by("name"),
        required=False,
        empty_label=gettext_lazy("Every store"),
        widget=UnfoldAdminSelectWidget,
        help_text=gettext_lazy("Documents that belong to an order of this store."),
    )
    country = forms.CharField(
        label=gettext_lazy("Country"),
        required=False,
        max_length=2,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy(
            "Two letters, such as DE: documents of orders that go there. Where an order names no country, the rule holds too."
        ),
    )
    years = forms.IntegerField(
        label=gettext_lazy("Years"),
        min_value=1,
        max_value=LONGEST,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric"}),
        help_text=gettext_lazy("So long it is kept. Of several rules the longest holds."),
    )
    starts = forms.ChoiceField(
        label=gettext_lazy("Counted from"),
        choices=RetentionRevision.Starts.choices,
        widget=UnfoldAdminSelectWidget,
    )
    legal_reason = forms.CharField(
        label=gettext_lazy("Legal reason"),
        max_length=1000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=gettext_lazy("The law or contract that asks for it. Certificates quote it."),
    )
    field_order = [
        "name",
        "kinds",
        "partner",
        "store",
        "country",
        "years",
        "starts",
        "legal_reason",
        "reason",
    ]

    def terms(self) -> Terms:
        """Return what was given."""
        given = self.cleaned_data
        return Terms(
            years=given["years"],
            legal_reason=given["legal_reason"],
            kinds=tuple(given["kinds"]),
            partner=given["partner"],
            store=given["store"],
            country=given["country"].strip().upper(),
            starts=given["starts"],
        )

    def clean(self) -> dict[str, Any]:
        """Refuse what could be no rule."""
        given: dict[str, Any] = super().clean() or {}
        if not self.errors and (problem := self.terms().problem):
            raise forms.ValidationError(problem)
        return given


class NewRuleForm(TermsForm):
    """A new rule, with its name."""

    name = forms.CharField(
        max_length=100,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("Such as “Invoices, Germany”."),
    )


@admin.register(RetentionRule)
class RetentionRuleAdmin(HistoryAdmin):
    """How long documents are kept; what no rule covers is kept for ever."""

    words = (gettext_lazy("retention rule"), gettext_lazy("retention rules"))
    list_display = ("name", "shown_covers", "shown_keeps", "shown_legal", "shown_state", "shown_since")
    search_fields = ("name__startswith",)
    search_help_text = gettext_lazy("How the rule's name begins")
    ordering = ("name",)
    actions_list = ["add_one"]
    empty = EmptyState(
        gettext_lazy("No retention rules yet"),
        gettext_lazy(
            "Everything is kept until a rule says for how long. Add one with the law that asks for it."
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        """Add the verbs."""
        view = self.admin_site.admin_view
        own = [
            path(
                "<int:object_id>/change-rule/",
                view(self.change_one),
                name="archive_retentionrule_change_rule",
            ),
            path("<int:object_id>/retire/", view(self.retire_one), name="archive_retentionrule_retire"),
        ]
        return own + list(super().get_urls())

    def has_set_retention_permission(self, request: HttpRequest) -> bool:
        """Say whether the user may say how long documents are kept."""
        return person(request).has_perm(SET_RETENTION)

    def attach(self, rows: Sequence[Any]) -> None:
        """Attach what each rule says now."""
        found: dict[int, RetentionRevision] = {}
        revisions = RetentionRevision.objects.filter(rule__in=[row.pk for row in rows])
        for each in revisions.select_related("partner", "rule").order_by("number"):
            found[each.rule_id] = each
        for row in rows:
            row.now = found[row.pk]
            row.told = revision_words(row.now)

    def show(self, request: HttpRequest, row: Any) -> HttpResponse:
        """Show what the rule says, and said before."""
        revisions = list(row.revisions.select_related("partner", "rule").order_by("-number"))
        now = revisions[0]
        may = self.has_set_retention_permission(request)
        covers, keeps = revision_words(now)
        page = RecordPage(
            heading=row.name,
            badge=_state(now),
            said=[
                Said(gettext("Covers"), covers, is_wide=True),
                Said(gettext("Kept for"), keeps),
                Said(gettext("Since"), moment(now.recorded_at)),
                Said(gettext("Legal reason"), now.legal_reason, is_wide=True),
            ],
            lists=[
                Listed(
                    gettext("Revisions"),
                    (
                        gettext("Revision"),
                        gettext("What it says"),
                        gettext("Legal reason"),
                        gettext("Why"),
                        gettext("When"),
                    ),
                    [_revision_row(each) for each in revisions],
                    "",
                )
            ],
            ways=_ways(now) if may else [],
            warning=gettext("This rule holds no more: what only it covered is kept.")
            if now.is_retired
            else "",
        )
        return self.page(request, row, "portal/governed.html", page.context())

    @action(
        description=gettext_lazy("Add a rule…"),
        url_path="add-rule",
        icon="add",
        permissions=["set_retention"],
    )  # type: ignore[untyped-decorator]
    def add_one(self, request: HttpRequest) -> HttpResponse:
        """Ask what a new rule says, and begin it."""
        user = require(request, SET_RETENTION)
        form = NewRuleForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            made: list[RetentionRevision] = []
            given = form.cleaned_data
            verb = lambda: made.append(add_rule(user, given["name"], form.terms(), given["reason"]))  # noqa: E731
            if run(request, verb, gettext("The rule holds from now on.")):
                return HttpResponseRedirect(page_url(made[0].rule))
        context = _asking(form, gettext("Add a retention rule"), gettext("Add the rule"), "../")
        return self.page(request, None, "portal/verb.html", context)

    def change_one(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask what the rule says from now on."""
        user = require(request, SET_RETENTION)
        return self._verb_page(request, object_id, lambda rule, now: self._change(request, user, rule, now))

    def _change(
        self, request: HttpRequest, user: Any, rule: RetentionRule, now: RetentionRevision
    ) -> HttpResponse:
        said = terms_of(now)
        form = TermsForm(
            request.POST if request.method == "POST" else None,
            initial={name: getattr(said, name) for name in TermsForm.base_fields if hasattr(said, name)},
        )
        if request.method == "POST" and form.is_valid():
            verb = lambda: change_rule(user, now, form.terms(), form.cleaned_data["reason"])  # noqa: E731
            run(request, verb, gettext("It holds so from now on."))
            return HttpResponseRedirect(page_url(rule))
        context = _asking(form, f"Change “{rule}”", gettext("Change the rule"), "../change/")
        return self.page(request, rule, "portal/verb.html", context)

    def retire_one(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask why the rule holds no more."""
        user = require(request, SET_RETENTION)
        asked = Asked(
            title=gettext("retire"),
            heading=gettext("Should this rule hold no more?"),
            consequence=gettext(
                "What no other rule covers is kept then, for ever, until a rule covers it. What was destroyed stays destroyed."
            ),
            button=gettext("Retire the rule"),
            done=gettext("The rule holds no more."),
        )
        return self._verb_page(
            request,
            object_id,
            lambda rule, now: reason_page(
                self, request, rule, lambda reason: retire_rule(user, now, reason), asked
            ),
        )

    def _verb_page(
        self,
        request: HttpRequest,
        object_id: int,
        page: Callable[[RetentionRule, RetentionRevision], HttpResponse],
    ) -> HttpResponse:
        rule = self.find(request, str(object_id))
        if rule is None:
            return self.missing(request, str(object_id))
        now = rule.revisions.select_related("partner", "rule").order_by("-number").first()
        return page(rule, now)

    @display(description=gettext_lazy("Covers"))
    def shown_covers(self, rule: Any) -> str:
        """Return which documents it covers."""
        return str(rule.told[0])

    @display(description=gettext_lazy("Kept for"))
    def shown_keeps(self, rule: Any) -> str:
        """Return how long, and from when."""
        return str(rule.told[1])

    @display(description=gettext_lazy("Legal reason"))
    def shown_legal(self, rule: Any) -> str:
        """Return the law or contract."""
        return str(rule.now.legal_reason)

    @display(description=gettext_lazy("State"))
    def shown_state(self, rule: Any) -> SafeString:
        """Return whether it holds."""
        return _state(rule.now)

    @display(description=gettext_lazy("Since"))
    def shown_since(self, rule: Any) -> str:
        """Return since when it says so."""
        return moment(rule.now.recorded_at)


def _asking(form: TermsForm, heading: str, button: str, cancel_url: str) -> dict[str, Any]:
    consequence = gettext(
        "The rule holds at once, for what is there too. Nothing is destroyed by it alone: what is due is proposed by one"
        " person and approved by a second. The earlier revisions of a rule are kept."
    )
    return {
        "title": heading, "heading": heading, "consequence": consequence, "button": button, "form": form,
        "cancel_url": cancel_url,
    }  # fmt: skip


def _ways(now: RetentionRevision) -> list[Way]:
    row = now.rule_id
    ways = [Way(gettext("Change…"), reverse("admin:archive_retentionrule_change_rule", args=[row]), "edit")]
    if not now.is_retired:
        ways.append(
            Way(gettext("Retire…"), reverse("admin:archive_retentionrule_retire", args=[row]), "block")
        )
    return ways


def _state(now: RetentionRevision) -> SafeString:
    return badge(gettext("Retired"), QUIET) if now.is_retired else badge(gettext("In force"), GOOD)


def _revision_row(each: RetentionRevision) -> list[Told]:
    covers, keeps = revision_words(each)
    return [
        Told(each.number),
        Told(gettext("Holds no more") if each.is_retired else covers, under="" if each.is_retired else keeps),
        Told(each.legal_reason),
        Told(each.reason, under=gettext("by %(actor)s") % {"actor": each.actor}),
        Told(moment(each.recorded_at)),
    ]
