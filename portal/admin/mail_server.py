"""The mail server: its settings, and a test that says of each step how it went."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import display
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy
from unfold.decorators import action

from integration.flows.mail_decisions import mail_to_oneself, server_saved
from integration.flows.rights import EDIT_MAIL_SERVER, Refused
from integration.models import MailServer
from portal.admin.base import EmptyState, GridAdmin
from portal.admin.rules import Problems
from portal.admin.secrets import SecretField, SecretsForm, removal_box, stored_badge
from portal.admin.show import GOOD, QUIET, badge, page_url
from portal.admin.tried import tried_context
from portal.admin.verbs import require

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def mail_server_problems(server: MailServer) -> Problems:
    """Return what would give the password away, or keep mail from leaving."""
    problems = {}
    in_clear = server.security == MailServer.Security.NONE and server.host not in _LOOPBACK
    if in_clear and server.username:
        problems["security"] = gettext("User and password would travel in clear: choose STARTTLS or TLS.")
    if server.password and not server.username:
        problems["username"] = gettext("Enter the user that the password belongs to, or remove the password.")
    if server.bounce_folder and not server.bounce_folder.startswith("/"):
        problems["bounce_folder"] = gettext("Write the whole path of the Maildir, from “/” on.")
    return problems


class MailServerForm(SecretsForm):
    """The server with its login."""

    secrets = ("password",)
    problems = staticmethod(mail_server_problems)

    password = SecretField(label=gettext_lazy("Password"))
    remove_password = removal_box(gettext_lazy("Remove the stored password"))

    class Meta:
        model = MailServer
        fields = ("password",)


@admin.register(MailServer)
class MailServerAdmin(GridAdmin):
    """The one server; its password is never shown."""

    form = MailServerForm
    words = (gettext_lazy("mail server"), gettext_lazy("mail server"))
    list_display = ("__str__", "shown_active", "security", "from_address")
    readonly_fields = ("shown_password",)
    actions_detail = ["test"]
    empty = EmptyState(
        gettext_lazy("No mail server yet"),
        gettext_lazy(
            "Enter the server through which mail leaves, test it, and switch it on. Until then mails are written and wait."
        ),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Group the settings; who may only look sees that a password is stored, and not the field."""
        may_write = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        login: tuple[str, ...] = ("password",) if may_write else ("shown_password",)
        if may_write and obj is not None and obj.password:
            login = (*login, "remove_password")
        return [
            (None, {"fields": ("is_active",)}),
            (gettext("Server"), {"fields": (("host", "port", "security"), ("username", *login))}),
            (gettext("Addresses"), {"fields": (("from_address", "reply_to"), "bounce_folder")}),
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Allow the first one alone."""
        return super().has_add_permission(request) and not MailServer.objects.exists()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save, and let waiting mail try the new settings at once."""
        obj.pk = 1
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            waiting = server_saved(obj)
        if waiting:
            messages.info(
                request,
                gettext("%(words)s that waited can go on now.")
                % {
                    "words": gettext("One mail")
                    if waiting == 1
                    else gettext("%(waiting)s mails") % {"waiting": waiting}
                },
            )

    def has_test_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Say whether the user may have mail be sent."""
        return request.user.has_perm(EDIT_MAIL_SERVER)

    @action(description=gettext_lazy("Test…"), permissions=["test"], url_path="test", icon="send")  # type: ignore[untyped-decorator]
    def test(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Send a mail to whoever asks, by the saved settings, and show how each step went."""
        user = require(request, EDIT_MAIL_SERVER)
        server = self.find(request, object_id)
        if server is None:
            return self.missing(request, object_id)
        context: dict[str, Any] = {
            "title": gettext("Test of the mail server"),
            "server": server,
            "to": user.email,
        }
        if request.method == "POST":
            try:
                tried = mail_to_oneself(user, server)
            except Refused as refusal:
                messages.error(request, str(refusal))
                return HttpResponseRedirect(page_url(server))
            context |= tried_context(tried)
        return self.page(request, server, "portal/mail_test.html", context)

    @display(description=gettext_lazy("State"))
    def shown_active(self, server: MailServer) -> SafeString:
        """Return whether mail leaves."""
        return (
            badge(gettext("Sends mail"), GOOD)
            if server.is_active
            else badge(gettext("Switched off: mails wait"), QUIET)
        )

    @display(description=gettext_lazy("Password"))
    def shown_password(self, server: MailServer) -> SafeString:
        """Return whether one is stored."""
        return stored_badge(server.password)
