"""The seals: a leaf for each fact, a root for each day's tree, where roots were published, and what checks found."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy

from archive.facts import Fact


class SealLeaf(Fact):
    """The row ``row_id`` of ``table_name`` is leaf ``place`` of tree ``tree``; ``leaf`` is its leaf hash (RFC 6962).

    Trees count from 1; the one after the last root is open.
    """

    is_sealed = False
    table_name = models.CharField(max_length=63)
    row_id = models.BigIntegerField()
    leaf = models.BinaryField(max_length=32)
    tree = models.PositiveIntegerField()
    place = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["table_name", "row_id"], name="sealleaf_row_once"),
            models.UniqueConstraint(fields=["tree", "place"], name="sealleaf_place_once"),
        ]

    def __str__(self) -> str:
        return f"{self.table_name} {self.row_id}"


class SealRoot(Fact):
    """A closed tree: everything that was sealed since the one before was closed.

    ``name`` is its day, ``2026-11-28``; ``2026-11-28.2`` where that day was closed once already; with ``r`` and eight
    characters behind it since a restore, so that it is never taken for what the lost database published. What is signed
    and chained is ``archive.verify.statement``.
    """

    is_sealed = False
    tree = models.PositiveIntegerField(unique=True)
    name = models.CharField(max_length=30, unique=True)
    day = models.DateField()
    closed_at = models.DateTimeField()
    size = models.PositiveIntegerField()
    root = models.CharField(max_length=64)
    previous = models.CharField(
        max_length=64, help_text=gettext_lazy("Chain value of the tree before; of none, zeros.")
    )
    chain = models.CharField(max_length=64, unique=True, help_text=gettext_lazy("SHA-256 of what is signed."))
    signature = models.CharField(
        max_length=128, blank=True, help_text=gettext_lazy("Ed25519, in hex; empty: there was no key.")
    )
    key = models.CharField(
        max_length=64, blank=True, help_text=gettext_lazy("The public key that checks it, in hex.")
    )

    class Meta:
        ordering = ["-tree"]

    def __str__(self) -> str:
        return f"seal of {self.words}"

    @property
    def words(self) -> str:
        """The day for people: ``28 Nov 2026``, with the name behind it where that says more."""
        day = f"{self.day.day} {self.day:%b %Y}"
        return day if self.name == str(self.day) else f"{day} ({self.name})"


class SealPublication(Fact):
    """A root was published at a place outside the database."""

    class Place(models.TextChoices):
        FILE = "file", gettext_lazy("File")
        BUCKET = "bucket", gettext_lazy("Bucket")
        MAIL = "mail", gettext_lazy("Mail to the auditor")

    root = models.ForeignKey(SealRoot, models.PROTECT, related_name="publications")
    place = models.CharField(max_length=6, choices=Place)
    reference = models.CharField(
        max_length=300,
        blank=True,
        help_text=gettext_lazy("By what it is found there; no address of a person."),
    )
    version = models.CharField(
        max_length=1024, blank=True, db_default="", help_text=gettext_lazy("Of a bucket that keeps versions.")
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["root", "place", "reference"], name="sealpublication_once")
        ]

    def __str__(self) -> str:
        return f"{self.root} in {self.get_place_display()}"


class SealHorizon(models.Model):
    """Up to which transaction everything is known to be sealed, in the life of the database ``epoch``: for speed alone.

    Which rows are not yet sealed is always asked of the leaves.
    """

    ONLY = 1

    epoch = models.UUIDField()
    before = models.BigIntegerField(help_text=gettext_lazy("Every row of an older transaction is sealed."))

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="sealhorizon_only_one")]

    def __str__(self) -> str:
        return f"transaction {self.before}"


class SealCheck(models.Model):
    """One check of the archive against its seals.

    ``counts`` are how many of what were looked at; ``findings`` the first of what is not as it was, ``found`` of them all.
    """

    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    share = models.PositiveSmallIntegerField(
        null=True, help_text=gettext_lazy("Empty: everything was looked at.")
    )
    asked_by = models.CharField(
        max_length=150, blank=True, help_text=gettext_lazy("Empty: it was time for it.")
    )
    counts = models.JSONField(default=dict)
    found = models.PositiveIntegerField(default=0)
    findings = models.JSONField(default=list)

    class Meta:
        ordering = ["-pk"]
        verbose_name = gettext_lazy("archive check")

    def __str__(self) -> str:
        return f"Archive check {self.pk}"
