"""Agreements, with their documents, items and code lists."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext, gettext_lazy

from integration.flows.agreed import tolerances_of
from integration.flows.mapping_rows import RELEASE
from integration.flows.outgoing import envelope_of
from integration.flows.rights import EDIT_AGREEMENT
from integration.matching.tolerances import sentences
from integration.models import StockLocation, StockTerms
from partners.models import (
    Agreement,
    AgreementDocument,
    AnswerTolerances,
    BillTolerances,
    CodeList,
    ControlNumber,
    ItemCrossReference,
    ReturnTerms,
    ShipmentTolerances,
)
from portal.admin.base import EmptyState, FormInline, HistoryAdmin, TableInline
from portal.admin.forms import AgreementForm, CodeListForm, ItemForm, ShipmentTolerancesForm
from portal.admin.live import LiveAdmin
from portal.admin.mapping_use import shown_mapping
from portal.admin.reasoned import ReasonedAdmin
from portal.admin.show import link, moment
from portal.admin.stock_terms import StockLocationInline, StockTermsInline
from portal.admin.take_over import NumbersAdmin
from portal.admin.tolerances import tolerances_page

USUAL_DOCUMENTS = [
    {"transaction_set": "850", "direction": AgreementDocument.Direction.OUT},
    {"transaction_set": "855", "direction": AgreementDocument.Direction.IN},
]


class DocumentInline(TableInline):
    """Which documents go which way."""

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        """Return a form for each usual document of a new agreement."""
        return 0 if obj else len(USUAL_DOCUMENTS)

    model = AgreementDocument
    fields = ("transaction_set", "direction", "is_active", "shown_mapping")
    readonly_fields = ("shown_mapping",)
    verbose_name = gettext_lazy("document")
    verbose_name_plural = gettext_lazy("Documents")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AgreementDocument]:
        """Fetch the profiles along; the rows of one request are of one user."""
        self.may_choose = request.user.has_perm(RELEASE)
        rows: QuerySet[AgreementDocument] = super().get_queryset(request)
        return rows.select_related("profile")

    @display(description=gettext_lazy("Mapped by"))
    def shown_mapping(self, document: AgreementDocument) -> str:
        """Return the profile and revision in use, with the way to another."""
        return shown_mapping(document, may_choose=self.may_choose)


class ItemInline(TableInline):
    """The SKUs that this partner supplies, a page at a time."""

    model = ItemCrossReference
    form = ItemForm
    fields = ("sku", "vendor_item", "upc", "unit", "partner_unit", "pack_factor", "unit_cost")
    per_page = 20
    verbose_name = gettext_lazy("item")
    verbose_name_plural = gettext_lazy("Items that this partner supplies")


class ShipmentTolerancesInline(TableInline):
    """One row at most: what of ship notices needs no person."""

    model = ShipmentTolerances
    form = ShipmentTolerancesForm
    fields = ("over_percent", "over_absolute", "days_late", "before_answer")
    max_num = 1
    # Of an inline of one row the frame shows the singular.
    verbose_name = gettext_lazy("What of ship notices (856) counts by itself")
    verbose_name_plural = verbose_name

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        """Return the one form: left as it is, nothing but what was ordered, answered and in time counts."""
        return int(self.has_change_permission(request, obj))


class CodeListInline(TableInline):
    """The partner's own code lists; the entries have a page of their own."""

    model = CodeList
    form = CodeListForm
    fields = ("name", "shown_entries")
    readonly_fields = ("shown_entries",)
    show_change_link = True
    hide_title = False
    verbose_name = gettext_lazy("code list")
    verbose_name_plural = gettext_lazy("Code lists: the partner's own words")

    def get_queryset(self, request: HttpRequest) -> QuerySet[CodeList]:
        """Fetch the entries along."""
        rows: QuerySet[CodeList] = super().get_queryset(request)
        return rows.prefetch_related("entries")

    @display(description=gettext_lazy("Entries"))
    def shown_entries(self, code_list: CodeList) -> str:
        """Return the entries as pairs."""
        return ", ".join(str(entry) for entry in code_list.entries.all()) if code_list.pk else ""


