"""Trading partners and their interchange IDs."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from integration.models import ExceptionCase
from partners.models import PartnerContact, PartnerIdentifier, TradingPartner
from portal.admin.base import EmptyState, GridAdmin, TableInline
from portal.admin.pauses import PausableAdmin
from portal.admin.show import GOOD, QUIET, badge, link, list_url


class IdentifierInline(TableInline):
    """The partner's interchange IDs."""

    model = PartnerIdentifier
    fields = ("qualifier", "value")
    verbose_name = "interchange ID"
    verbose_name_plural = "Interchange IDs"

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        """Return one form for a new partner."""
        return 0 if obj else 1


class ContactInline(TableInline):
    """Whom mail may be sent to at the partner's."""

    model = PartnerContact
    fields = ("name", "email", "role")
    verbose_name = "contact"
    verbose_name_plural = "Contacts"


@admin.register(TradingPartner)
class PartnerAdmin(PausableAdmin):
    """Partners, with their IDs on the same page."""

    words = ("partner", "partners")
    used_by = ("agreements", "private_mailboxes", "archived_documents", "cases")
    list_display = ("name", "shown_active", "shown_identifiers", "shown_agreements", "shown_cases")
    list_filter = ("is_active",)
    search_fields = ("name", "identifiers__value")
    search_help_text = "Name or interchange ID"
    inlines = (IdentifierInline, ContactInline)
    fields = ("name", "is_active", "note")
    empty = EmptyState(
        "No partners yet",
        "Add the first one: its name, and the interchange ID under which it sends and receives.",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[TradingPartner]:
        """Count agreements and open cases along."""
        rows: QuerySet[TradingPartner] = super().get_queryset(request)
        return rows.prefetch_related("identifiers").annotate(
            agreement_count=Count("agreements", distinct=True),
            case_count=Count("cases", filter=Q(cases__closed_at=None), distinct=True),
        )

    @display(description="State", ordering="is_active")
    def shown_active(self, partner: TradingPartner) -> SafeString:
        """Return Active or Switched off."""
        return badge("Active", GOOD) if partner.is_active else badge("Switched off", QUIET)

    @display(description="Interchange IDs")
    def shown_identifiers(self, partner: TradingPartner) -> str:
        """Return the IDs."""
        return ", ".join(str(each) for each in partner.identifiers.all()) or "None"

    @display(description="Agreements")
    def shown_agreements(self, partner: Any) -> str:
        """Return how many agreements there are."""
        return str(partner.agreement_count) if partner.agreement_count else "None"

    @display(description="Open cases")
    def shown_cases(self, partner: Any) -> str:
        """Return the number of open cases, as a link to them."""
        if not partner.case_count:
            return "None"
        address = list_url(ExceptionCase, f"partner__id__exact={partner.pk}")
        return format_html('<a class="gp-link" href="{}">{}</a>', address, partner.case_count)


@admin.register(PartnerIdentifier)
class IdentifierAdmin(GridAdmin):
    """Interchange IDs, for the fields that look them up; edited on the partner's page."""

    words = ("interchange ID", "interchange IDs")
    used_by = ("agreements", "partnerships")
    list_display = ("shown_value", "shown_partner")
    list_select_related = ("partner",)
    search_fields = ("value", "partner__name")
    autocomplete_fields = ("partner",)
    fields = ("partner", "qualifier", "value")
    empty = EmptyState("No interchange IDs yet", "Add them on the partner's page.")

    @display(description="Interchange ID", ordering="value")
    def shown_value(self, identifier: PartnerIdentifier) -> str:
        """Return the qualifier and the ID."""
        return str(identifier)

    @display(description="Partner", ordering="partner")
    def shown_partner(self, identifier: PartnerIdentifier) -> str:
        """Return the partner as a link."""
        return link(identifier.partner)
