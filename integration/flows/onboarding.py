"""The taking on of a partner: added in test, tried by test documents both ways, signed off by a person.

Test and production never mix: until it is signed, the agreement carries ISA15 T alone. What is sent under it is invented
here and belongs to no order; what is received is read and acknowledged, and ``match`` lets it change nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from archive.clock import database_now
from archive.house import house_language
from archive.models import Direction, Document
from archive.record import record_audit, record_event
from integration.documents import Party, PurchaseOrder, PurchaseOrderLine
from integration.flows.onboarding_steps import (
    CONNECTION,
    SAMPLED,
    SIGN_OFF,
    TEST,
    StepState,
    exchanged_in_test,
    step_of,
    steps_of,
)
from integration.flows.outgoing import NotWritable, store_interchange
from integration.flows.rights import ADD_PARTNER, EDIT_AGREEMENT, GO_LIVE, Refused, require, require_right
from integration.flows.steps import STEPS
from integration.flows.transmit import transmit_step
from integration.flows.writing import written
from integration.work import put
from partners.models import (
    Agreement,
    AgreementDocument,
    Mailbox,
    Mode,
    Onboarding,
    PartnerIdentifier,
    Partnership,
    TradingPartner,
)

DOCUMENTS = (("850", "out"), ("855", "in"))
"""What is agreed with a partner who is added in test; the others are added on the agreement's page."""


@dataclass(frozen=True)
class NewPartner:
    """A partner to be taken on: his name, his and our interchange IDs (qualifier, ID), and the mailbox for the tests."""

    name: str
    theirs: tuple[str, str]
    ours: tuple[str, str]
    mailbox: Mailbox


def add_in_test(user: User, new: NewPartner) -> Onboarding:
    """Add a partner with an agreement that carries test documents alone, and begin his onboarding."""
    require_right(user, ADD_PARTNER)
    require_right(user, EDIT_AGREEMENT)
    try:
        with transaction.atomic():
            partner = TradingPartner.objects.create(name=new.name)
            identifier = PartnerIdentifier.objects.create(
                partner=partner, qualifier=new.theirs[0], value=new.theirs[1]
            )
            Partnership.objects.create(
                mailbox=new.mailbox, identifier=identifier, state=Partnership.State.ACTIVE
            )
            agreement = Agreement.objects.create(
                name=new.name,
                partner=partner,
                mailbox=new.mailbox,
                own_qualifier=new.ours[0],
                own_id=new.ours[1],
                identifier=identifier,
                usage_indicator=TEST,
            )
            AgreementDocument.objects.bulk_create(
                AgreementDocument(agreement=agreement, transaction_set=kind, direction=direction)
                for kind, direction in DOCUMENTS
            )
            return _begin(user, agreement)
    except IntegrityError as error:
        raise Refused(
            gettext(
                "There is a partner or an agreement named %(new)s already, or one with that interchange ID."
            )
            % {"new": new.name}
        ) from error


def begin(user: User, agreement: Agreement) -> Onboarding:
    """Begin the onboarding of an agreement that was added by hand: from now on it carries test documents alone."""
    require_right(user, EDIT_AGREEMENT)
    with transaction.atomic():
        locked = Agreement.objects.select_for_update().get(pk=agreement.pk)
        if locked.mode == Mode.LIVE or locked.live_from is not None:
            raise Refused(
                gettext("%(agreement)s is or was live: take on partners under an agreement of their own.")
                % {"agreement": agreement}
            )
        if Onboarding.objects.filter(agreement=locked).exists():
            raise Refused(
                gettext("The onboarding of %(agreement)s has begun already.") % {"agreement": agreement}
            )
        Agreement.objects.filter(pk=locked.pk).update(usage_indicator=TEST)
        return _begin(user, locked)


def _begin(user: User, agreement: Agreement) -> Onboarding:
    made = Onboarding.objects.create(agreement=agreement, started_by=user.get_username())
    record_audit(user, "begin onboarding", f"agreement:{agreement.pk}")
    made.refresh_from_db()
    return made


