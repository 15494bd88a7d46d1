"""Host keys of a mailbox: pinned by people, row by row, and compared with what the server shows now."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin import display
from django.forms import BaseInlineFormSet, ModelForm
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from integration.errors import IntegrationError
from integration.flows.host_keys import TOLD_BEFORE, shown_key
from integration.transports.hostkeys import fingerprint
from partners.models import HostKey, Mailbox
from portal.admin import rules
from portal.admin.base import GridAdmin, TableInline
from portal.admin.show import BAD, GOOD, QUIET, WAITING, WARNING, badge, moment


def _moment_field(label: Any) -> forms.DateTimeField:
    widget = UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"})
    return _MomentField(label=label, required=False, widget=widget)


class _MomentField(forms.DateTimeField):
    """A time as the browser's own field for date and time takes and gives it, to the minute."""

    def prepare_value(self, value: Any) -> Any:
        """Return the time in the portal's zone."""
        shown = super().prepare_value(value)
        return shown.strftime("%Y-%m-%dT%H:%M") if hasattr(shown, "strftime") else shown


class HostKeyForm(ModelForm):  # type: ignore[type-arg]
    """One pinned key."""

    valid_from = _moment_field(gettext_lazy("Valid from"))
    valid_until = _moment_field(gettext_lazy("Until"))

    class Meta:
        model = HostKey
        fields = ("key", "valid_from", "valid_until", "note")
        labels = {"key": gettext_lazy("Public key")}
        help_texts = {"key": ""}
        widgets = {"key": UnfoldAdminTextareaWidget(attrs={"rows": 2, "spellcheck": "false"})}

    def clean_key(self) -> str:
        """Return the kind and the key; refuse what is none."""
        line = " ".join(str(self.cleaned_data["key"]).split())
        if problem := rules.host_key_problem(line):
            raise forms.ValidationError(problem)
        return " ".join(line.split(" ")[:2])


class HostKeys(BaseInlineFormSet):  # type: ignore[type-arg]
    """All pinned keys of one mailbox."""

    def clean(self) -> None:
        """Refuse an SFTP mailbox without any, and a key that is there twice."""
        super().clean()
        if any(self.errors):
            return
        kept = [form.cleaned_data for form in self.forms if not form.cleaned_data.get("DELETE")]
        lines = [each["key"] for each in kept if each.get("key")]
        if problem := rules.host_keys_problem(self.instance, lines):
            raise forms.ValidationError(problem)


class HostKeyInline(TableInline):
    """The keys that the mailbox's server may show."""

    model = HostKey
    form = HostKeyForm
    formset = HostKeys
    fields = ("key", "shown_fingerprint", "shown_state", "valid_from", "valid_until", "note")
    readonly_fields = ("shown_fingerprint", "shown_state")
    verbose_name = gettext_lazy("host key")
    verbose_name_plural = gettext_lazy("Host keys: what the SFTP server may show, and when")

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        """Return one form for a new mailbox."""
        return 0 if obj else 1

    @display(description=gettext_lazy("Fingerprint"))
    def shown_fingerprint(self, key: HostKey) -> str:
        """Return the fingerprint as OpenSSH shows it."""
        if key.pk is None:
            return ""
        return format_html('<code class="gp-id gp-fingerprint">{}</code>', _fingerprint(key))

    @display(description=gettext_lazy("State"))
    def shown_state(self, key: HostKey) -> str:
        """Return whether the key is accepted now."""
        return state_badge(key) if key.pk else ""


class HostKeyPage(GridAdmin):
    """The part of the mailboxes' admin that leads to the comparison."""

    def get_urls(self) -> list[URLPattern]:
        """Add the page."""
        view = self.admin_site.admin_view(self.compare_host_keys)
        return [
            path("<path:object_id>/host-keys/", view, name="partners_mailbox_host_keys"),
            *super().get_urls(),
        ]

    @display(description=gettext_lazy("Host keys"))
    def shown_host_keys(self, mailbox: Mailbox) -> SafeString:
        """Return the way to the page."""
        address = reverse("admin:partners_mailbox_host_keys", args=[mailbox.pk])
        return format_html(
            '<a class="gp-link" href="{}">{}</a>',
            address,
            gettext("Compare with the key that the server shows now"),
        )

    def compare_host_keys(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the pinned keys beside the one that the server shows now. Nothing is pinned here."""
        mailbox = self.find(request, object_id)
        if mailbox is None:
            return self.missing(request, object_id)
        line, shown, problem = "", "", ""
        try:
            line, shown = shown_key(mailbox)
        except IntegrationError as error:
            problem = str(error)
        keys = [_row(key, line) for key in mailbox.host_keys.all()]
        context = {
            "title": gettext("Host keys of %(mailbox)s") % {"mailbox": mailbox},
            "mailbox": mailbox,
            "problem": problem,
            "line": line,
            "shown": shown,
            "keys": keys,
            "is_known": any(each["is_shown"] for each in keys),
            "is_accepted": any(each["is_shown"] and each["is_valid"] for each in keys),
            "asked_at": moment(timezone.now()),
        }
        return self.page(request, mailbox, "portal/host_keys.html", context)


def _row(key: HostKey, line: str) -> dict[str, Any]:
    return {
        "kind": key.key.split(" ")[0],
        "fingerprint": _fingerprint(key),
        "window": key.window[:1].upper() + key.window[1:],
        "note": key.note,
        "badge": state_badge(key),
        "is_valid": key.is_valid_at(timezone.now()),
        "is_shown": key.key == line,
    }


def _fingerprint(key: HostKey) -> str:
    try:
        return fingerprint(key.key)
    except ValueError:
        return gettext("Not a public key")


def state_badge(key: HostKey) -> SafeString:
    """Return whether ``key`` is accepted now, and what is about to change."""
    now = timezone.now()
    if key.valid_from is not None and now < key.valid_from:
        return badge(gettext("Not yet"), WAITING)
    if key.valid_until is None:
        return badge(gettext("Valid"), GOOD)
    if key.valid_until <= now:
        return badge(gettext("Ended"), QUIET if _has_other(key) else BAD)
    if key.valid_until - now > TOLD_BEFORE:
        return badge(gettext("Valid"), GOOD)
    days = (key.valid_until - now).days
    return badge(
        gettext("Ends today")
        if not days
        else gettext("Ends in %(days)s day%(words)s") % {"days": days, "words": "" if days == 1 else "s"},
        WARNING,
    )


def _has_other(key: HostKey) -> bool:
    now = timezone.now()
    return any(each.is_valid_at(now) for each in key.mailbox.host_keys.all())
