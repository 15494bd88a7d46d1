"""The outbox of mail: what was sent to whom, what came back and why, and the verbs that send again."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from integration.flows.decide import DECIDE
from integration.flows.mail_decisions import AGAIN, mail_arrived, send_mail_again
from integration.models import MailServer, OutgoingMail
from portal.access import seen
from portal.admin.base import EmptyState, HistoryAdmin
from portal.admin.show import BAD, GOOD, WAITING, WARNING, badge, link, moment, page_url
from portal.admin.timeline import timeline
from portal.admin.verbs import Asked, person, reason_page, require

State = OutgoingMail.State
_TONES = {
    State.WAITING: WAITING,
    State.SENDING: WAITING,
    State.UNKNOWN: WARNING,
    State.SENT: GOOD,
    State.BOUNCED: BAD,
    State.FAILED: BAD,
}
_AGAIN = Asked(
    gettext_lazy("send again"),
    gettext_lazy("Send this mail again?"),
    gettext_lazy(
        "The same text goes to the same addresses under the same Message-ID. Where the first one arrived, they get it twice."
    ),
    gettext_lazy("Send again"),
    gettext_lazy("The mail is sent again."),
)
_ARRIVED = Asked(
    gettext_lazy("it arrived"),
    gettext_lazy("Did this mail arrive?"),
    gettext_lazy("The mail counts as sent, and its case is closed. Say how you know."),
    gettext_lazy("It arrived"),
    gettext_lazy("The mail counts as sent."),
)


def mail_badge(mail: OutgoingMail) -> SafeString:
    """Return how far a mail is."""
    return badge(mail.get_state_display(), _TONES[State(mail.state)])


@admin.register(OutgoingMail)
class OutgoingMailAdmin(HistoryAdmin):
    """Mails; they are changed by verbs alone."""

    words = (gettext_lazy("mail"), gettext_lazy("mails"))
    list_display = (
        "shown_subject", "shown_state", "shown_to", "shown_partner", "shown_order", "shown_error", "attempts",
        "shown_written",
    )  # fmt: skip
    list_filter = ("state", "partner")
    list_select_related = ("partner", "order")
    search_fields = ("subject", "to")
    search_help_text = gettext_lazy("Subject or address")
    ordering = ("-pk",)
    empty = EmptyState(
        gettext_lazy("No mails yet"),
        gettext_lazy(
            "Reminders to partners stand here once an agreement asks for them, and whatever else Gridport mails. Set the mail"
            " server up under “Mail server”."
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[OutgoingMail]:
        """Leave the orders' content where it is."""
        rows: QuerySet[OutgoingMail] = super().get_queryset(request)
        return rows.defer("order__content")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[OutgoingMail], search_term: str
    ) -> tuple[QuerySet[OutgoingMail], bool]:
        """Find by words of the subject, or by a whole address."""
        term = search_term.strip().replace("\x00", "")
        if not term:
            return queryset, False
        return queryset.filter(Q(subject__icontains=term) | Q(to__contains=[term])), False

    def get_urls(self) -> list[URLPattern]:
        """Add the verbs."""
        own = [
            path(
                "<int:object_id>/again/",
                self.admin_site.admin_view(self.again),
                name="integration_outgoingmail_again",
            ),
            path(
                "<int:object_id>/arrived/",
                self.admin_site.admin_view(self.arrived),
                name="integration_outgoingmail_arrived",
            ),
        ]
        return own + list(super().get_urls())

    def show(self, request: HttpRequest, row: Any) -> HttpResponse:
        """Show one mail with its text, what the server said, and what can be done."""
        mail = OutgoingMail.objects.select_related("partner", "order", "case").get(pk=row.pk)
        may_decide = person(request).has_perm(DECIDE)
        context = {
            "mail": mail,
            "title": mail.subject,
            "badge": mail_badge(mail),
            "may_send_again": may_decide and mail.state in AGAIN,
            "may_say_arrived": may_decide and mail.state == State.UNKNOWN,
            "waits_for_server": mail.state == State.WAITING
            and not MailServer.objects.filter(is_active=True).exists(),
            "again_url": reverse("admin:integration_outgoingmail_again", args=[mail.pk]),
            "arrived_url": reverse("admin:integration_outgoingmail_arrived", args=[mail.pk]),
            "timeline": timeline(mail.name),
        }
        return self.page(request, mail, "portal/mail.html", context)

    def again(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask why, and send it again."""
        user, mail = require(request, DECIDE), self._found(request, object_id)
        return reason_page(self, request, mail, lambda reason: send_mail_again(user, mail, reason), _AGAIN)

    def arrived(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask how somebody knows, and take it as sent."""
        user, mail = require(request, DECIDE), self._found(request, object_id)
        return reason_page(self, request, mail, lambda reason: mail_arrived(user, mail, reason), _ARRIVED)

    def _found(self, request: HttpRequest, object_id: int) -> OutgoingMail:
        mail = self.find(request, str(object_id))
        if mail is None:
            raise Http404
        found: OutgoingMail = mail
        return found

    @display(description=gettext_lazy("Subject"), ordering="subject")
    def shown_subject(self, mail: OutgoingMail) -> SafeString | str:
        """Return the subject, as the way to the mail."""
        return link(mail)

    @display(description=gettext_lazy("State"), ordering="state")
    def shown_state(self, mail: OutgoingMail) -> SafeString:
        """Return how far it is."""
        return mail_badge(mail)

    @display(description=gettext_lazy("To"))
    def shown_to(self, mail: OutgoingMail) -> str:
        """Return the addresses."""
        return ", ".join(mail.to)

    @display(description=gettext_lazy("Partner"), ordering="partner")
    def shown_partner(self, mail: OutgoingMail) -> SafeString | str:
        """Return the partner."""
        return link(mail.partner)

    @display(description=gettext_lazy("Order"), ordering="order")
    def shown_order(self, mail: OutgoingMail) -> SafeString | str:
        """Return the order."""
        return link(mail.order)

    @display(description=gettext_lazy("What was said"))
    def shown_error(self, mail: OutgoingMail) -> str:
        """Return what the server, or the mail that came back, said last."""
        return mail.error if len(mail.error) <= 200 else f"{mail.error[:199]}…"

    @display(description=gettext_lazy("Written"), ordering="pk")
    def shown_written(self, mail: OutgoingMail) -> SafeString | str:
        """Return when it was written."""
        return moment(mail.created_at)


def mail_link(cause: str) -> SafeString | str:
    """Return the way to the mail that a case of ``cause`` (``mail:7``) is about, or ``""``."""
    kind, _, key = cause.partition(":")
    if kind != "mail" or not key.isdecimal():
        return ""
    mail = seen(OutgoingMail.objects.filter(pk=int(key))).first()
    return link(mail) if mail is not None and page_url(mail) else ""
