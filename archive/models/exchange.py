"""The facts of what was exchanged. Order of reading: Payload, Transmission, Interchange, Document."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Collate, Upper
from django.utils.translation import gettext_lazy

from archive.facts import Fact
from partners.models import Agreement, Mailbox, TradingPartner


class Direction(models.TextChoices):
    """Seen from us."""

    IN = "in", gettext_lazy("Received")
    OUT = "out", gettext_lazy("Sent")


class Payload(Fact):
    """Encrypted bytes: AES-256-GCM under the payload's own key (``PayloadKey``); ``address`` is the ciphertext's SHA-256.

    ``key_id`` names a store key for payloads of before there were own keys. What is encrypted begins with 32 random
    bytes; ``commitment`` is the SHA-256 of those and the content, so it proves the content to whom both are shown, and
    proves nothing to somebody who guesses once the key is destroyed. ``fingerprint`` is a keyed hash of the plain bytes:
    it finds the same content again and tells a reader of the table nothing.
    """

    address = models.CharField(max_length=64)
    ciphertext = models.BinaryField(
        help_text=gettext_lazy("Empty: it was moved to the storages, or disposed of.")
    )
    key_id = models.CharField(
        max_length=16, blank=True, help_text=gettext_lazy("Empty: the payload has its own key.")
    )
    nonce = models.BinaryField(max_length=12)
    size = models.PositiveIntegerField(help_text=gettext_lazy("Bytes before encryption."))
    fingerprint = models.CharField(max_length=64)
    commitment = models.CharField(
        max_length=64, blank=True, help_text=gettext_lazy("Empty: from before there were any.")
    )

    class Meta:
        # Asked for whole, never by how they begin: unique=True and db_index=True would make a second index for that.
        constraints = [models.UniqueConstraint(fields=["address"], name="payload_address_once")]
        indexes = [models.Index(fields=["fingerprint"], name="payload_fingerprint")]

    def __str__(self) -> str:
        return f"payload {self.address[:12]}"


class Transmission(Fact):
    """One attempt to move a file: out, written before the first byte leaves; in, with the bytes taken."""

    direction = models.CharField(max_length=3, choices=Direction)
    mailbox = models.ForeignKey(Mailbox, models.PROTECT, related_name="transmissions")
    name = models.CharField(
        max_length=300, help_text=gettext_lazy("The file's name on the mailbox: a label, never a path.")
    )
    payload = models.ForeignKey(Payload, models.PROTECT, related_name="transmissions")
    interchange = models.ForeignKey(
        "archive.Interchange",
        models.PROTECT,
        null=True,
        related_name="attempts",
        help_text=gettext_lazy("What was sent."),
    )
    correlation_id = models.CharField(max_length=32)

    class Meta:
        indexes = [
            # flows.receive asks whether a listed file was taken before
            models.Index(fields=["mailbox", "name"], name="transmission_mailbox_name"),
            # search: how a name begins, in capitals or not
            models.Index(Collate(Upper("name"), "C"), name="transmission_upper_name"),
            # when a mailbox moved its last file
            models.Index(fields=["mailbox", "-recorded_at"], name="transmission_mailbox_last"),
        ]

    def __str__(self) -> str:
        return self.name


class TransmissionOutcome(Fact):
    """What became of a transmission."""

    class Result(models.TextChoices):
        DELIVERED = "delivered", gettext_lazy("Delivered")
        FAILED = "failed", gettext_lazy("Failed")
        UNKNOWN = "unknown", gettext_lazy("Unknown: the answer was lost")
        REMOVED = "removed", gettext_lazy("Taken and removed from the mailbox")
        KEPT = "kept", gettext_lazy("Taken and left in the mailbox")

    transmission = models.ForeignKey(Transmission, models.PROTECT, related_name="outcomes")
    result = models.CharField(max_length=9, choices=Result)
    detail = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.get_result_display()


class Interchange(Fact):
    """One ISA to IEA. Outbound, the row and its payload are committed before the first attempt to send.

    A file of ours that is no X12 is one too: what stands for its envelope says where it goes and counts the files.
    """

    direction = models.CharField(max_length=3, choices=Direction)
    mailbox = models.ForeignKey(Mailbox, models.PROTECT, related_name="interchanges")
    agreement = models.ForeignKey(Agreement, models.PROTECT, null=True, related_name="interchanges")
    payload = models.ForeignKey(Payload, models.PROTECT, related_name="interchanges")
    transmission = models.ForeignKey(
        Transmission,
        models.PROTECT,
        null=True,
        related_name="interchanges",
        help_text=gettext_lazy("Brought by this file."),
    )
    position = models.PositiveIntegerField(default=0, help_text=gettext_lazy("In its file, from 0."))
    name = models.CharField(
        max_length=300, blank=True, help_text=gettext_lazy("The file's name, the same for every attempt.")
    )
    sender_qualifier = models.CharField(max_length=2)
    sender_id = models.CharField(max_length=15)
    receiver_qualifier = models.CharField(max_length=2)
    receiver_id = models.CharField(max_length=15)
    control_number = models.CharField(max_length=9, help_text=gettext_lazy("ISA13"))
    epoch = models.PositiveIntegerField(
        default=0, help_text=gettext_lazy("Counts the wraps of our own control numbers.")
    )
    version = models.CharField(max_length=5, help_text=gettext_lazy("ISA12"))
    usage_indicator = models.CharField(max_length=1)
    correlation_id = models.CharField(max_length=32)

    class Meta:
        indexes = [
            models.Index(
                fields=["sender_id", "receiver_id", "control_number"], name="interchange_envelope"
            ),  # duplicates
            models.Index(fields=["control_number"], name="interchange_control_number"),  # search
        ]
        constraints = [
            models.UniqueConstraint(fields=["transmission", "position"], name="interchange_once_per_file"),
            models.UniqueConstraint(
                fields=[
                    "sender_qualifier", "sender_id", "receiver_qualifier", "receiver_id", "epoch",
                    "control_number", "usage_indicator",
                ],
                condition=models.Q(direction="out"),
                name="interchange_control_number_once",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"interchange {self.control_number}"


class Document(Fact):
    """One transaction set, or one thing that was meant to be one, inside an interchange.

    Of a file of ours that is no X12, ``transaction_set`` is its kind: JSON, UBL; of a return's photos and forms JPEG, PNG,
    WEBP, PDF.
    """

    interchange = models.ForeignKey(Interchange, models.PROTECT, related_name="documents")
    agreement = models.ForeignKey(Agreement, models.PROTECT, null=True, related_name="archived_documents")
    partner = models.ForeignKey(TradingPartner, models.PROTECT, null=True, related_name="archived_documents")
    direction = models.CharField(max_length=3, choices=Direction)
    transaction_set = models.CharField(max_length=6, help_text=gettext_lazy("ST01"))
    version = models.CharField(max_length=12, help_text=gettext_lazy("GS08"))
    group_control_number = models.CharField(max_length=9, help_text=gettext_lazy("GS06"))
    control_number = models.CharField(max_length=9, help_text=gettext_lazy("ST02"))
    position = models.PositiveIntegerField(help_text=gettext_lazy("In its interchange, from 0."))
    offset = models.PositiveIntegerField(help_text=gettext_lazy("First byte, in the interchange's payload."))
    length = models.PositiveIntegerField()
    guide = models.CharField(
        max_length=60, blank=True, help_text=gettext_lazy("The guide that wrote or reads it.")
    )

    class Meta:
        indexes = [
            models.Index(fields=["group_control_number", "control_number"], name="document_numbers"),
            models.Index(fields=["recorded_at"], name="document_recorded"),  # a day's figures
            models.Index(fields=["transaction_set", "-id"], name="document_kind"),  # the list of one kind
            models.Index(fields=["partner", "-id"], name="document_partner"),  # the list of one partner
        ]
        constraints = [models.UniqueConstraint(fields=["interchange", "position"], name="document_once")]

    def __str__(self) -> str:
        return f"{document_name(self.transaction_set)} {self.control_number}".rstrip()

    @property
    def subject(self) -> str:
        """What events, audit entries and comments about it are filed under."""
        return f"document:{self.pk}"


class Resubmission(Fact):
    """``document`` is ``original`` sent once more by a person, in an interchange of its own."""

    original = models.OneToOneField(Document, models.PROTECT, related_name="sent_again_as")
    document = models.OneToOneField(Document, models.PROTECT, related_name="resubmission")
    key = models.CharField(
        max_length=64, unique=True, help_text=gettext_lazy("The form's: posting it twice sends once.")
    )
    actor = models.CharField(max_length=150)
    reason = models.TextField()

    def __str__(self) -> str:
        return f"{self.document} for {self.original}"


class Reprocessing(Fact):
    """A person had something received read once more: a document, or a file that had been kept and not read.

    ``reading`` counts from 1 for each subject, and entries of the ledger name the reading that they come from; that a
    number is taken once makes two people at once one after the other. From the interchange ``restarts_at`` on, the
    partner's control numbers count anew. ``guide`` reads a document from then on, as ``Document.guide`` did before.
    """

    document = models.ForeignKey(Document, models.PROTECT, null=True, related_name="reprocessings")
    transmission = models.ForeignKey(Transmission, models.PROTECT, null=True, related_name="reprocessings")
    reading = models.PositiveIntegerField()
    restarts_at = models.ForeignKey(Interchange, models.PROTECT, null=True, related_name="restarts")
    guide = models.CharField(
        max_length=60, blank=True, help_text=gettext_lazy("The guide that read it then.")
    )
    key = models.CharField(
        max_length=64, unique=True, help_text=gettext_lazy("The form's: posting it twice reads once.")
    )
    actor = models.CharField(max_length=150)
    reason = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["document", "reading"], name="reprocessing_of_document_once"),
            models.UniqueConstraint(fields=["transmission", "reading"], name="reprocessing_of_file_once"),
            models.CheckConstraint(
                condition=models.Q(document=None) ^ models.Q(transmission=None),
                name="reprocessing_of_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return f"reading {self.reading} of {self.document or self.transmission}"


class Acknowledgment(Fact):
    """What a functional acknowledgment (997, 999) said of one document of ours; or a TA1 that rejected its
    interchange."""

    document = models.ForeignKey(Document, models.PROTECT, related_name="acknowledgments")
    source = models.ForeignKey(Document, models.PROTECT, related_name="acknowledges")
    code = models.CharField(
        max_length=1, help_text=gettext_lazy("AK501, or AK901 where the set was not named: A E P R M W X")
    )
    findings = models.JSONField(
        default=list, help_text=gettext_lazy("Segment, element and code; no data of the document.")
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["document", "source"], name="acknowledgment_once")]

    def __str__(self) -> str:
        return f"{self.code} for {self.document}"


class FunctionalAnswer(Fact):
    """Our functional acknowledgment ``answer`` covers the received document ``source``."""

    source = models.OneToOneField(Document, models.PROTECT, related_name="answered_by")
    answer = models.ForeignKey(Document, models.PROTECT, related_name="answers")

    def __str__(self) -> str:
        return f"{self.answer} answers {self.source}"


class InterchangeAnswer(Fact):
    """Our interchange acknowledgment (TA1) ``answer`` covers the received interchange ``source``; what it said."""

    source = models.OneToOneField(Interchange, models.PROTECT, related_name="answered_by")
    answer = models.ForeignKey(Document, models.PROTECT, related_name="answers_interchanges")
    code = models.CharField(max_length=1, help_text=gettext_lazy("TA104: A E R"))
    note = models.CharField(max_length=3, help_text=gettext_lazy("TA105"))

    def __str__(self) -> str:
        return f"{self.answer} answers {self.source}"


class Mention(Fact):
    """A partner's application advice (824) or text message (864) ``source`` speaks of ``document``, which is ours."""

    document = models.ForeignKey(Document, models.PROTECT, related_name="mentions")
    source = models.ForeignKey(Document, models.PROTECT, related_name="mentioning")
    said = models.CharField(
        max_length=60, blank=True, help_text=gettext_lazy("The outcome, in the words of the advice.")
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["document", "source"], name="mention_once")]

    def __str__(self) -> str:
        return f"{self.source} speaks of {self.document}"


