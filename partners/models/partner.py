"""Trading partners and the mailboxes through which they are reached."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy

from partners.secrets import EncryptedTextField

QUALIFIERS = {
    "01": "01 · D-U-N-S number",
    "02": "02 · SCAC, the carrier's code",
    "03": "03 · FMC, Federal Maritime Commission",
    "04": "04 · IATA, International Air Transport Association",
    "07": "07 · Global location number (GLN)",
    "08": "08 · UCC communications ID",
    "09": "09 · X.121",
    "10": "10 · Department of Defense activity code",
    "11": "11 · DEA, Drug Enforcement Administration",
    "12": "12 · Telephone number",
    "13": "13 · UCS code",
    "14": "14 · D-U-N-S plus suffix",
    "15": "15 · Petroleum accountants' company code",
    "16": "16 · D-U-N-S plus 4",
    "17": "17 · Bankers' routing number",
    "18": "18 · AAR, standard distribution code of railroads",
    "19": "19 · EDI council of Australia",
    "20": "20 · Health industry number",
    "21": "21 · Integrated postsecondary education data",
    "22": "22 · Federal interagency commission on education",
    "23": "23 · National center for education statistics",
    "24": "24 · College board's admission testing program",
    "25": "25 · ACT program",
    "26": "26 · Statistics Canada's postsecondary list",
    "27": "27 · Carrier, assigned by CMS",
    "28": "28 · Fiscal intermediary, assigned by CMS",
    "29": "29 · Medicare provider",
    "30": "30 · U.S. federal tax ID",
    "31": "31 · IAIABC jurisdiction",
    "32": "32 · U.S. federal employer ID",
    "33": "33 · NAIC company code",
    "34": "34 · State medicaid agency's provider",
    "35": "35 · Statistics Canada's college student system",
    "36": "36 · Statistics Canada's university student system",
    "37": "37 · Society of property information compilers",
    "38": "38 · College board and ACT institutions",
    "AM": "AM · Mexican association of product code",
    "NR": "NR · National retail merchants association",
    "SA": "SA · SAFER, motor carriers' safety records",
    "SN": "SN · Standard address number",
    "ZZ": "ZZ · Mutually defined",
}  # element I05 (ISA05, ISA07)
# What ISA06/ISA08 can hold: basic character set, 15 wide, no separator that anyone uses.
interchange_id = RegexValidator(
    r"^[A-Z0-9 ./&()+=-]{1,15}$", "1 to 15 capital letters, digits or . / & ( ) + = -"
)


class TradingPartner(models.Model):
    """A business that we exchange documents with."""

    name = models.CharField(max_length=80, unique=True)
    note = models.TextField(blank=True)
    is_active = models.BooleanField(gettext_lazy("active"), default=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class PartnerContact(models.Model):
    """Somebody at a partner's whom mail may be sent to, and for what."""

    class Role(models.TextChoices):
        ORDERS = "orders", gettext_lazy("Orders")
        SHIPPING = "shipping", gettext_lazy("Shipping")
        INVOICES = "invoices", gettext_lazy("Invoices")
        TECHNICAL = "technical", gettext_lazy("Technical")

    partner = models.ForeignKey(TradingPartner, models.CASCADE, related_name="contacts")
    name = models.CharField(max_length=80)
    email = models.EmailField(gettext_lazy("e-mail address"))
    role = models.CharField(gettext_lazy("for"), max_length=9, choices=Role)

    class Meta:
        ordering = ["role", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "role", "email"],
                name="partnercontact_once",
                violation_error_message="This address stands there already for the same.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.get_role_display().lower()}"


