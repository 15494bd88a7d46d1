"""What we receive: answers, files that were taken, files that lie on a mailbox."""

from __future__ import annotations

from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from django.db.models import Exists, OuterRef

from archive.models import (
    Direction,
    Document,
    Interchange,
    Transmission,
    Validation,
)
from integration.flows.accept import ANSWER_ROLE
from integration.flows.gaps.parts import (
    LOOKS_BACK,
    SETTLED,
    Checked,
    Found,
    Tally,
    links_of,
    work_for,
)
from integration.flows.mailboxes import transport_for
from integration.flows.receive import fetch_step
from integration.models import (
    ExceptionCase,
    Gap,
    PurchaseOrder,
    ShipmentFile,
    StockFeed,
)
from integration.transports.base import RemoteFile
from integration.work import Step
from partners.models import Mailbox

Check = Gap.Check
State = PurchaseOrder.State
_IDENTITY = (
    "sender_qualifier", "sender_id", "receiver_qualifier", "receiver_id", "control_number", "usage_indicator",
)  # fmt: skip


def answers(now: datetime) -> Checked:
    """Every 855 that holds is matched, and what it differs in was decided or is a case."""
    tally = Tally(Check.ANSWER)
    rows = (
        Document.objects.filter(
            direction=Direction.IN,
            transaction_set="855",
            recorded_at__gte=now - LOOKS_BACK,
            agreement__documents__transaction_set="855",
            agreement__documents__direction="in",
            agreement__documents__is_active=True,
        )
        .exclude(state__validation=Validation.INVALID)
        .select_related("partner", "state", "interchange")
        .annotate(
            is_asked=Exists(ExceptionCase.objects.filter(document=OuterRef("pk"))),
            in_hand=Exists(work_for("match", "pk")),
        )
        .distinct()
    )
    for row in rows.iterator():
        link = (
            row.orders.filter(role=ANSWER_ROLE, purchase_order__isnull=False)
            .select_related("purchase_order")
            .first()
        )
        found = link.purchase_order if link else None
        if found is not None and _is_decided(found):
            tally.good += 1
        elif row.in_hand or row.is_asked or row.recorded_at > now - SETTLED:
            tally.explained += 1
        else:
            sentence = (
                f"{row} of {row.partner} is matched to no purchase order."
                if found is None
                else f"{row} of {row.partner} differs from {found}, and nobody was asked."
            )
            step = Step("match", str(row.pk), f"document:{row.pk}")
            tally.gaps.append(
                Found(f"document:{row.pk}:855", sentence, "It is matched now.", [step], links=links_of(row))
            )
    return tally.checked()


def _is_decided(found: PurchaseOrder) -> bool:
    if found.state in (State.ACCEPTED, State.CANCELLED):
        return True
    return found.state == State.DISPUTED and found.cases.filter(closed_at=None).exists()


def files_on(mailbox: Mailbox, now: datetime) -> Checked:
    """Ask the mailbox what lies there: every file was taken, or is about to be."""
    tally = Tally(Check.FILE)
    with transport_for(mailbox) as transport:
        listed = [each for each in transport.list() if fnmatchcase(each.name, mailbox.file_pattern)]
    names = [each.name for each in listed]
    taken = set(
        Transmission.objects.filter(mailbox=mailbox, direction=Direction.IN, name__in=names).values_list(
            "name", flat=True
        )
    )
    asked = set(ExceptionCase.objects.filter(mailbox=mailbox, closed_at=None).values_list("cause", flat=True))
    for remote in listed:
        if remote.name in taken:
            tally.good += 1
        elif f"file:{mailbox.pk}:{remote.name}" in asked or not _lies_long(remote, mailbox, now):
            tally.explained += 1
        else:
            sentence = f"{remote.name} lies on {mailbox} and was not taken."
            found = Found(
                f"file:{mailbox.pk}:{remote.name}",
                sentence,
                "The mailbox is fetched now.",
                [fetch_step(mailbox.pk)],
                links={"mailbox": mailbox},
            )
            tally.gaps.append(found)
    return tally.checked()


def _lies_long(remote: RemoteFile, mailbox: Mailbox, now: datetime) -> bool:
    patience = timedelta(seconds=mailbox.poll_seconds + mailbox.settle_seconds) + SETTLED
    return remote.modified_at <= now - patience


def files_taken(now: datetime) -> Checked:
    """Every file that was taken was read, and everything in it is on record, put with a shipment, or taken as stock; or a case says why not.

    An interchange that came again has no documents of its own: those of the first are looked for.
    """
    tally = Tally(Check.RECEIVED)
    came_before = Interchange.objects.filter(
        direction=Direction.IN,
        pk__lt=OuterRef("pk"),
        **{name: OuterRef(name) for name in _IDENTITY},
    )
    rows = (
        Transmission.objects.filter(direction=Direction.IN, recorded_at__gte=now - LOOKS_BACK)
        .select_related("mailbox")
        .annotate(
            is_read=Exists(Interchange.objects.filter(transmission=OuterRef("pk"))),
            is_bare=Exists(
                Interchange.objects.filter(
                    ~Exists(Document.objects.filter(interchange=OuterRef("pk"))),
                    ~Exists(came_before),
                    ~Exists(ExceptionCase.objects.filter(transmission=OuterRef("transmission"))),
                    transmission=OuterRef("pk"),
                )
            ),
            is_put=Exists(ShipmentFile.objects.filter(transmission=OuterRef("pk"))),
            is_stock=Exists(StockFeed.objects.filter(transmission=OuterRef("pk"))),
            is_asked=Exists(ExceptionCase.objects.filter(transmission=OuterRef("pk"))),
            in_hand=Exists(work_for("translate", "pk")),
        )
    )
    for row in rows.iterator():
        links = {"transmission": row, "mailbox": row.mailbox}
        if row.is_put or row.is_stock or (row.is_read and not row.is_bare):
            tally.good += 1
        elif row.is_asked or row.in_hand or row.recorded_at > now - SETTLED:
            tally.explained += 1
        elif row.is_bare:
            sentence = (
                f"{row.name} from {row.mailbox} was read, and nothing of an interchange in it is on record any more. Its"
                " bytes are kept: look at the file."
            )
            tally.gaps.append(Found(f"transmission:{row.pk}:bare", sentence, links=links))
        else:
            step = Step("translate", str(row.pk), f"transmission:{row.pk}")
            sentence = f"{row.name} was taken from {row.mailbox} and never read."
            tally.gaps.append(
                Found(f"transmission:{row.pk}:unread", sentence, "It is read now.", [step], links=links)
            )
    return tally.checked()
