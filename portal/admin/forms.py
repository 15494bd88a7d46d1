"""Forms that ask the rules of ``portal.admin.rules`` before anything is saved."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from integration.x12.separator_names import separator_of, separator_words
from partners.models import Agreement, CodeList, ItemCrossReference, ShipmentTolerances
from portal.admin import rules
from portal.admin.show import quantity


class RuledForm(forms.ModelForm):  # type: ignore[type-arg]
    """A form whose ``problems`` are asked of the row as it would be saved."""

    problems: Callable[[Any], rules.Problems]

    def _post_clean(self) -> None:
        """Put each problem to its field, where the field is not wrong already."""
        super()._post_clean()  # type: ignore[misc]
        for name, sentence in type(self).problems(self.instance).items():
            if name not in self.errors:
                self.add_error(name if name in self.fields else None, sentence)


class ReasonedForm(RuledForm):
    """A form of a row that asks why it is changed."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=2000,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("Why this is changed: kept with the change and shown below."),
        error_messages={
            "required": gettext_lazy("Say why in a few words: the reason is kept with the change.")
        },
    )


class SeparatorField(forms.CharField):
    """One character, shown and entered as itself, by its name (LF, GS) or in hexadecimal (0x1D)."""

    def prepare_value(self, value: Any) -> Any:
        """Show a control character by its name."""
        return separator_words(value) if isinstance(value, str) else value

    def clean(self, value: Any) -> str:
        """Return the character."""
        try:
            return separator_of(super().clean(value))
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error


class AgreementForm(ReasonedForm):
    """An agreement."""

    _HELP = gettext_lazy(
        "One character, or a control character by its name (LF, CR, FS, GS, RS, US) or as 0x1D."
    )
    element_separator = SeparatorField(
        initial="*", help_text=_HELP, widget=UnfoldAdminTextInputWidget, strip=False
    )
    component_separator = SeparatorField(
        label=gettext_lazy("Component separator"),
        initial=">",
        help_text=gettext_lazy("ISA16."),
        widget=UnfoldAdminTextInputWidget,
        strip=False,
    )
    segment_terminator = SeparatorField(initial="~", widget=UnfoldAdminTextInputWidget, strip=False)
    repetition_separator = SeparatorField(
        required=False,
        help_text=gettext_lazy("ISA11 from version 005010 on; empty: any that the data leaves free."),
        widget=UnfoldAdminTextInputWidget,
        strip=False,
    )
    problems = staticmethod(rules.agreement_problems)

    class Meta:
        model = Agreement
        fields = ()
        labels = {
            "separators_fixed": gettext_lazy("Only these separators"),
            "duplicate_window_days": gettext_lazy("A number counts as used for (days)"),
            "unknown_codes": gettext_lazy("A code that nobody knows"),
        }


class PlainNumbers(forms.ModelForm):  # type: ignore[type-arg]
    """A form that shows numbers without idle zeros: 12, 0.5."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, value in self.initial.items():
            if isinstance(value, Decimal):
                self.initial[name] = Decimal(quantity(value))


class ItemForm(PlainNumbers, RuledForm):
    """An item of an agreement."""

    problems = staticmethod(rules.item_problems)

    class Meta:
        model = ItemCrossReference
        fields = ()


class ShipmentTolerancesForm(PlainNumbers):
    """What of ship notices counts by itself under an agreement."""

    class Meta:
        model = ShipmentTolerances
        fields = ()


class CodeListForm(RuledForm):
    """A code list of an agreement."""

    problems = staticmethod(rules.code_list_problems)

    class Meta:
        model = CodeList
        fields = ()
