"""Whether a mailbox answers now: asked when somebody asks, with nothing taken, sent or changed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action

from integration.flows.mailbox_test import mailbox_answers
from integration.flows.rights import EDIT_MAILBOX, Refused
from portal.admin.base import GridAdmin
from portal.admin.show import page_url
from portal.admin.tried import tried_context
from portal.admin.verbs import require


class TestableAdmin(GridAdmin):
    """The part of the mailboxes' admin that tests the connection."""

    def has_test_connection_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Say whether the user may have Gridport log in for them."""
        return request.user.has_perm(EDIT_MAILBOX)

    @action(  # type: ignore[untyped-decorator]
        description=gettext_lazy("Test connection…"),
        permissions=["test_connection"],
        url_path="test-connection",
        icon="cable",
    )
    def test_connection(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Say what a test does, do it when asked to, and show how each step went."""
        user = require(request, EDIT_MAILBOX)
        mailbox = self.find(request, object_id)
        if mailbox is None:
            return self.missing(request, object_id)
        context: dict[str, Any] = {
            "title": _("Test connection of %(mailbox)s") % {"mailbox": mailbox},
            "mailbox": mailbox,
        }
        if request.method == "POST":
            try:
                tried = mailbox_answers(user, mailbox)
            except Refused as refusal:
                messages.error(request, str(refusal))
                return HttpResponseRedirect(page_url(mailbox))
            context |= tried_context(tried)
        return self.page(request, mailbox, "portal/connection_test.html", context)
