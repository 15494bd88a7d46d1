"""Agreements, with their documents, items and code lists."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import display
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from integration.flows.mapping_rows import RELEASE
from integration.flows.route import skus_listed
from partners.models import (
    Agreement,
    AgreementDocument,
    CodeList,
    CodeListEntry,
    ControlNumber,
    ItemCrossReference,
)
from portal.admin.base import EmptyState, GridAdmin, HistoryAdmin, TableInline
from portal.admin.forms import AgreementForm, CodeListForm, ItemForm
from portal.admin.live import LiveAdmin
from portal.admin.mapping_use import shown_mapping
from portal.admin.show import link, moment, money


def look_again(request: HttpRequest, skus: Collection[str]) -> None:
    """Queue again the orders that a case holds for who supplies ``skus``, and say how many there are."""
    count = skus_listed(skus)
    if count:
        orders = (
            "One order that was held for it is" if count == 1 else f"{count} orders that were held for it are"
        )
        messages.info(request, f"{orders} looked at again now.")


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
    verbose_name = "document"
    verbose_name_plural = "Documents"

    def get_queryset(self, request: HttpRequest) -> QuerySet[AgreementDocument]:
        """Fetch the profiles along; the rows of one request are of one user."""
        self.may_choose = request.user.has_perm(RELEASE)
        rows: QuerySet[AgreementDocument] = super().get_queryset(request)
        return rows.select_related("profile")

    @display(description="Mapped by")
    def shown_mapping(self, document: AgreementDocument) -> str:
        """Return the profile and revision in use, with the way to another."""
        return shown_mapping(document, may_choose=self.may_choose)


class ItemInline(TableInline):
    """The SKUs that this partner supplies, a page at a time."""

    model = ItemCrossReference
    form = ItemForm
    fields = ("sku", "vendor_item", "upc", "unit", "unit_cost")
    per_page = 20
    verbose_name = "item"
    verbose_name_plural = "Items that this partner supplies"


class CodeListInline(TableInline):
    """The partner's own code lists; the entries have a page of their own."""

    model = CodeList
    form = CodeListForm
    fields = ("name", "shown_entries")
    readonly_fields = ("shown_entries",)
    show_change_link = True
    hide_title = False
    verbose_name = "code list"
    verbose_name_plural = "Code lists: the partner's own words"

    def get_queryset(self, request: HttpRequest) -> QuerySet[CodeList]:
        """Fetch the entries along."""
        rows: QuerySet[CodeList] = super().get_queryset(request)
        return rows.prefetch_related("entries")

    @display(description="Entries")
    def shown_entries(self, code_list: CodeList) -> str:
        """Return the entries as pairs."""
        return ", ".join(str(entry) for entry in code_list.entries.all()) if code_list.pk else ""


