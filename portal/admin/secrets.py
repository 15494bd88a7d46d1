"""Secrets in forms: written, kept or removed, and never shown again."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextareaWidget, UnfoldBooleanWidget

from portal.admin.forms import RuledForm
from portal.admin.show import GOOD, QUIET, badge

KEPT = gettext_lazy("Leave empty to keep the stored one; it is never shown.")
NONE_YET = gettext_lazy("None is stored.")


class SecretLines(UnfoldAdminTextareaWidget):  # type: ignore[misc]
    """A text of several lines that is taken and never given back."""

    def format_value(self, value: Any) -> str:
        """Return nothing, whatever is stored or was just typed."""
        return ""


class SecretField(forms.CharField):
    """A secret: empty means that the stored one stays."""

    def __init__(self, *, lines: bool = False, **options: Any) -> None:
        widget = (
            SecretLines(attrs={"rows": 4, "autocomplete": "off", "spellcheck": "false"})
            if lines
            else UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}, render_value=False)
        )
        super().__init__(required=False, strip=True, widget=widget, **options)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Say whether a new secret was typed."""
        return bool(data)


class SecretsForm(RuledForm):
    """A form over a model with secrets. ``removable`` ones get a box that takes the stored one away."""

    secrets: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._stored = {name: getattr(self.instance, name, "") for name in self.secrets}
        for name in self.secrets:
            stored = bool(self._stored[name])
            if name in self.fields:
                self.initial.pop(name, None)
                self.fields[name].help_text = KEPT if stored else NONE_YET
                self.fields[name].required = name in self.needed and not stored

    def clean(self) -> dict[str, Any] | None:
        """Put the stored secrets in the place of empty ones, or nothing where removal was asked for."""
        data = super().clean() or self.cleaned_data
        for name in self.secrets:
            if name in self.fields and not data.get(name):
                data[name] = "" if data.get(f"remove_{name}") else self._stored[name]
        return data


def removal_box(words: Any) -> forms.BooleanField:
    """Return the field that takes a stored secret away."""
    return forms.BooleanField(label=words, required=False, widget=UnfoldBooleanWidget())


def stored_badge(secret: str) -> SafeString:
    """Return whether a secret is stored, for those who may look and not change."""
    return badge(gettext("Stored, never shown"), GOOD) if secret else badge(gettext("None stored"), QUIET)