def send_sample(user: User, onboarding: Onboarding) -> Document:
    """Write an invented purchase order (850) marked as a test, and have it sent. It belongs to no order of ours."""
    require_right(user, GO_LIVE)
    with transaction.atomic():
        locked = Onboarding.objects.select_for_update().get(pk=onboarding.pk)
        agreement = Agreement.objects.select_related("partner", "mailbox", "identifier").get(
            pk=locked.agreement_id
        )
        _refuse_early_test(locked, agreement)
        try:
            outgoing = written(agreement, "850", _invented(locked), ZoneInfo(agreement.time_zone or "UTC"))
            with transaction.atomic():  # a refusal gives its control numbers back
                document = store_interchange(outgoing, database_now())
        except NotWritable as problem:
            raise Refused(
                gettext("The test cannot be written. %(problem)s") % {"problem": problem}
            ) from problem
        record_audit(user, "send sample", f"document:{document.pk}")
        record_event(
            f"document:{document.pk}",
            "generated",
            f"Test purchase order written for {agreement.partner}, interchange"
            f" {document.interchange.control_number}. It belongs to no order.",
            document=document,
            actor=user.get_username(),
        )
        step = transmit_step(document.interchange)
        put(STEPS[step.name].lane, step)
        return document


def _invented(onboarding: Onboarding) -> PurchaseOrder:
    agreement = onboarding.agreement
    number = exchanged_in_test(onboarding, Direction.OUT).filter(transaction_set="850").count() + 1
    today = database_now().astimezone(ZoneInfo(agreement.time_zone or "UTC")).date()
    return PurchaseOrder(
        purpose="original",
        order_type="dropship",
        purchase_order_number=f"TEST-{agreement.pk}-{number}",
        purchase_order_date=today,
        currency=agreement.currency,
        ship_to=Party(
            name="Test Recipient", address_lines=("1 Sample Street",), city="Springfield", state="IL",
            postal_code="62701", country="US",
        ),
        buyer=Party(name="Gridport test"),
        lines=(
            PurchaseOrderLine(
                line_number="1",
                quantity=Decimal(1),
                unit="each",
                unit_price=Decimal("1.00"),
                vendor_item="TEST-ITEM",
                buyer_item="TEST-ITEM",
                description="Test item, do not ship",
            ),
        ),
    )  # fmt: skip


def _refuse_early_test(locked: Onboarding, agreement: Agreement) -> None:
    if locked.signed_at is not None or agreement.usage != TEST:
        raise Refused(
            gettext("%(agreement)s carries production documents: no test is sent under it.")
            % {"agreement": agreement}
        )
    samples = agreement.documents.filter(transaction_set__in=SAMPLED, direction=Direction.OUT, is_active=True)
    if not samples.exists():
        raise Refused(
            gettext("%(agreement)s sends no purchase orders (850): there is no sample of what it sends.")
            % {"agreement": agreement}
        )
    connection = step_of(locked, CONNECTION)
    if not connection.is_done:
        raise Refused(" ".join([gettext("The connection comes first."), *connection.lacking]))


def _refuse_early_end(states: Sequence[StepState], mailbox: Mailbox) -> None:
    missing = [words for each in states if each.name != SIGN_OFF for words in each.lacking]
    if missing:
        raise Refused(gettext("It cannot be signed yet. %(missing)s") % {"missing": missing[0]})
    if mailbox.usage_indicator == TEST:
        raise Refused(
            gettext("%(mailbox)s carries test documents: choose the mailbox of production.")
            % {"mailbox": mailbox}
        )


def sign_off(user: User, onboarding: Onboarding, mailbox: Mailbox, reason: str) -> None:
    """End the onboarding: from now on the agreement carries production documents, through ``mailbox``.

    It stays in watch; going live is a step of its own. What every step rested on is kept with the signature.
    """
    reason = require(user, GO_LIVE, reason)
    with transaction.atomic():
        locked = Onboarding.objects.select_for_update().get(pk=onboarding.pk)
        if locked.signed_at is not None:
            raise Refused(
                gettext("%(signed_by)s has signed this onboarding already.") % {"signed_by": locked.signed_by}
            )
        with house_language():
            states = steps_of(locked)
        _refuse_early_end(states, mailbox)
        locked.signed_at, locked.signed_by, locked.reason = database_now(), user.get_username(), reason
        locked.evidence = [
            {
                "step": each.name, "subject": found.subject, "words": found.words, "by": found.by,
                "at": found.at.isoformat(),
            }
            for each in states
            for found in each.evidence
        ]  # fmt: skip
        locked.save(update_fields=["signed_at", "signed_by", "reason", "evidence"])
        Agreement.objects.filter(pk=locked.agreement_id).update(
            usage_indicator="P", mailbox=mailbox, mode=Mode.WATCH
        )
        Partnership.objects.get_or_create(
            mailbox=mailbox,
            identifier=locked.agreement.identifier,
            defaults={"state": Partnership.State.REQUESTED},
        )
        record_audit(
            user, "sign off onboarding", f"agreement:{locked.agreement_id}", reason=reason,
            detail={"mailbox": str(mailbox)},
        )  # fmt: skip
