"""How long what was exchanged is kept, what is on hold, and what was destroyed or erased by whose decision: facts, all of it.

What holds now is read from them by ``gridport_governed`` in the database (``archive.governing``), which lists, sentences and
the one function that destroys share.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy

from archive.facts import Fact
from archive.models.exchange import Document, Payload
from partners.models import TradingPartner

FILE = "FILE"
"""Stands for a transaction set in a rule: files in which no document was found, received or kept with a return."""


class RetentionRule(Fact):
    """How long some documents are kept; what it says is its newest revision."""

    name = models.CharField(max_length=100, unique=True)

    class Meta:
        default_permissions = ("view",)
        permissions = [("set_retention", "Can say how long documents are kept")]
        verbose_name = gettext_lazy("retention rule")

    def __str__(self) -> str:
        return self.name


class RetentionRevision(Fact):
    """What a rule says from then on. An empty criterion is met by every document; of several rules the longest holds."""

    class Starts(models.TextChoices):
        EXCHANGED = "exchanged", gettext_lazy("The day it was sent or received")
        YEAR_END = "year_end", gettext_lazy("The end of that calendar year")

    rule = models.ForeignKey(RetentionRule, models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    kinds = models.JSONField(
        default=list, help_text=gettext_lazy("Transaction sets (850), FILE; empty: every kind.")
    )
    partner = models.ForeignKey(TradingPartner, models.PROTECT, null=True, related_name="+")
    store = models.BigIntegerField(null=True, help_text=gettext_lazy("The store whose order it belongs to."))
    country = models.CharField(
        max_length=2, blank=True, help_text=gettext_lazy("ISO 3166: where such an order goes.")
    )
    years = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(100)])
    starts = models.CharField(max_length=9, choices=Starts, default=Starts.EXCHANGED)
    legal_reason = models.TextField(help_text=gettext_lazy("The law or contract that asks for it."))
    is_retired = models.BooleanField(default=False, help_text=gettext_lazy("The rule holds no more."))
    actor = models.CharField(max_length=150)
    reason = models.TextField(help_text=gettext_lazy("Why it was written."))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rule", "number"], name="retentionrevision_once"),
            models.CheckConstraint(condition=models.Q(years__gte=1), name="retentionrevision_years"),
        ]

    def __str__(self) -> str:
        return f"{self.rule}, revision {self.number}"


class Hold(Fact):
    """Nothing that it covers is destroyed, whatever its retention, until two people release it.

    Of the criteria those that are given are all to be met; a list (``is_list``) covers its ``HoldDocument`` rows.
    """

    class Scope(models.TextChoices):
        ORDER = "order", gettext_lazy("An order")
        PARTNER = "partner", gettext_lazy("A partner")
        PERIOD = "period", gettext_lazy("A period")
        SEARCH = "search", gettext_lazy("What a search found")
        MATTER = "matter", gettext_lazy("Documents of a matter")

    scope = models.CharField(max_length=7, choices=Scope)
    matter = models.CharField(
        max_length=200, help_text=gettext_lazy("What it is about, such as the name of a lawsuit.")
    )
    covers = models.CharField(max_length=300, help_text=gettext_lazy("In words."))
    order = models.BigIntegerField(null=True)
    partner = models.ForeignKey(TradingPartner, models.PROTECT, null=True, related_name="+")
    begins_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True, help_text=gettext_lazy("The first moment after it."))
    is_list = models.BooleanField(default=False)
    actor = models.CharField(max_length=150)
    reason = models.TextField()

    class Meta:
        default_permissions = ("view",)
        permissions = [
            ("take_hold", "Can keep documents from being destroyed"),
            ("release_hold", "Can release a hold, with a second person"),
        ]
        constraints = [
            # Without a criterion a hold would silently cover everything.
            models.CheckConstraint(
                condition=models.Q(is_list=True)
                | models.Q(order__isnull=False)
                | models.Q(partner__isnull=False)
                | models.Q(begins_at__isnull=False, ends_at__isnull=False),
                name="hold_covers_something",
            ),
        ]

    def __str__(self) -> str:
        return self.matter

    @property
    def subject(self) -> str:
        """The hold's name in events and audit entries."""
        return f"hold:{self.pk}"


class HoldDocument(Fact):
    """``document`` is on the list of ``hold``."""

    hold = models.ForeignKey(Hold, models.PROTECT, related_name="documents")
    document = models.ForeignKey(Document, models.PROTECT, related_name="holds")
    actor = models.CharField(max_length=150)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["document", "hold"], name="holddocument_once")]

    def __str__(self) -> str:
        return f"{self.document} on hold for {self.hold}"


