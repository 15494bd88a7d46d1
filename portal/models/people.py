"""What the window keeps of people: how far their sight reaches, their time zone, failed log-ins, their searches."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy

from archive.reach import EVERYTHING, Reach
from integration.models import Store
from partners.models import TradingPartner


class Access(models.Model):
    """What one member of staff may look at, whatever their role, and how times are told to them.

    Each limit is switched on by itself: a list that became empty is nothing then, and never everything.
    """

    user = models.OneToOneField(User, models.CASCADE, related_name="access")
    limits_partners = models.BooleanField(gettext_lazy("only some partners"), default=False)
    partners = models.ManyToManyField(TradingPartner, blank=True, related_name="+")
    limits_stores = models.BooleanField(gettext_lazy("only some stores"), default=False)
    stores = models.ManyToManyField(Store, blank=True, related_name="+")
    limits_sets = models.BooleanField(gettext_lazy("only some kinds of documents"), default=False)
    sets = models.JSONField(
        gettext_lazy("kinds of documents"),
        default=list,
        blank=True,
        help_text=gettext_lazy("Transaction sets."),
    )
    time_zone = models.CharField(max_length=60, blank=True, help_text=gettext_lazy("Empty: the portal's."))

    class Meta:
        default_permissions = ("view",)
        verbose_name = gettext_lazy("access")
        verbose_name_plural = gettext_lazy("access")

    def __str__(self) -> str:
        return f"Access of {self.user}"

    @cached_property
    def reach(self) -> Reach:
        """How far the sight of its user reaches."""
        if not (self.limits_partners or self.limits_stores or self.limits_sets):
            return EVERYTHING
        return Reach(
            partners=frozenset(self.partners.values_list("pk", flat=True)) if self.limits_partners else None,
            stores=frozenset(self.stores.values_list("pk", flat=True)) if self.limits_stores else None,
            sets=frozenset(self.sets) if self.limits_sets else None,
        )


class FailedLogin(models.Model):
    """How often in a row a name was tried from an address with a wrong password; gone once it was the right one."""

    name = models.CharField(
        max_length=64, help_text=gettext_lazy("A digest of the name: people type passwords there.")
    )
    address = models.CharField(max_length=45)
    count = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["name", "address"], name="failedlogin_once")]
        indexes = [models.Index(fields=["last_at"], name="failedlogin_last_at")]

    def __str__(self) -> str:
        return f"{self.count} from {self.address}"


class SavedSearch(models.Model):
    """A search that somebody keeps under a name: what Find or a list is asked for, and whether everybody is offered it."""

    user = models.ForeignKey(User, models.CASCADE, related_name="saved_searches")
    name = models.CharField(max_length=80)
    query = models.CharField(
        max_length=500, help_text=gettext_lazy("The query string of Find: words and filters.")
    )
    is_shared = models.BooleanField(gettext_lazy("for everybody"), default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        default_permissions = ()
        ordering = ["name", "pk"]
        verbose_name_plural = gettext_lazy("saved searches")
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="savedsearch_name_once")]

    def __str__(self) -> str:
        return self.name
