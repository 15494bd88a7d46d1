"""Forms of routing: a rule with its lists, a warehouse, and what the tester is asked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from integration.flows.routing_rules import rule_problems
from integration.models import Order, RoutingRule, Store, Warehouse
from portal.access import seen
from portal.admin.forms import ReasonedForm

LONGEST_LIST = 500
LONGEST_NAME = 60


class ListField(forms.CharField):
    """A list of texts, one a line; ``commas`` part them too. Kept in the order given, each once."""

    def __init__(self, *, commas: bool = False, **options: Any) -> None:
        self._between = re.compile(r"[\n,]" if commas else r"\n")
        self._joined = ", " if commas else "\n"
        widget = UnfoldAdminTextInputWidget() if commas else UnfoldAdminTextareaWidget(attrs={"rows": 3})
        super().__init__(required=False, widget=widget, **options)

    def prepare_value(self, value: Any) -> Any:
        """Show a list as people write it."""
        return self._joined.join(str(each) for each in value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """Return the list."""
        text = (super().to_python(value) or "").replace("\r", "")
        found = dict.fromkeys(" ".join(each.split()) for each in self._between.split(text))
        items = [each for each in found if each]
        if len(items) > LONGEST_LIST:
            raise forms.ValidationError(
                gettext("These are %(number)s; a list has %(most)s at most.")
                % {"number": len(items), "most": LONGEST_LIST}
            )
        return [self.read(each) for each in items]

    def read(self, item: str) -> Any:
        """Return one item as it is kept."""
        return item

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare what is kept."""
        try:
            return bool((initial or []) != self.to_python(data))
        except forms.ValidationError:
            return True


class NumberListField(ListField):
    """A list of whole numbers."""

    def __init__(self, **options: Any) -> None:
        super().__init__(commas=True, **options)

    def read(self, item: str) -> int:
        """Return the number."""
        if not re.fullmatch(r"[0-9]{1,15}", item):
            raise forms.ValidationError(
                gettext("“%(item)s” is no number. Write numbers with commas between.") % {"item": item[:40]}
            )
        return int(item)


class RuleForm(ReasonedForm):
    """A routing rule."""

    problems = staticmethod(rule_problems)
    channels = NumberListField(
        help_text=gettext_lazy(
            "The store's numbers of its channels, as Connect on the store's page shows them."
        )
    )
    skus = ListField(
        label=gettext_lazy("SKUs"), help_text=gettext_lazy("One a line; * stands for anything: LAMP-*.")
    )
    brands = ListField(help_text=gettext_lazy("One a line, as the store writes them."))
    categories = ListField(
        help_text=gettext_lazy(
            "One a line, name or number. Sub-categories count. Needs a token that may read products."
        )
    )
    pickup_methods = NumberListField(
        help_text=gettext_lazy("The store's numbers of them; only for what is collected.")
    )
    countries = ListField(commas=True, help_text=gettext_lazy("Codes or names: US, CA."))
    regions = ListField(
        commas=True, help_text=gettext_lazy("States or provinces, codes or names: CA, Oregon.")
    )
    postal_prefixes = ListField(
        commas=True, label=gettext_lazy("Postal codes"), help_text=gettext_lazy("How they begin: 558, K1A.")
    )

    class Meta:
        model = RoutingRule
        fields = ()

    def _get_validation_exclusions(self) -> set[str]:
        """Leave the table's own constraint out: ``rule_problems`` says the same by field, in words."""
        return {*super()._get_validation_exclusions(), "fulfilment"}  # type: ignore[misc]


class WarehouseForm(ReasonedForm):
    """A warehouse."""

    class Meta:
        model = Warehouse
        fields = ()

    @staticmethod
    def problems(row: Warehouse) -> dict[str, str]:
        """Return what a partner could not read."""
        problems = {}
        if row.party_id_kind and not row.party_id:
            problems["party_id"] = gettext("Enter the number that the kind is of, or leave the kind empty.")
        if len(row.name) > LONGEST_NAME:
            problems["name"] = gettext(
                "Documents carry %(longest)s characters of a name (N102): shorten it."
            ) % {"longest": LONGEST_NAME}
        return problems


class OrderTestForm(forms.Form):
    """A real order to try the rules with."""

    order = forms.CharField(
        label=gettext_lazy("Order"),
        max_length=30,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("Its number in the store."),
    )

    found: Order | None = None

    def clean_order(self) -> str:
        """Find the order; of several stores' orders of one number, the one read last."""
        given: str = self.cleaned_data["order"].strip().removeprefix("#")
        if given.isascii() and given.isdigit() and len(given) < 19:
            orders = seen(Order.objects.filter(number=int(given))).select_related("store")
            self.found = orders.order_by("-read_at").first()
        if self.found is None:
            raise forms.ValidationError(gettext("There is no order %(given)s here.") % {"given": given[:30]})
        return given


class LinesTestForm(forms.Form):
    """Lines that somebody wrote down, and where they go."""

    store = forms.ModelChoiceField(Store.objects.order_by("name"), widget=UnfoldAdminSelectWidget)
    skus = ListField(
        label=gettext_lazy("SKUs"), help_text=gettext_lazy("One a line; a quantity may follow: LAMP-1 3.")
    )
    brand = forms.CharField(required=False, max_length=100, widget=UnfoldAdminTextInputWidget)
    channel = forms.IntegerField(
        required=False,
        min_value=0,
        initial=1,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("Its number in the store."),
    )
    country = forms.CharField(required=False, max_length=60, initial="US", widget=UnfoldAdminTextInputWidget)
    region = forms.CharField(required=False, max_length=60, widget=UnfoldAdminTextInputWidget)
    postal_code = forms.CharField(required=False, max_length=20, widget=UnfoldAdminTextInputWidget)

    def clean_skus(self) -> Sequence[str]:
        """Ask for at least one."""
        found: list[str] = self.cleaned_data["skus"]
        if not found:
            raise forms.ValidationError(gettext("Write at least one SKU."))
        return found

    def as_order(self) -> Order:
        """Return an order of these lines that is nowhere but here."""
        given = self.cleaned_data
        address = {
            "id": 1,
            "country_iso2": given["country"].upper() if len(given["country"]) == 2 else "",
            "country": given["country"],
            "state": given["region"],
            "zip": given["postal_code"],
        }
        lines = [_line(place, text, given["brand"]) for place, text in enumerate(given["skus"], start=1)]
        content = {"channel_id": given["channel"] or 0, "lines": lines, "addresses": [address]}
        return Order(store=given["store"], number=0, content=content)


def _line(number: int, text: str, brand: str) -> dict[str, Any]:
    sku, _, last = text.rpartition(" ")
    quantity = int(last) if sku and re.fullmatch(r"[0-9]{1,6}", last) else 0
    return {
        "id": number,
        "sku": sku if quantity else text,
        "name": "",
        "brand": brand,
        "type": "physical",
        "product_id": 0,
        "quantity": quantity or 1,
        "quantity_refunded": 0,
        "order_address_id": 1,
        "order_pickup_method_id": 0,
        "parent_order_product_id": 0,
        "is_bundled_product": False,
    }
