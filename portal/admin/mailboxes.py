"""Mailboxes: how files are fetched and left, and whose."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import OuterRef, Subquery
from django.forms import BaseInlineFormSet, ModelForm
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from archive.models import Transmission
from integration.models import Work
from partners.models import Mailbox, Partnership
from portal.admin import rules
from portal.admin.base import EmptyState, TableInline
from portal.admin.connection_test import TestableAdmin
from portal.admin.host_keys import HostKeyInline, HostKeyPage
from portal.admin.live import LiveAdmin
from portal.admin.pauses import PausableAdmin
from portal.admin.secrets import SecretField, SecretsForm, removal_box, stored_badge
from portal.admin.show import WARNING, badge, moment

SHOWN_OF_LYING = 10
SHORTEST_PAUSE = timedelta(seconds=1)


class MailboxForm(SecretsForm):
    """A mailbox with its login."""

    secrets = ("password", "private_key")
    problems = staticmethod(rules.mailbox_problems)

    password = SecretField(label=gettext_lazy("Password"))
    remove_password = removal_box(gettext_lazy("Remove the stored password"))
    private_key = SecretField(label=gettext_lazy("Private key"), lines=True)
    remove_private_key = removal_box(gettext_lazy("Remove the stored private key"))

    class Meta:
        model = Mailbox
        fields = ("password", "private_key")
        labels = {
            "usage_indicator": gettext_lazy("Carries (ISA15)"),
            "file_pattern": gettext_lazy("Files named"),
            "fetch_order": gettext_lazy("In which order"),
            "after_fetch": gettext_lazy("Then"),
            "settle_seconds": gettext_lazy("Settle time (seconds)"),
            "unfinished_minutes": gettext_lazy("Wait for the end (minutes)"),
            "poll_seconds": gettext_lazy("Look every (seconds)"),
            "sessions": gettext_lazy("Sessions at the same time"),
            "outbound_name": gettext_lazy("Files are named"),
            "upload_mode": gettext_lazy("How to upload"),
        }


class PartnershipForm(ModelForm):  # type: ignore[type-arg]
    """One partnership."""

    class Meta:
        model = Partnership
        fields = ()
        labels = {"identifier": gettext_lazy("Interchange ID")}


class Partnerships(BaseInlineFormSet):  # type: ignore[type-arg]
    """The partnerships of one mailbox: a private one has those of its partner alone."""

    def clean(self) -> None:
        """Refuse the ID of anybody else."""
        super().clean()
        whose = self.instance.partner if self.instance.kind == Mailbox.Kind.PRIVATE else None
        for form in self.forms:
            identifier = form.cleaned_data.get("identifier")
            if whose and identifier and identifier.partner != whose and not form.cleaned_data.get("DELETE"):
                form.add_error(
                    "identifier",
                    gettext("%(identifier)s belongs to %(partner)s; this mailbox is private to %(whose)s.")
                    % {"identifier": identifier, "partner": identifier.partner, "whose": whose},
                )


class PartnershipInline(TableInline):
    """Which IDs the mailbox may bring and reach."""

    model = Partnership
    formset = Partnerships
    form = PartnershipForm
    fields = ("identifier", "state")
    autocomplete_fields = ("identifier",)
    verbose_name = gettext_lazy("partnership")
    verbose_name_plural = gettext_lazy("Partnerships: whom this mailbox brings and reaches")


@admin.register(Mailbox)
class MailboxAdmin(LiveAdmin, PausableAdmin, TestableAdmin, HostKeyPage):
    """Mailboxes; their mode changes by verb, their secrets are never shown."""

    form = MailboxForm
    list_display = (
        "name",
        "shown_mode",
        "shown_kind",
        "transport",
        "shown_place",
        "shown_contact",
        "shown_last",
    )
    ordering = ("name",)
    list_filter = ("mode", "kind", "transport")
    list_select_related = ("partner",)
    search_fields = ("name", "host")
    search_help_text = gettext_lazy("Name or host")
    actions_detail = [*LiveAdmin.actions_detail, *PausableAdmin.actions_detail, "test_connection"]
    used_by = ("transmissions", "interchanges", "agreements", "cases")
    inlines = (HostKeyInline, PartnershipInline)
    autocomplete_fields = ("partner",)
    readonly_fields = ("shown_password", "shown_private_key", "shown_host_keys", "shown_unfinished")
    empty = EmptyState(
        gettext_lazy("No mailboxes yet"),
        gettext_lazy(
            "Add one: the network's mailbox for many partners, or one partner's own. It starts in watch and touches nothing"
            " before it goes live."
        ),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Group the settings; who may only look sees that a secret is stored, and not the field."""
        may_write = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        login: tuple[Any, ...] = ("shown_password", "shown_private_key")
        if may_write:
            login = ("password", "private_key")
            if obj is not None:
                stored = [name for name in ("password", "private_key") if getattr(obj, name)]
                login = (*login, *(f"remove_{name}" for name in stored))
        compared = ("shown_host_keys",) if obj is not None and obj.transport == Mailbox.Transport.SFTP else ()
        unfinished = ("shown_unfinished",) if obj is not None and obj.sightings.exists() else ()
        return [
            (None, {"fields": (("name", "usage_indicator"), ("kind", "partner"))}),
            (gettext("Connection"), {"fields": (("transport", "host", "port"), ("username", *login[:1]), *login[1:], *compared), "description": gettext("A directory needs none of these but the transport.")}),
            (gettext("Receiving"), {"fields": (("inbound_path", "file_pattern"), ("fetch_order", "after_fetch"), ("settle_seconds", "unfinished_minutes"), ("poll_seconds", "sessions"), *unfinished)}),
            (gettext("Sending"), {"fields": (("outbound_path", "outbound_name"), "upload_mode")}),
        ]  # fmt: skip

    def attach(self, rows: Sequence[Any]) -> None:
        """Attach when the last file moved, and the poll that stands."""
        pks = [row.pk for row in rows]
        # Of each mailbox the first entry of an index; a group over all its files would read them.
        newest = Transmission.objects.filter(mailbox=OuterRef("pk")).order_by("-recorded_at")
        found = Mailbox.objects.filter(pk__in=pks).annotate(last=Subquery(newest.values("recorded_at")[:1]))
        last = dict(found.values_list("pk", "last"))
        polls = Work.objects.filter(step="fetch_mailbox", subject__in=[str(pk) for pk in pks])
        standing = {poll.subject: poll for poll in polls}
        for row in rows:
            row.last_file_at = last.get(row.pk)
            row.poll = standing.get(str(row.pk))

    @display(description=gettext_lazy("Whose"), ordering="kind")
    def shown_kind(self, mailbox: Mailbox) -> str:
        """Return whose mailbox it is: a network's, or one partner's."""
        return gettext("Network") if mailbox.partner is None else str(mailbox.partner)

    @display(description=gettext_lazy("Place"))
    def shown_place(self, mailbox: Mailbox) -> str:
        """Return the host, or the folder of a directory."""
        if mailbox.transport == Mailbox.Transport.SFTP:
            return f"{mailbox.host}:{mailbox.port}"
        return mailbox.inbound_path

    @display(description=gettext_lazy("Last contact"))
    def shown_contact(self, mailbox: Any) -> str:
        """Return when the last poll ended well, or that the one that stands does not get an answer."""
        poll: Work | None = mailbox.poll
        if poll is None:
            return gettext("None yet")
        if poll.error:
            return badge(gettext("No answer"), WARNING)
        # A poll that ended well puts the next one, for later; one that is due since it was put is about to begin.
        ended_well = poll.due_at - poll.created_at >= SHORTEST_PAUSE
        return moment(poll.created_at) if ended_well else gettext("Being asked now")

    @display(description=gettext_lazy("Last file"))
    def shown_last(self, mailbox: Any) -> str:
        """Return when the last file came or went."""
        return moment(mailbox.last_file_at) or gettext("None yet")

    @display(description=gettext_lazy("Lying there"))
    def shown_unfinished(self, mailbox: Mailbox) -> SafeString:
        """Return the files that were read and lie on the mailbox, and since when each is as it is."""
        rows = mailbox.sightings.order_by("-since", "name")[:SHOWN_OF_LYING]
        lying = gettext("{name}, {size} bytes, unchanged since {since}")
        words = (
            (format_html(lying, name=row.name, size=f"{row.size:,}", since=moment(row.since)),)
            for row in rows
        )
        return format_html_join(SafeString("<br>"), "{}", words)

    @display(description=gettext_lazy("Password"))
    def shown_password(self, mailbox: Mailbox) -> SafeString:
        """Return whether one is stored."""
        return stored_badge(mailbox.password)

    @display(description=gettext_lazy("Private key"))
    def shown_private_key(self, mailbox: Mailbox) -> SafeString:
        """Return whether one is stored."""
        return stored_badge(mailbox.private_key)