@admin.register(Agreement)
class AgreementAdmin(LiveAdmin):
    """Agreements; their mode changes by verb."""

    form = AgreementForm
    list_display = ("name", "shown_mode", "shown_partner", "shown_mailbox", "version", "shown_items")
    list_filter = ("mode", "partner", "mailbox")
    list_select_related = ("partner", "mailbox")
    search_fields = ("name", "partner__name")
    search_help_text = "Agreement or partner"
    autocomplete_fields = ("partner", "mailbox", "identifier")
    used_by = ("interchanges", "archived_documents", "purchase_orders")
    inlines = (DocumentInline, ItemInline, CodeListInline)
    readonly_fields = ("shown_live_from",)
    fieldsets = (
        (None, {"fields": (("name", "shown_live_from"), ("partner", "mailbox"))}),
        ("Who we are, who they are", {"fields": (
            ("own_qualifier", "own_id", "own_group_id"), ("identifier", "partner_group_id"),
        )}),
        ("How documents are written", {"fields": (
            ("version", "character_set"), ("element_separator", "component_separator", "segment_terminator"),
            "separators_fixed", ("time_zone", "currency"),
        )}),
        ("Answers", {"fields": (
            ("functional_acknowledgment", "interchange_acknowledgment"),
            ("functional_acknowledgment_hours", "purchase_order_acknowledgment_hours", "duplicate_window_days"),
            "unknown_codes", "writes_staff_notes",
        )}),
    )  # fmt: skip
    empty = EmptyState(
        "No agreements yet",
        "Add a partner and a mailbox first, then the agreement that joins them: who we are to each other, which"
        " documents go which way, which items the partner supplies.",
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

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save the items too, and look again at the orders that were held for who supplies them."""
        super().save_related(request, form, formsets, change)
        items = [formset for formset in formsets if formset.model is ItemCrossReference]
        skus: set[str] = set()
        for formset in items:
            skus.update(item.sku for item in [*formset.new_objects, *formset.deleted_objects])
            skus.update(item.sku for item, _ in formset.changed_objects)
            skus.update(each.initial.get("sku", "") for each in formset.forms if "sku" in each.changed_data)
        look_again(request, skus)

    @display(description="Partner", ordering="partner")
    def shown_partner(self, agreement: Agreement) -> str:
        """Return the partner as a link."""
        return link(agreement.partner)

    @display(description="Mailbox", ordering="mailbox")
    def shown_mailbox(self, agreement: Agreement) -> str:
        """Return the mailbox as a link."""
        return link(agreement.mailbox)

    @display(description="Items")
    def shown_items(self, agreement: Any) -> str:
        """Return how many SKUs the agreement lists."""
        return f"{agreement.item_count:,}" if agreement.item_count else "None"

    @display(description="Live from")
    def shown_live_from(self, agreement: Agreement) -> str:
        """Return since when it is live; set by the verb."""
        return moment(agreement.live_from) or "Not live yet"


@admin.register(ItemCrossReference)
class ItemAdmin(GridAdmin):
    """Items of all agreements: which partner supplies a SKU."""

    form = ItemForm
    words = ("item", "items")
    list_display = ("sku", "vendor_item", "upc", "unit", "shown_cost", "shown_agreement")
    list_filter = ("agreement",)
    list_select_related = ("agreement",)
    search_fields = ("sku__startswith", "vendor_item__startswith", "upc__startswith")
    search_help_text = "How a SKU, vendor's item or UPC begins"
    autocomplete_fields = ("agreement",)
    fields = ("agreement", "sku", "vendor_item", "upc", "unit", "unit_cost")
    empty = EmptyState(
        "No items yet",
        "Add a SKU with the agreement that supplies it. Orders with a SKU that nobody supplies are held by a case.",
    )

    def save_model(self, request: HttpRequest, obj: ItemCrossReference, form: Any, change: bool) -> None:
        """Save, and look again at the orders that were held for who supplies the SKU."""
        super().save_model(request, obj, form, change)
        if form.changed_data:
            look_again(request, {obj.sku, form.initial.get("sku", "")})

    def delete_model(self, request: HttpRequest, obj: ItemCrossReference) -> None:
        """Remove, and look again at the orders that were held because several partners supply the SKU."""
        super().delete_model(request, obj)
        look_again(request, {obj.sku})

    @display(description="Unit cost", ordering="unit_cost")
    def shown_cost(self, item: ItemCrossReference) -> str:
        """Return what we pay."""
        return money(item.unit_cost, item.agreement.currency)

    @display(description="Agreement", ordering="agreement")
    def shown_agreement(self, item: ItemCrossReference) -> str:
        """Return the agreement as a link."""
        return link(item.agreement)


class EntryInline(TableInline):
    """Pairs of our word and their code."""

    model = CodeListEntry
    fields = ("ours", "theirs")
    verbose_name = "entry"
    verbose_name_plural = "Entries"


@admin.register(CodeList)
class CodeListAdmin(GridAdmin):
    """One code list with its entries; reached from its agreement."""

    form = CodeListForm
    list_display = ("name", "agreement")
    list_select_related = ("agreement",)
    search_fields = ("name", "agreement__name")
    autocomplete_fields = ("agreement",)
    fields = ("agreement", "name")
    inlines = (EntryInline,)
    empty = EmptyState("No code lists yet", "A partner who uses the codes of the standard needs none.")


@admin.register(ControlNumber)
class ControlNumberAdmin(HistoryAdmin):
    """The last numbers given out; only the machine gives out new ones."""

    list_display = ("sender", "receiver", "kind", "shown_value", "epoch")
    list_filter = ("kind",)
    search_fields = ("sender", "receiver")
    search_help_text = "Sender or receiver"
    ordering = ("sender", "receiver", "kind")
    empty = EmptyState(
        "No control numbers yet", "The first is given out with the first document that we send."
    )

    fields = ("sender", "receiver", "kind", "shown_value", "epoch")
    readonly_fields = fields

    def named(self, row: ControlNumber) -> str:
        """Return between whom the numbers count."""
        return f"{row.sender} → {row.receiver}"

    @display(description="Last number", ordering="value")
    def shown_value(self, number: ControlNumber) -> str:
        """Return the number as X12 writes it."""
        return f"{number.value:09d}"