class PartnerIdentifier(models.Model):
    """An interchange ID under which a partner sends and receives (ISA05/06 and ISA07/08)."""

    partner = models.ForeignKey(TradingPartner, models.CASCADE, related_name="identifiers")
    qualifier = models.CharField(max_length=2, choices=list(QUALIFIERS.items()), default="ZZ")
    value = models.CharField(gettext_lazy("ID"), max_length=15, validators=[interchange_id])

    class Meta:
        ordering = ["qualifier", "value"]
        constraints = [
            models.UniqueConstraint(
                fields=["qualifier", "value"],
                name="partneridentifier_unique",
                violation_error_message="Another partner already uses this interchange ID.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.qualifier}:{self.value}"


class Mode(models.TextChoices):
    """Whether the world notices us: nothing happens to a live store or mailbox by surprise."""

    WATCH = "watch", gettext_lazy("Watch: show everything, send and change nothing")
    LIVE = "live", gettext_lazy("Live")


class Mailbox(models.Model):
    """A place where files are left and taken: a network's mailbox for many partners, or one partner's own."""

    class Kind(models.TextChoices):
        NETWORK = "network", gettext_lazy("Network mailbox, shared by many partners")
        PRIVATE = "private", gettext_lazy("Private to one partner")

    class Transport(models.TextChoices):
        SFTP = "sftp", gettext_lazy("SFTP")
        DIRECTORY = "directory", gettext_lazy("Directory on this server")

    class AfterFetch(models.TextChoices):
        REMOVE = "remove", gettext_lazy("Remove the file from the mailbox")
        KEEP = "keep", gettext_lazy("Leave it (known again by name and content)")

    class UploadMode(models.TextChoices):
        RENAME = "rename", gettext_lazy("Upload under a temporary name, then rename")
        DIRECT = "direct", gettext_lazy("Upload under the final name")

    class FetchOrder(models.TextChoices):
        NAME = "name", gettext_lazy("By name")
        OLDEST = "oldest", gettext_lazy("Oldest first")

    name = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.NETWORK)
    partner = models.ForeignKey(
        TradingPartner, models.PROTECT, null=True, blank=True, related_name="private_mailboxes",
        help_text=gettext_lazy("For a private mailbox: whose it is."),
    )  # fmt: skip
    mode = models.CharField(max_length=5, choices=Mode, default=Mode.WATCH)
    transport = models.CharField(max_length=9, choices=Transport, default=Transport.SFTP)
    host = models.CharField(max_length=200, blank=True)
    port = models.PositiveIntegerField(
        default=22, validators=[MinValueValidator(1), MaxValueValidator(65535)]
    )
    username = models.CharField(max_length=100, blank=True)
    password = EncryptedTextField(blank=True)
    private_key = EncryptedTextField(
        blank=True, help_text=gettext_lazy("OpenSSH or PEM text; used before the password.")
    )
    inbound_path = models.CharField(
        gettext_lazy("fetch from"),
        max_length=400,
        help_text=gettext_lazy("The folder that partners' files lie in."),
    )
    outbound_path = models.CharField(
        gettext_lazy("send to"), max_length=400, help_text=gettext_lazy("The folder that our files go to.")
    )
    file_pattern = models.CharField(
        max_length=100, default="*", help_text=gettext_lazy("Only files of this form are taken.")
    )
    fetch_order = models.CharField(max_length=6, choices=FetchOrder, default=FetchOrder.NAME)
    after_fetch = models.CharField(max_length=6, choices=AfterFetch, default=AfterFetch.REMOVE)
    upload_mode = models.CharField(
        max_length=6, choices=UploadMode, default=UploadMode.RENAME,
        help_text=gettext_lazy("Under the final name, a file whose sending was interrupted may have been taken already. It is then sent again under the same name and number, by which the partner knows a second one."),
    )  # fmt: skip
    outbound_name = models.CharField(
        max_length=100,
        default="{receiver}.{number}.{set}.edi",
        help_text=gettext_lazy(
            "Name of the files we send: {receiver}, {number} (ISA13) and {set} are filled in."
        ),
    )
    settle_seconds = models.PositiveIntegerField(
        default=120, help_text=gettext_lazy("A file that is not X12 is taken once unchanged for this long.")
    )
    unfinished_minutes = models.PositiveIntegerField(
        default=30,
        help_text=gettext_lazy(
            "A file that begins as X12 and ends before its IEA is taken, as a case, once unchanged for this long."
        ),
    )
    poll_seconds = models.PositiveIntegerField(default=60, validators=[MinValueValidator(1)])
    sessions = models.PositiveSmallIntegerField(
        default=2,
        db_default=2,
        validators=[MinValueValidator(1), MaxValueValidator(50)],
        help_text=gettext_lazy("So many connections at the same time at most: networks limit them."),
    )
    usage_indicator = models.CharField(
        max_length=1, choices=[("P", "Production"), ("T", "Test")], default="P",
        help_text=gettext_lazy("ISA15 that this mailbox may carry; anything else becomes a case."),
    )  # fmt: skip

    class Meta:
        ordering = ["name"]
        verbose_name_plural = gettext_lazy("mailboxes")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="network", partner=None)
                | models.Q(kind="private", partner__isnull=False),
                name="mailbox_partner_fits_kind",
                violation_error_message="A private mailbox names its partner; a network mailbox names none.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Partnership(models.Model):
    """Which interchange ID a mailbox may bring and reach, and how far the network has approved it."""

    class State(models.TextChoices):
        REQUESTED = "requested", gettext_lazy("Requested")
        PENDING = "pending", gettext_lazy("Waiting for the partner's approval")
        ACTIVE = "active", gettext_lazy("Active")

    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="partnerships")
    identifier = models.ForeignKey(PartnerIdentifier, models.PROTECT, related_name="partnerships")
    state = models.CharField(max_length=9, choices=State, default=State.REQUESTED)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mailbox", "identifier"], name="partnership_unique")]

    def __str__(self) -> str:
        return f"{self.identifier} on {self.mailbox}"
