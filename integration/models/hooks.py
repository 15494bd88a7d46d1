"""The hook by which a store calls us, and the calls that it made."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy

from integration.models.store import Store
from partners.secrets import EncryptedTextField


class StoreHook(models.Model):
    """The one hook that a store has for us, as it was when last looked at.

    ``key`` is in the address that is called and ``secret`` in a header of each call: nobody can guess either. Both
    are stored before the store is told of them; ``number``, the hook's id in the store, is known after that.
    """

    store = models.OneToOneField(Store, models.CASCADE, related_name="hook")
    key = models.CharField(max_length=64, unique=True)
    secret = EncryptedTextField()
    number = models.PositiveBigIntegerField(null=True)
    is_active = models.BooleanField(default=False)
    checked_at = models.DateTimeField(null=True)
    refused = models.PositiveIntegerField(
        default=0,
        help_text=gettext_lazy("Calls that were not taken, since the hook was registered or repaired."),
    )
    refused_at = models.DateTimeField(null=True)
    refused_because = models.CharField(max_length=200, blank=True)

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"Hook of {self.store}"


class HookCall(models.Model):
    """One call of a store, as it came; kept for some weeks, since it is a hint and no document.

    The same call again has the same ``webhook_id``; the same event in another call has the same bytes.
    """

    store = models.ForeignKey(Store, models.CASCADE, related_name="hook_calls")
    webhook_id = models.CharField(max_length=255)
    digest = models.CharField(max_length=64, help_text=gettext_lazy("SHA-256 of the body."))
    scope = models.CharField(max_length=100, blank=True)
    order_number = models.PositiveBigIntegerField(null=True)
    body = models.BinaryField()
    stamped_at = models.DateTimeField(help_text=gettext_lazy("When the store signed it, as it says."))
    is_stale = models.BooleanField(help_text=gettext_lazy("Its stamp was far from the time when it came."))
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["store", "webhook_id"], name="hookcall_once"),
            models.UniqueConstraint(fields=["store", "digest"], name="hookcall_event_once"),
        ]
        indexes = [models.Index(fields=["store", "received_at"], name="hookcall_received")]

    def __str__(self) -> str:
        return f"{self.scope or 'a call'} from {self.store}"
