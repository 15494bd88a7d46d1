"""Webhooks: the rooms of a chat that are told. The address is a secret, checked when it is saved and when it is used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import display
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy
from unfold.decorators import action

from integration.flows.notice_settings import try_webhook, webhook_saved
from integration.flows.rights import EDIT_WEBHOOK
from integration.models import NoticeWebhook, WebhookCall
from integration.transports.webhook import address_problem
from portal.admin.base import EmptyState, GridAdmin
from portal.admin.rules import Problems
from portal.admin.secrets import SecretField, SecretsForm, stored_badge
from portal.admin.show import BAD, GOOD, QUIET, WAITING, badge, moment, page_url
from portal.admin.verbs import require

State = WebhookCall.State


def webhook_problems(webhook: NoticeWebhook) -> Problems:
    """Return why nothing may be posted to the address."""
    problem = address_problem(webhook.url) if webhook.url else ""
    return {"url": problem} if problem else {}


class WebhookForm(SecretsForm):
    """A room and its address."""

    secrets = ("url",)
    needed = ("url",)
    problems = staticmethod(webhook_problems)

    url = SecretField(label=gettext_lazy("Address"))

    class Meta:
        model = NoticeWebhook
        fields = ("url",)


@admin.register(NoticeWebhook)
class NoticeWebhookAdmin(GridAdmin):
    """Rooms; their addresses are never shown."""

    form = WebhookForm
    list_display = ("name", "shown_active", "shape", "shown_last")
    search_fields = ("name",)
    search_help_text = gettext_lazy("Name")
    used_by = ("rules",)
    readonly_fields = ("shown_url", "shown_last")
    actions_detail = ["test"]
    empty = EmptyState(
        gettext_lazy("No webhooks yet"),
        gettext_lazy(
            "Make an incoming webhook in your chat, enter its address here, test it, and name it in a notice rule: the room is"
            " then told of what the rule means."
        ),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Show that an address is stored to those who only look, and not the field."""
        may_write = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        last = ("shown_last",) if obj is not None else ()
        address = "url" if may_write else "shown_url"
        return [(None, {"fields": ("is_active", ("name", "shape"), address, *last)})]

    def attach(self, rows: Sequence[Any]) -> None:
        """Attach the last message of each."""
        last = (
            WebhookCall.objects.filter(webhook__in=rows).order_by("webhook_id", "-pk").distinct("webhook_id")
        )
        of_webhook = {call.webhook_id: call for call in last}
        for row in rows:
            row.last_call = of_webhook.get(row.pk)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save, and let waiting messages try the new settings at once."""
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            webhook_saved(obj)

    def has_test_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Say whether the user may have a message be posted."""
        return request.user.has_perm(EDIT_WEBHOOK)

    @action(description=gettext_lazy("Test…"), permissions=["test"], url_path="test", icon="send")  # type: ignore[untyped-decorator]
    def test(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, and post a message to the room by the saved settings."""
        user = require(request, EDIT_WEBHOOK)
        webhook = self.find(request, object_id)
        if webhook is None:
            return self.missing(request, object_id)
        if request.method == "POST":
            problem = try_webhook(user, webhook)
            if problem:
                messages.error(request, problem)
            else:
                done = gettext("The chat took the message. Look whether it stands in %(webhook)s.")
                messages.success(request, done % {"webhook": webhook})
            return HttpResponseRedirect(page_url(webhook))
        context = {
            "title": gettext("Test of %(webhook)s") % {"webhook": webhook},
            "heading": gettext("Post a test message to %(webhook)s?") % {"webhook": webhook},
            "consequence": gettext(
                "Everybody in the room reads it. It says that it is a test, and nothing else."
            ),
            "button": gettext("Post a message"),
            "cancel_url": page_url(webhook),
        }
        return self.page(request, webhook, "portal/verb.html", context)

    @display(description=gettext_lazy("State"))
    def shown_active(self, webhook: NoticeWebhook) -> SafeString:
        """Return whether messages are posted."""
        return (
            badge(gettext("Posts messages"), GOOD)
            if webhook.is_active
            else badge(gettext("Switched off"), QUIET)
        )

    @display(description=gettext_lazy("Address"))
    def shown_url(self, webhook: NoticeWebhook) -> SafeString:
        """Return that one is stored."""
        return stored_badge(webhook.url)

    @display(description=gettext_lazy("Last message"))
    def shown_last(self, webhook: Any) -> SafeString | str:
        """Return what became of the last message, and when."""
        call = webhook.last_call if hasattr(webhook, "last_call") else webhook.calls.first()
        if call is None:
            return gettext("None yet")
        tone = {State.SENT: GOOD, State.WAITING: WAITING}.get(State(call.state), BAD)
        return badge(call.get_state_display(), tone) + " " + moment(call.sent_at or call.created_at)
