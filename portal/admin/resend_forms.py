"""Why something is sent again: a reason from a list, and a note; what is kept is one sentence of both."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

OTHER = "other"
REASONS = (
    ("asked", _("The partner asked for it")),
    ("lost", _("The partner did not get it, or lost it")),
    ("partner_mended", _("The partner has mended his system")),
    ("mapping", _("Our mapping or a code list was corrected")),
    ("data", _("Our settings or data were corrected")),
    (OTHER, _("Something else: see the note")),
)


class ResendForm(forms.Form):
    """A reason, and a note where the list does not say it; ``words`` is what is kept."""

    reason = forms.ChoiceField(
        label=_("Reason"),
        choices=[("", _("Choose a reason")), *REASONS],
        widget=UnfoldAdminSelectWidget,
        help_text=_("Kept with the decision and shown in the history of the document."),
        error_messages={"required": _("Choose a reason: it is kept with the decision.")},
    )
    note = forms.CharField(
        label=_("Note"),
        max_length=2000,
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=_("Whom you asked, or what was mended."),
    )

    def clean(self) -> dict[str, Any]:
        """Want a note where no reason of the list fits."""
        given: dict[str, Any] = super().clean() or {}
        if given.get("reason") == OTHER and not given.get("note", "").strip():
            self.add_error("note", _("Say in a few words what the reason is: it is kept with the decision."))
        return given

    @property
    def words(self) -> str:
        """The reason as it is kept: ``The partner asked for it: by phone, Ms Lund``."""
        note = self.cleaned_data["note"].strip()
        if self.cleaned_data["reason"] == OTHER:
            return str(note)
        words = str(dict(REASONS)[self.cleaned_data["reason"]])
        return f"{words}: {note}" if note else f"{words}."
