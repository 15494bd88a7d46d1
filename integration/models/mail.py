"""Mail that leaves: the server that takes it, and every mail, written before it is sent."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy

from archive.facts import Reported
from integration.models.case import ExceptionCase
from integration.models.store import Order
from partners.models import TradingPartner
from partners.secrets import EncryptedTextField


def mail_channel(pk: int | str) -> str:
    """Return the name of the channel to the mail server."""
    return f"mailserver:{pk}"


class MailServer(models.Model):
    """The one server through which mail leaves, and where mails that come back are found."""

    ONLY = 1

    class Security(models.TextChoices):
        NONE = "none", gettext_lazy("None: everything travels in clear")
        STARTTLS = "starttls", gettext_lazy("STARTTLS")
        TLS = "tls", gettext_lazy("TLS from the first byte")

    host = models.CharField(max_length=200, help_text=gettext_lazy("Such as mail.example.net."))
    port = models.PositiveIntegerField(
        default=587,
        validators=[MinValueValidator(1), MaxValueValidator(65535)],
        help_text=gettext_lazy("587 for STARTTLS, 465 for TLS from the first byte, 25 without."),
    )
    security = models.CharField(max_length=8, choices=Security, default=Security.STARTTLS)
    username = models.CharField(max_length=150, blank=True, help_text=gettext_lazy("Empty: no login."))
    password = EncryptedTextField(blank=True)
    from_address = models.EmailField(
        gettext_lazy("from"), help_text=gettext_lazy("Mails that cannot be delivered come back to it.")
    )
    reply_to = models.EmailField(
        gettext_lazy("answers to"), blank=True, help_text=gettext_lazy("Empty: to the sender's address.")
    )
    is_active = models.BooleanField(
        gettext_lazy("send mail"),
        default=False,
        help_text=gettext_lazy("While this is off, mails are written and wait."),
    )
    bounce_folder = models.CharField(
        gettext_lazy("folder of returned mail"),
        max_length=400,
        blank=True,
        help_text=gettext_lazy(
            "A Maildir on this server into which mail to the sender's address is delivered. Empty: nobody looks for mails that come back."
        ),
    )

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="mailserver_only_one")]

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class OutgoingMail(Reported):
    """One mail, sent at most once unless a person says so.

    States::

        waiting ──► sending ──► sent ──► bounced   (it came back)
           ▲           │  └───► unknown            (the answer was lost: a person decides)
           └───────────┤        bounced            (the server refused it for good)
        waiting ──────►┴──────► bounced | failed   (refused before it was given over | refused for too long)
        unknown | bounced | failed ──► waiting     (somebody sends it again)
        unknown ──► sent                           (somebody knows that it arrived)

    ``sending`` is written after the server has agreed to take the text and before the first byte of it: until then
    nothing can have been mailed, and from then on nothing is mailed again unseen.
    """

    class State(models.TextChoices):
        WAITING = "waiting", gettext_lazy("Waiting")
        SENDING = "sending", gettext_lazy("Being sent")
        UNKNOWN = "unknown", gettext_lazy("Unknown: the answer was lost")
        SENT = "sent", gettext_lazy("Sent")
        BOUNCED = "bounced", gettext_lazy("Came back")
        FAILED = "failed", gettext_lazy("Failed")

    marker = models.CharField(
        max_length=100, unique=True, help_text=gettext_lazy("What this mail is known by, ever.")
    )
    to = models.JSONField(help_text=gettext_lazy("Addresses; it goes to all of them or to none."))
    subject = models.CharField(max_length=200)
    body = models.TextField()
    message_id = models.CharField(max_length=150, unique=True)
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)
    partner = models.ForeignKey(TradingPartner, models.PROTECT, null=True, related_name="mails")
    order = models.ForeignKey(Order, models.PROTECT, null=True, related_name="mails")
    case = models.ForeignKey(ExceptionCase, models.PROTECT, null=True, related_name="mails")
    created_at = models.DateTimeField(db_default=Now())
    waiting_since = models.DateTimeField(
        db_default=Now(), help_text=gettext_lazy("Refusals are borne with from then on.")
    )
    sent_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = gettext_lazy("mail")
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "sending", "unknown", "sent", "bounced", "failed"]),
                name="outgoingmail_state_known",
            )
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def name(self) -> str:
        """The mail's name in events and audit entries."""
        return f"mail:{self.pk}"