class Event(Fact):
    """One line of a timeline. ``subject`` is ``order:7``, ``document:3``, ``case:9`` …; no personal data."""

    subject = models.CharField(max_length=60)
    kind = models.CharField(max_length=40)
    sentence = models.TextField()
    document = models.ForeignKey(Document, models.PROTECT, null=True, related_name="events")
    actor = models.CharField(max_length=150, blank=True, help_text=gettext_lazy("Empty: the machine."))
    correlation_id = models.CharField(max_length=32)

    class Meta:
        indexes = [models.Index(fields=["subject"], name="event_subject")]

    def __str__(self) -> str:
        return self.sentence


class AccessRecord(Fact):
    """Somebody or something read what is kept here; written before it is given out.

    The content of a payload, or what pages, lists, searches and files show: then ``subject`` is what the page is about, and
    ``hits`` are the rows that a list showed (``order:7``, ``document:3``). What was looked for is kept as a keyed
    hash alone: it may be a name.
    """

    class Kind(models.TextChoices):
        CONTENT = "content", gettext_lazy("Content")
        PAGE = "page", gettext_lazy("Page")
        LIST = "list", gettext_lazy("List")
        SEARCH = "search", gettext_lazy("Search")
        DOWNLOAD = "download", gettext_lazy("Download")
        EXPORT = "export", gettext_lazy("Export")

    payload = models.ForeignKey(Payload, models.PROTECT, null=True, related_name="accesses")
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.CONTENT, db_default=Kind.CONTENT)
    subject = models.CharField(max_length=60, blank=True, db_default="")
    hits = models.JSONField(default=list, db_default=models.Value([], models.JSONField()), blank=True)
    term = models.CharField(
        max_length=64, blank=True, db_default="", help_text=gettext_lazy("Keyed hash of what was looked for.")
    )
    actor = models.CharField(max_length=150)
    purpose = models.CharField(max_length=100)
    correlation_id = models.CharField(max_length=32)

    class Meta:
        indexes = [
            models.Index(fields=["subject"], name="accessrecord_subject"),
            models.Index(fields=["actor", "-id"], name="accessrecord_actor"),
            GinIndex(
                fields=["hits"],
                opclasses=["jsonb_path_ops"],
                condition=models.Q(kind__in=["list", "search", "export"]),
                name="accessrecord_hits",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.actor}: {self.purpose}"


class AuditEntry(Fact):
    """A person's verb: who did what to what, and why."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    actor = models.CharField(max_length=150)
    verb = models.CharField(max_length=60)
    subject = models.CharField(max_length=60, db_index=True)
    reason = models.TextField(blank=True)
    detail = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.actor} {self.verb} {self.subject}"


DOCUMENT_NAMES = {
    "850": "Purchase order (850)",
    "855": "Purchase order acknowledgment (855)",
    "860": "Purchase order change (860)",
    "865": "Purchase order change acknowledgment (865)",
    "856": "Ship notice (856)",
    "810": "Invoice (810)",
    "812": "Credit or debit adjustment (812)",
    "846": "Stock advice (846)",
    "180": "Return document (180)",
    "997": "Functional acknowledgment (997)",
    "999": "Implementation acknowledgment (999)",
    "TA1": "Interchange acknowledgment (TA1)",
    "864": "Text message (864)",
    "JSON": "Invoice (JSON)",
    "UBL": "Invoice (UBL 2.1)",
    "JPEG": "Photo (JPEG)",
    "PNG": "Picture (PNG)",
    "WEBP": "Picture (WebP)",
    "PDF": "Form (PDF)",
}
ACKNOWLEDGMENTS = frozenset({"997", "999", "TA1"})
"""What acknowledges, and is never acknowledged itself."""


def document_name(transaction_set: str) -> str:
    """Return the business name first, the code second."""
    return DOCUMENT_NAMES.get(transaction_set, f"Transaction set {transaction_set}")