class Proposal(Fact):
    """What somebody proposes, for a second person to decide."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    actor = models.CharField(max_length=150)
    reason = models.TextField()

    class Meta:
        abstract = True


class Decision(Proposal):
    """What a second person said; the database refuses the first one."""

    approved = models.BooleanField()

    class Meta:
        abstract = True


class HoldRelease(Proposal):
    """Somebody wants ``hold`` released."""

    hold = models.ForeignKey(Hold, models.PROTECT, related_name="releases")

    def __str__(self) -> str:
        return f"release of {self.hold}"


class HoldReleaseDecision(Decision):
    """Whether it is."""

    proposal = models.OneToOneField(HoldRelease, models.PROTECT, related_name="decision")

    def __str__(self) -> str:
        return f"{self.proposal}: {'approved' if self.approved else 'declined'}"


class DisposalRun(Proposal):
    """A list of payloads to destroy, written with the run and in its transaction, and never changed after."""

    key = models.CharField(
        max_length=64, unique=True, help_text=gettext_lazy("The form's: posting it twice proposes once.")
    )
    scope = models.CharField(max_length=300, help_text=gettext_lazy("Which of what was due, in words."))
    digest = models.CharField(max_length=64, help_text=gettext_lazy("SHA-256 of the list, as it was shown."))

    class Meta:
        default_permissions = ("view",)
        permissions = [
            ("propose_disposal", "Can propose what is destroyed"),
            ("approve_disposal", "Can approve what others propose to destroy"),
        ]
        verbose_name = gettext_lazy("disposal")

    def __str__(self) -> str:
        return f"Disposal {self.pk}"

    @property
    def subject(self) -> str:
        """The run's name in events and audit entries."""
        return f"disposal:{self.pk}"


class DisposalItem(Fact):
    """One payload of a run.

    ``left`` is what lists and Find keep of its documents: for each the document, its number, and its references that name
    no person, as pairs of kind and value.
    """

    run = models.ForeignKey(DisposalRun, models.PROTECT, related_name="items")
    payload = models.ForeignKey(Payload, models.PROTECT, related_name="disposal_items")
    revision = models.ForeignKey(
        RetentionRevision,
        models.PROTECT,
        related_name="+",
        help_text=gettext_lazy("The rule that kept it the longest."),
    )
    kept_until = models.DateTimeField(help_text=gettext_lazy("When that was over."))
    words = models.CharField(max_length=300, help_text=gettext_lazy("What it is."))
    left = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "payload"], name="disposalitem_once")]

    def __str__(self) -> str:
        return self.words


class DisposalDecision(Decision):
    """Whether a run is carried out."""

    proposal = models.OneToOneField(DisposalRun, models.PROTECT, related_name="decision")

    def __str__(self) -> str:
        return f"{self.proposal}: {'approved' if self.approved else 'declined'}"


class DisposalRefusal(Fact):
    """A payload of an approved run was not destroyed: a hold had been taken, or a rule made longer."""

    item = models.OneToOneField(DisposalItem, models.PROTECT, related_name="refusal")
    sentence = models.TextField()

    def __str__(self) -> str:
        return self.sentence


class DisposalCertificate(Fact):
    """``payload`` was destroyed: written by ``gridport_dispose`` alone, in the transaction that did it."""

    payload = models.OneToOneField(Payload, models.PROTECT, related_name="certificate")
    item = models.OneToOneField(DisposalItem, models.PROTECT, related_name="certificate")
    decision = models.ForeignKey(DisposalDecision, models.PROTECT, related_name="certificates")
    key_destroyed = models.BooleanField(
        help_text=gettext_lazy(
            "No: it was stored before payloads had keys of their own, and backups may hold it until they expire."
        )
    )

    class Meta:
        default_permissions = ("view",)
        verbose_name = gettext_lazy("disposal certificate")

    def __str__(self) -> str:
        return f"Certificate {self.pk}"

    @property
    def destroyed_at(self) -> datetime:
        """When that was."""
        return self.recorded_at


class LostCertificate(Fact):
    """``payload`` was destroyed in a database of which this one is an older backup, and the certificate was lost with it.

    Written by a restore, which finds it among the keys (``portal.backups.erased``), and as the disposer, as certificates are.
    """

    payload = models.OneToOneField(Payload, models.PROTECT, related_name="lost_certificate")
    number = models.BigIntegerField(
        help_text=gettext_lazy("Of the certificate, in the database that was lost.")
    )
    destroyed_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        verbose_name = gettext_lazy("lost certificate of a disposal")

    def __str__(self) -> str:
        return f"Certificate {self.number}, which was lost when an older backup was restored"


class ErasureCertificate(Fact):
    """A person was forgotten: written by ``gridport_erase`` alone, in the transaction that destroyed the keys.

    ``erasure`` is the number of what two people decided, which stands in a layer above; ``orders``, ``persons`` (rows of
    ``DataSubject``) and ``payloads`` are lists of primary keys, so that it names what went and nobody.
    """

    erasure = models.BigIntegerField(unique=True)
    orders = models.JSONField()
    persons = models.JSONField()
    payloads = models.JSONField(help_text=gettext_lazy("Of which keys were destroyed."))
    keys_destroyed = models.PositiveIntegerField()
    digest = models.CharField(
        max_length=64, help_text=gettext_lazy("SHA-256 of the plan, as both people were shown it.")
    )
    proposed_by = models.CharField(max_length=150)
    approved_by = models.CharField(max_length=150)

    class Meta:
        default_permissions = ()
        verbose_name = gettext_lazy("erasure certificate")

    def __str__(self) -> str:
        return f"Certificate of erasure {self.erasure}"
