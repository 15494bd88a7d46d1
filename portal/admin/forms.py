"""Forms that ask the rules of ``portal.admin.rules`` before anything is saved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms

from partners.models import Agreement, CodeList, ItemCrossReference
from portal.admin import rules


class RuledForm(forms.ModelForm):  # type: ignore[type-arg]
    """A form whose ``problems`` are asked of the row as it would be saved."""

    problems: Callable[[Any], rules.Problems]

    def _post_clean(self) -> None:
        """Put each problem to its field, where the field is not wrong already."""
        super()._post_clean()  # type: ignore[misc]
        for name, sentence in type(self).problems(self.instance).items():
            if name not in self.errors:
                self.add_error(name if name in self.fields else None, sentence)


class AgreementForm(RuledForm):
    """An agreement."""

    problems = staticmethod(rules.agreement_problems)

    class Meta:
        model = Agreement
        fields = ()
        labels = {
            "separators_fixed": "Only these separators",
            "duplicate_window_days": "A number counts as used for (days)",
            "unknown_codes": "A code that nobody knows",
        }


class ItemForm(RuledForm):
    """An item of an agreement."""

    problems = staticmethod(rules.item_problems)

    class Meta:
        model = ItemCrossReference
        fields = ()


class CodeListForm(RuledForm):
    """A code list of an agreement."""

    problems = staticmethod(rules.code_list_problems)

    class Meta:
        model = CodeList
        fields = ()
