"""Notices: what stands in the way of work, who wants to be told of it and how, and what they were told."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy

from integration.models.bulk import BulkJob
from integration.models.case import ExceptionCase
from integration.models.store import Store
from partners.models import Mailbox
from partners.secrets import EncryptedTextField


def webhook_channel(pk: int | str) -> str:
    """Return the name of the channel to a webhook."""
    return f"webhook:{pk}"


class NoticeWebhook(models.Model):
    """The address by which a room of a chat takes messages. Whoever knows it can post there: it is a secret."""

    class Shape(models.TextChoices):
        SLACK = "slack", gettext_lazy("Slack, Mattermost and their like")
        TEAMS = "teams", gettext_lazy("Microsoft Teams")

    name = models.CharField(
        max_length=100, unique=True, help_text=gettext_lazy("Such as the room's: #edi-desk.")
    )
    shape = models.CharField(gettext_lazy("kind of chat"), max_length=5, choices=Shape, default=Shape.SLACK)
    url = EncryptedTextField(gettext_lazy("address"))
    is_active = models.BooleanField(gettext_lazy("post to it"), default=True)

    class Meta:
        ordering = ["name"]
        verbose_name = gettext_lazy("webhook")

    def __str__(self) -> str:
        return self.name

    @property
    def subject(self) -> str:
        """The webhook's name in audit entries."""
        return f"noticewebhook:{self.pk}"


class NoticeRule(models.Model):
    """Who is told of one kind of cause, and how: a person, everybody of a role, or a room.

    A person's own rule takes the place of what the roles say about that kind, so it may also say "not at all".
    """

    class Kind(models.TextChoices):
        CASE = "case", gettext_lazy("Case opened")
        CONNECTION = "connection", gettext_lazy("Connection stands still")
        WORK = "work", gettext_lazy("Work stopped")
        FEED = "feed", gettext_lazy("Stock feed held")
        GAP = "gap", gettext_lazy("Found missing by reconciliation")
        ARCHIVE = "archive", gettext_lazy("Archive not as it should be")
        BULK = "bulk", gettext_lazy("Bulk job finished")

    kind = models.CharField(gettext_lazy("of what"), max_length=10, choices=Kind)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="notice_rules"
    )
    role = models.ForeignKey(
        Group,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="notice_rules",
        help_text=gettext_lazy("Everybody of it is told, each of what lies within their sight."),
    )
    webhook = models.ForeignKey(
        NoticeWebhook,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="rules",
        help_text=gettext_lazy("The room is told of everything that the rule means, whoever reads there."),
    )
    in_app = models.BooleanField(
        gettext_lazy("in the portal"), default=True, help_text=gettext_lazy("Under the bell.")
    )
    by_mail = models.BooleanField(gettext_lazy("by mail"), default=False)
    case_kinds = models.JSONField(
        gettext_lazy("kinds of cases"),
        default=list,
        blank=True,
        help_text=gettext_lazy("Of “Case opened” alone. None chosen: all of them."),
    )
    money_from = models.DecimalField(
        gettext_lazy("at stake at least"),
        max_digits=20,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text=gettext_lazy(
            "Of “Case opened” alone, as the amount stands, whatever its currency. Empty: cases without an amount too."
        ),
    )

    class Meta:
        ordering = ["kind", "pk"]
        verbose_name = gettext_lazy("notice rule")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(user__isnull=False, role=None, webhook=None)
                | models.Q(user=None) & (models.Q(role__isnull=False) | models.Q(webhook__isnull=False)),
                name="noticerule_tells_somebody",
            ),
            models.UniqueConstraint(fields=["user", "kind"], name="noticerule_once_a_person"),
        ]

    def __str__(self) -> str:
        whom = self.user or self.role or self.webhook
        return f"{self.get_kind_display()}: {whom}"


class Notice(models.Model):
    """One cause that somebody may have been told of: while it stands, the same cause is told once.

    ``sentence`` goes into mails and chats as it is: kinds, numbers and amounts, and nothing of customers or partners.
    ``ended_at`` is when it was seen to be over; a bulk job that is finished is over from the start.
    """

    kind = models.CharField(max_length=10, choices=NoticeRule.Kind)
    cause = models.CharField(max_length=200)
    sentence = models.CharField(max_length=300)
    case = models.ForeignKey(ExceptionCase, models.CASCADE, null=True, related_name="notices")
    store = models.ForeignKey(Store, models.CASCADE, null=True, related_name="+")
    mailbox = models.ForeignKey(Mailbox, models.CASCADE, null=True, related_name="+")
    bulk_job = models.ForeignKey(BulkJob, models.CASCADE, null=True, related_name="+")
    began_at = models.DateTimeField()
    told_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)
    webhooks = models.ManyToManyField(NoticeWebhook, related_name="+")

    class Meta:
        ordering = ["-pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["cause"], condition=models.Q(ended_at=None), name="notice_one_a_cause"
            )
        ]
        indexes = [
            models.Index(fields=["cause"], name="notice_cause"),
            models.Index(fields=["ended_at"], name="notice_ended"),
        ]

    def __str__(self) -> str:
        return self.sentence


class NoticeReceipt(models.Model):
    """That somebody was told of a notice, and how; ``read_at`` is empty again once it is told that it is over."""

    notice = models.ForeignKey(Notice, models.CASCADE, related_name="receipts")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices")
    in_app = models.BooleanField()
    by_mail = models.BooleanField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["notice", "user"], name="noticereceipt_once")]
        indexes = [
            models.Index(fields=["user", "-id"], name="noticereceipt_list", condition=models.Q(in_app=True)),
            models.Index(
                fields=["user"], name="noticereceipt_unread", condition=models.Q(in_app=True, read_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.notice} to {self.user}"


class WebhookCall(models.Model):
    """One message to a room, written with what it tells of and posted afterwards."""

    class State(models.TextChoices):
        WAITING = "waiting", gettext_lazy("Waiting")
        SENT = "sent", gettext_lazy("Posted")
        GIVEN_UP = "given_up", gettext_lazy("Given up")

    webhook = models.ForeignKey(NoticeWebhook, models.CASCADE, related_name="calls")
    text = models.TextField()
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    created_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        default_permissions = ()
        indexes = [
            models.Index(fields=["created_at"], name="webhookcall_waits", condition=models.Q(state="waiting"))
        ]

    def __str__(self) -> str:
        return f"Message to {self.webhook}"
