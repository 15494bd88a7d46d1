"""Trading partners and their interchange IDs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from integration.models import ExceptionCase, Pause
from partners.models import PartnerContact, PartnerIdentifier, TradingPartner
from portal.admin.base import EmptyState, GridAdmin, TableInline
from portal.admin.onboarding import OnboardingPage
from portal.admin.partner_figures import PartnerFigures, figures_of
from portal.admin.pauses import PausableAdmin
from portal.admin.scorecard_page import ScorecardPage
from portal.admin.show import GOOD, QUIET, WAITING, badge, link, list_url, moment


class IdentifierInline(TableInline):
    """The partner's interchange IDs."""

    model = PartnerIdentifier
    fields = ("qualifier", "value")
    verbose_name = gettext_lazy("interchange ID")
    verbose_name_plural = gettext_lazy("Interchange IDs")

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        """Return one form for a new partner."""
        return 0 if obj else 1


class ContactInline(TableInline):
    """Whom mail may be sent to at the partner's."""

    model = PartnerContact
    fields = ("name", "email", "role")
    verbose_name = gettext_lazy("contact")
    verbose_name_plural = gettext_lazy("Contacts")


@admin.register(TradingPartner)
class PartnerAdmin(PausableAdmin, OnboardingPage, ScorecardPage):
    """Partners, with their IDs on the same page."""

    words = (gettext_lazy("partner"), gettext_lazy("partners"))
    used_by = ("agreements", "private_mailboxes", "archived_documents", "cases")
    list_display = (
        "name",
        "shown_active",
        "shown_identifiers",
        "shown_last_in",
        "shown_last_out",
        "shown_in_time",
        "shown_cases",
        "shown_agreements",
    )
    list_filter = ("is_active",)
    ordering = ("name",)
    actions_list = ["add_in_test"]
    actions_detail = [*PausableAdmin.actions_detail, "to_onboarding", "to_scorecard"]
    search_fields = ("name", "identifiers__value")
    search_help_text = gettext_lazy("Name or interchange ID")
    inlines = (IdentifierInline, ContactInline)
    fields = ("name", "is_active", "note")
    empty = EmptyState(
        gettext_lazy("No partners yet"),
        gettext_lazy(
            "Add the first one: its name, and the interchange ID under which it sends and receives."
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[TradingPartner]:
        """Count agreements and open cases along."""
        rows: QuerySet[TradingPartner] = super().get_queryset(request)
        return rows.prefetch_related("identifiers").annotate(
            agreement_count=Count("agreements", distinct=True),
            case_count=Count("cases", filter=Q(cases__closed_at=None), distinct=True),
        )

    def attach(self, rows: Sequence[Any]) -> None:
        """Attach what is told of each partner's traffic, and whether it is paused."""
        figures = figures_of(row.pk for row in rows)
        subjects = [f"partner:{row.pk}" for row in rows]
        paused = set(Pause.objects.filter(subject__in=subjects).values_list("subject", flat=True))
        for row, subject in zip(rows, subjects, strict=True):
            row.figures, row.is_paused = figures[row.pk], subject in paused

    @display(description=gettext_lazy("State"), ordering="is_active")
    def shown_active(self, partner: Any) -> SafeString:
        """Return Active, Paused or Switched off."""
        if not partner.is_active:
            return badge(gettext("Switched off"), QUIET)
        return badge(gettext("Paused"), WAITING) if partner.is_paused else badge(gettext("Active"), GOOD)

    @display(description=gettext_lazy("Last in"))
    def shown_last_in(self, partner: Any) -> str:
        """Return when the last document came."""
        return moment(partner.figures.last_in) or gettext("None yet")

    @display(description=gettext_lazy("Last out"))
    def shown_last_out(self, partner: Any) -> str:
        """Return when the last document went."""
        return moment(partner.figures.last_out) or gettext("None yet")

    @display(description=gettext_lazy("997 on time, 30 days"))
    def shown_in_time(self, partner: Any) -> str:
        """Return the share of what we sent that was answered in time, and what is meant by that."""
        figures: PartnerFigures = partner.figures
        told = figures.in_time
        return (
            gettext("None yet")
            if told is None
            else gettext("%(percent)s %% within %(hours)s h, of %(sent)s")
            % {"percent": told.percent, "hours": told.hours, "sent": f"{told.sent:,}"}
        )

    @display(description=gettext_lazy("Interchange IDs"))
    def shown_identifiers(self, partner: TradingPartner) -> str:
        """Return the IDs."""
        return ", ".join(str(each) for each in partner.identifiers.all()) or gettext("None")

    @display(description=gettext_lazy("Agreements"))
    def shown_agreements(self, partner: Any) -> str:
        """Return how many agreements there are."""
        return str(partner.agreement_count) if partner.agreement_count else gettext("None")

    @display(description=gettext_lazy("Open cases"))
    def shown_cases(self, partner: Any) -> str:
        """Return the number of open cases, as a link to them."""
        if not partner.case_count:
            return gettext("None")
        address = list_url(ExceptionCase, f"partner__id__exact={partner.pk}")
        return format_html('<a class="gp-link" href="{}">{}</a>', address, partner.case_count)


@admin.register(PartnerIdentifier)
class IdentifierAdmin(GridAdmin):
    """Interchange IDs, for the fields that look them up; edited on the partner's page."""

    words = (gettext_lazy("interchange ID"), gettext_lazy("interchange IDs"))
    used_by = ("agreements", "partnerships")
    list_display = ("shown_value", "shown_partner")
    list_select_related = ("partner",)
    ordering = ("value", "qualifier")
    search_fields = ("value", "partner__name")
    autocomplete_fields = ("partner",)
    fields = ("partner", "qualifier", "value")
    empty = EmptyState(
        gettext_lazy("No interchange IDs yet"), gettext_lazy("Add them on the partner's page.")
    )

    @display(description=gettext_lazy("Interchange ID"), ordering="value")
    def shown_value(self, identifier: PartnerIdentifier) -> str:
        """Return the qualifier and the ID."""
        return str(identifier)

    @display(description=gettext_lazy("Partner"), ordering="partner")
    def shown_partner(self, identifier: PartnerIdentifier) -> str:
        """Return the partner as a link."""
        return link(identifier.partner)
