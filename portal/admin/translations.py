"""Items of all agreements, and the partners' code lists."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin import display
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_lazy

from integration.flows.translation_files import (
    CODE_COLUMNS,
    ITEM_COLUMNS,
    codes_csv,
    entry_problem,
    items_csv,
    plan_codes,
    plan_items,
)
from partners.models import CodeList, CodeListEntry, ItemCrossReference
from portal.admin import rules
from portal.admin.base import EmptyState, TableInline
from portal.admin.csv_import import FileAdmin
from portal.admin.forms import PlainNumbers, ReasonedForm
from portal.admin.show import link, money, quantity


class ItemPageForm(PlainNumbers, ReasonedForm):
    """An item, on its own page."""

    problems = staticmethod(rules.item_problems)

    class Meta:
        model = ItemCrossReference
        fields = ()


class CodeListPageForm(ReasonedForm):
    """A code list, on its own page."""

    problems = staticmethod(rules.code_list_problems)

    class Meta:
        model = CodeList
        fields = ()


class EntryForm(forms.ModelForm):  # type: ignore[type-arg]
    """One pair."""

    class Meta:
        model = CodeListEntry
        fields = ("ours", "theirs")

    def clean(self) -> dict[str, Any]:
        """Refuse an entry that no guide would use."""
        given: dict[str, Any] = super().clean() or {}
        if (
            "ours" in given
            and "theirs" in given
            and (problem := entry_problem(given["ours"], given["theirs"]))
        ):
            raise forms.ValidationError(problem)
        return given


@admin.register(ItemCrossReference)
class ItemAdmin(FileAdmin):
    """Items of all agreements: which partner supplies a SKU, and how he counts it."""

    form = ItemPageForm
    words = (gettext_lazy("item"), gettext_lazy("items"))
    columns, file_name = ITEM_COLUMNS, "items.csv"
    plan_file = staticmethod(plan_items)
    list_display = ("sku", "vendor_item", "upc", "shown_unit", "shown_cost", "shown_agreement")
    list_filter = ("agreement",)
    list_select_related = ("agreement",)
    search_fields = ("sku__startswith", "vendor_item__startswith", "upc__startswith")
    search_help_text = gettext_lazy("How a SKU, vendor's item or UPC begins")
    autocomplete_fields = ("agreement",)
    fields = ("agreement", "sku", "vendor_item", "upc", ("unit", "partner_unit", "pack_factor"), "unit_cost")
    empty = EmptyState(
        gettext_lazy("No items yet"),
        gettext_lazy(
            "Add a SKU with the agreement that supplies it, or import a file. Orders with a SKU that nobody supplies are held"
            " by a case."
        ),
    )

    def exported(self, rows: Any) -> Iterable[str]:
        """Return the file of the items shown."""
        return items_csv(rows.select_related("agreement").iterator(chunk_size=1000))

    @display(description=gettext_lazy("Unit"), ordering="unit")
    def shown_unit(self, item: ItemCrossReference) -> str:
        """Return our unit, and theirs where it is another."""
        if item.partner_unit in ("", item.unit) and item.pack_factor == 1:
            return item.unit
        return f"{item.unit}; 1 {item.partner_unit or item.unit} = {quantity(item.pack_factor)}"

    @display(description=gettext_lazy("Unit cost"), ordering="unit_cost")
    def shown_cost(self, item: ItemCrossReference) -> str:
        """Return what we pay."""
        return money(item.unit_cost, item.agreement.currency)

    @display(description=gettext_lazy("Agreement"), ordering="agreement")
    def shown_agreement(self, item: ItemCrossReference) -> str:
        """Return the agreement as a link."""
        return link(item.agreement)


class EntryInline(TableInline):
    """Pairs of our word and their code."""

    model = CodeListEntry
    form = EntryForm
    fields = ("ours", "theirs")
    verbose_name = gettext_lazy("entry")
    verbose_name_plural = gettext_lazy("Entries")


@admin.register(CodeList)
class CodeListAdmin(FileAdmin):
    """One code list with its entries; reached from its agreement."""

    form = CodeListPageForm
    columns, file_name = CODE_COLUMNS, "code-lists.csv"
    plan_file = staticmethod(plan_codes)
    list_display = ("name", "shown_agreement", "shown_entries")
    list_filter = ("agreement",)
    list_select_related = ("agreement",)
    search_fields = ("name", "agreement__name")
    search_help_text = gettext_lazy("List or agreement")
    autocomplete_fields = ("agreement",)
    fields = ("agreement", "name")
    inlines = (EntryInline,)
    empty = EmptyState(
        gettext_lazy("No code lists yet"),
        gettext_lazy("A partner who uses the codes of the standard needs none."),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[CodeList]:
        """Count the entries along."""
        rows: QuerySet[CodeList] = super().get_queryset(request)
        return rows.annotate(entry_count=Count("entries"))

    @display(description=gettext_lazy("Agreement"), ordering="agreement")
    def shown_agreement(self, code_list: CodeList) -> str:
        """Return the agreement as a link."""
        return link(code_list.agreement)

    @display(description=gettext_lazy("Entries"), ordering="entry_count")
    def shown_entries(self, code_list: Any) -> str:
        """Return how many entries the list has."""
        return f"{code_list.entry_count:,}" if code_list.entry_count else gettext("None")

    def exported(self, rows: Any) -> Iterable[str]:
        """Return the file of the entries of the lists shown."""
        entries = CodeListEntry.objects.filter(code_list__in=rows.order_by().values("pk"))
        return codes_csv(entries.select_related("code_list__agreement").order_by("code_list", "ours"))