class BillTolerancesInline(FormInline):
    """What of the partner's invoices is approved by itself."""

    model = BillTolerances
    fields = (
        ("price_percent", "price_absolute", "over_percent", "over_absolute"),
        ("charges", "taxes_percent", "rounding_cents", "days_waiting"),
    )
    verbose_name = gettext_lazy("What of supplier invoices is approved by itself")
    verbose_name_plural = verbose_name


class ReturnTermsInline(FormInline):
    """By when each next thing of a return has to come."""

    model = ReturnTerms
    fields = (("answer_days", "ship_days", "receipt_days", "credit_days"), "takes_files")
    verbose_name = gettext_lazy("How long each stage of a return may take")
    verbose_name_plural = verbose_name


@admin.register(Agreement)
class AgreementAdmin(ReasonedAdmin, LiveAdmin, NumbersAdmin):
    """Agreements; their mode changes by verb."""

    form = AgreementForm
    change_form_outer_after_template = "portal/parts/agreement_below.html"
    list_display = ("name", "shown_mode", "shown_partner", "shown_mailbox", "version", "shown_items")
    list_filter = ("mode", "partner", "mailbox")
    list_select_related = ("partner", "mailbox")
    search_fields = ("name", "partner__name")
    search_help_text = gettext_lazy("Agreement or partner")
    autocomplete_fields = ("partner", "mailbox", "identifier", "calendar")
    used_by = (
        "interchanges",
        "archived_documents",
        "purchase_orders",
        "routing_rules",
        "customer_links",
        "stock_feeds",
        "stock",
    )
    inlines = (
        DocumentInline, ShipmentTolerancesInline, BillTolerancesInline, ReturnTermsInline, StockTermsInline, StockLocationInline,
        ItemInline, CodeListInline,
    )  # fmt: skip
    readonly_fields = ("shown_live_from",)
    fieldsets = (
        (None, {"fields": (("name", "shown_live_from"), ("partner", "mailbox"))}),
        (gettext_lazy("Who we are, who they are"), {"fields": (
            ("own_qualifier", "own_id", "own_group_id"), ("identifier", "partner_group_id"),
        )}),
        (gettext_lazy("How documents are written"), {"fields": (
            ("version", "interchange_version", "character_set"),
            ("element_separator", "component_separator", "segment_terminator", "repetition_separator"),
            "separators_fixed", "line_breaks", ("usage_indicator", "party_id_kind"), ("time_zone", "currency"),
        )}),
        (gettext_lazy("Answers"), {"fields": (
            ("functional_acknowledgment", "interchange_acknowledgment"),
            "unknown_codes", "changes_after_sending", ("duplicate_window_days", "writes_staff_notes"),
        )}),
        (gettext_lazy("By when answers have to come"), {"fields": (
            ("functional_acknowledgment_hours", "purchase_order_acknowledgment_hours"),
            ("ship_notice_days", "ship_notice_hours"),
            ("calendar", "reminder_hours"), "mails_reminders",
        )}),
        (gettext_lazy("What a purchase order tells"), {"fields": (
            ("unit_price", "takes_unlisted_items"),
            ("tells_message", "tells_phone", "tells_email"),
            ("tells_gift_wrapping", "tells_customer_number"), ("tells_discounts", "tells_taxes"),
            ("ship_within_days", "deliver_within_days", "cancel_after_days"),
        )}),
    )  # fmt: skip
    empty = EmptyState(
        gettext_lazy("No agreements yet"),
        gettext_lazy(
            "Add a partner and a mailbox first, then the agreement that joins them: who we are to each other, which"
            " documents go which way, which items the partner supplies."
        ),
    )

    def get_formset_kwargs(self, request: HttpRequest, obj: Any, inline: Any, prefix: str) -> dict[str, Any]:
        """Offer a new agreement the usual documents. What is sent back is compared with nothing, so it is saved."""
        options: dict[str, Any] = super().get_formset_kwargs(request, obj, inline, prefix)
        if isinstance(inline, DocumentInline) and obj.pk is None and request.method == "GET":
            options["initial"] = USUAL_DOCUMENTS
        return options

    def get_queryset(self, request: HttpRequest) -> QuerySet[Agreement]:
        """Count the items along."""
        rows: QuerySet[Agreement] = super().get_queryset(request)
        return rows.annotate(item_count=Count("items"))

    def get_urls(self) -> list[URLPattern]:
        """Add the page of the tolerances."""
        page = path(
            "<int:object_id>/tolerances/",
            self.admin_site.admin_view(self.tolerances),
            name="partners_agreement_tolerances",
        )
        return [page, *super().get_urls()]

    def tolerances(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show, try out and save what of the partner's answers is accepted by itself."""
        agreement = self.find(request, str(object_id))
        return (
            self.missing(request, str(object_id))
            if agreement is None
            else tolerances_page(self, request, agreement)
        )

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show beneath the settings how the next interchange begins with them."""
        agreement = self.find(request, object_id)
        extra = dict(extra_context or {})
        if agreement is not None:
            extra["envelope"] = envelope_of(agreement)
            if request.user.has_perm(EDIT_AGREEMENT):
                extra["numbers_url"] = reverse("admin:partners_agreement_numbers", args=[agreement.pk])
            may = self.has_change_permission(request, agreement)
            extra["tolerances"] = {
                "words": sentences(tolerances_of(agreement)),
                "url": reverse("admin:partners_agreement_tolerances", args=[agreement.pk]) if may else "",
            }
        page: HttpResponse = super().change_view(request, object_id, form_url, extra)
        return page

    def removed(self, row: Agreement) -> list[Any]:
        """Return what goes with an agreement, each kept with its own entry."""
        held: list[Any] = [
            *row.items.all(),
            *row.code_lists.all(),
            *row.documents.all(),
            *row.substitutes.all(),
        ]
        for kind in (
            AnswerTolerances,
            ShipmentTolerances,
            BillTolerances,
            ReturnTerms,
            StockTerms,
            StockLocation,
        ):
            held += kind.objects.filter(agreement=row)
        return [*held, row]

    @display(description=gettext_lazy("Partner"), ordering="partner")
    def shown_partner(self, agreement: Agreement) -> str:
        """Return the partner as a link."""
        return link(agreement.partner)

    @display(description=gettext_lazy("Mailbox"), ordering="mailbox")
    def shown_mailbox(self, agreement: Agreement) -> str:
        """Return the mailbox as a link."""
        return link(agreement.mailbox)

    @display(description=gettext_lazy("Items"))
    def shown_items(self, agreement: Any) -> str:
        """Return how many SKUs the agreement lists."""
        return f"{agreement.item_count:,}" if agreement.item_count else gettext("None")

    @display(description=gettext_lazy("Live from"))
    def shown_live_from(self, agreement: Agreement) -> str:
        """Return since when it is live; set by the verb."""
        return moment(agreement.live_from) or gettext("Not live yet")


@admin.register(ControlNumber)
class ControlNumberAdmin(HistoryAdmin):
    """The last numbers given out; only the machine gives out new ones."""

    list_display = ("sender", "receiver", "kind", "shown_value", "epoch")
    list_filter = ("kind",)
    search_fields = ("sender", "receiver")
    search_help_text = gettext_lazy("Sender or receiver")
    ordering = ("sender", "receiver", "kind")
    empty = EmptyState(
        gettext_lazy("No control numbers yet"),
        gettext_lazy("The first is given out with the first document that we send."),
    )

    fields = ("sender", "receiver", "kind", "shown_value", "epoch")
    readonly_fields = fields

    def named(self, row: ControlNumber) -> str:
        """Return between whom the numbers count."""
        return f"{row.sender} → {row.receiver}"

    @display(description=gettext_lazy("Last number"), ordering="value")
    def shown_value(self, number: ControlNumber) -> str:
        """Return the number as X12 writes it."""
        return f"{number.value:09d}"
