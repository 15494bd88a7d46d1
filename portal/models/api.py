"""What the reporting API keeps: tokens, how often each asked, and what was answered to writes."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy

from archive.reach import EVERYTHING, Reach
from integration.models import Store
from partners.models import TradingPartner


class ApiToken(models.Model):
    """By which a program asks: in the name of a user, and for no more than both may.

    The token itself is shown once, when it is made; kept is its SHA-256. It is 256 random bits, so nobody guesses it and
    no slow hash is needed. ``prefix`` is the part of it that everybody may see.
    """

    name = models.CharField(
        max_length=80, help_text=gettext_lazy("What for: Power BI, the warehouse's screen.")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="api_tokens",
        help_text=gettext_lazy(
            "In whose name it asks: with this person's rights and sight, never with more."
        ),
    )
    prefix = models.CharField(max_length=12, unique=True, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    resources = models.JSONField(
        default=list, help_text=gettext_lazy("What it reads, by the names of the API; none: nothing.")
    )
    reads_content = models.BooleanField(
        gettext_lazy("reads what documents say"),
        default=False,
        help_text=gettext_lazy(
            "The bytes and the content of documents, beside what is known of them. Every reading is recorded."
        ),
    )
    may_write = models.BooleanField(
        gettext_lazy("may act"),
        default=False,
        help_text=gettext_lazy("Open returns, send documents again, comment and decide, where the user may."),
    )
    limits_partners = models.BooleanField(gettext_lazy("only some partners"), default=False)
    partners = models.ManyToManyField(TradingPartner, blank=True, related_name="+")
    limits_stores = models.BooleanField(gettext_lazy("only some stores"), default=False)
    stores = models.ManyToManyField(Store, blank=True, related_name="+")
    addresses = models.JSONField(
        gettext_lazy("allowed addresses"),
        default=list,
        blank=True,
        help_text=gettext_lazy("Networks that it may ask from, such as 203.0.113.0/24; none named: any."),
    )
    expires_at = models.DateTimeField(help_text=gettext_lazy("From then on it is refused."))
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    created_by = models.CharField(max_length=150, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False, help_text=gettext_lazy("To the minute."))
    last_address = models.GenericIPAddressField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)
    revoked_by = models.CharField(max_length=150, blank=True, editable=False)

    class Meta:
        ordering = ["-pk"]
        verbose_name = gettext_lazy("API token")
        permissions = [("issue_tokens", "Can make and revoke API tokens")]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def subject(self) -> str:
        """The token's name in audit entries."""
        return f"token:{self.pk}"

    def is_valid(self, now: datetime) -> bool:
        """Say whether it may be asked with at ``now``."""
        return self.revoked_at is None and now < self.expires_at

    @cached_property
    def reach(self) -> Reach:
        """How far its own sight reaches; that of its user limits it further."""
        if not (self.limits_partners or self.limits_stores):
            return EVERYTHING
        return Reach(
            partners=frozenset(self.partners.values_list("pk", flat=True)) if self.limits_partners else None,
            stores=frozenset(self.stores.values_list("pk", flat=True)) if self.limits_stores else None,
        )


class ApiWindow(models.Model):
    """How often a token asked within the minute that began at ``began_at``."""

    token = models.OneToOneField(ApiToken, models.CASCADE, primary_key=True, related_name="window")
    began_at = models.DateTimeField()
    count = models.PositiveIntegerField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.count} since {self.began_at}"


class KeptAnswer(models.Model):
    """What was answered to a write with an idempotency key: the same key gets the same answer, and nothing is done again.

    ``request`` is the SHA-256 of method, path and body: a key that comes with another is refused.
    """

    token = models.ForeignKey(ApiToken, models.CASCADE, related_name="answers")
    key = models.CharField(max_length=64)
    request = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.JSONField()
    answered_at = models.DateTimeField(db_default=Now())

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["token", "key"], name="keptanswer_once")]
        indexes = [models.Index(fields=["answered_at"], name="keptanswer_age")]

    def __str__(self) -> str:
        return f"{self.status} for {self.key}"
