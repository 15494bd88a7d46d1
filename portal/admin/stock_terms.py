"""How the stock of an agreement's supplier is taken: its terms, its locations, and the columns of plain files."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext, gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget

from integration.matching.stock_columns import COLUMNS, SETTINGS, mapping_problem
from integration.models import StockLocation, StockTerms
from portal.admin.base import FormInline, TableInline
from portal.admin.forms import PlainNumbers


class ColumnsField(forms.CharField):
    """A mapping of columns as people enter it: one ``name = value`` a line."""

    def prepare_value(self, value: Any) -> Any:
        """Show the stored mapping as lines."""
        if isinstance(value, dict):
            # The database keeps no order of names.
            known = [*SETTINGS, *COLUMNS]
            pairs = sorted(
                value.items(), key=lambda pair: known.index(pair[0]) if pair[0] in known else len(known)
            )
            return "\n".join(f"{name} = {each}" for name, each in pairs)
        return value

    def clean(self, value: Any) -> Any:
        """Return the mapping. Raises ``ValidationError`` with a sentence."""
        lines = [line.strip() for line in str(super().clean(value)).splitlines() if line.strip()]
        wrong = next((line for line in lines if "=" not in line), None)
        if wrong is not None:
            raise forms.ValidationError(
                gettext("“%(wrong)s” is no line of the form name = value.") % {"wrong": wrong}
            )
        pairs = [line.split("=", 1) for line in lines]
        names = [name.strip() for name, _ in pairs]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise forms.ValidationError(gettext("“%(twice)s” is said twice.") % {"twice": twice})
        mapping = {name.strip(): each.strip() for name, each in pairs}
        if problem := mapping_problem(mapping):
            raise forms.ValidationError(problem)
        return mapping

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Say whether the mapping is another one."""
        before = [line.strip() for line in str(self.prepare_value(initial) or "").splitlines()]
        return before != [line.strip() for line in str(data or "").splitlines() if line.strip()]


class StockTermsForm(PlainNumbers):
    """The stock terms of an agreement."""

    columns = ColumnsField(
        label=gettext_lazy("Plain files (CSV)"),
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 6, "spellcheck": "false"}),
        help_text=format_lazy(
            gettext_lazy(
                "One name = value a line, as files = stock*.csv, vendor_item = Item No, quantity = On hand. Columns: {columns}. How the file is written: {settings}. Empty: no plain files."
            ),
            columns=", ".join(COLUMNS),
            settings=", ".join(SETTINGS),
        ),
    )

    class Meta:
        model = StockTerms
        fields = ()


class StockTermsInline(FormInline):
    """What of the supplier's stock may be sold, and when a feed is held."""

    model = StockTerms
    form = StockTermsForm
    fields = (
        ("share", "buffer", "priority", "stale_after"),
        ("most_changed", "most_zeroed", "guarded_from"),
        ("movements", "sets_limits"),
        "columns",
    )
    verbose_name = gettext_lazy("Stock: what may be sold, and when a feed is held")
    verbose_name_plural = verbose_name


class StockLocationInline(TableInline):
    """Where the supplier's warehouses stand in the stores."""

    model = StockLocation
    fields = ("warehouse", "store", "location")
    verbose_name = gettext_lazy("stock location")
    verbose_name_plural = gettext_lazy("Stock: where his warehouses stand in the store")
