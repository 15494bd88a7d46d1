"""Writing to the partner about an answer that differs: the mail is part of the plan, and sent as it was shown."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone
from django.utils.translation import gettext

from archive.clock import database_now
from integration.flows.mails import NoAddress, put_mail, usable_address
from integration.flows.planned import Given, Plan
from integration.flows.rights import Refused
from integration.matching.acknowledgment import Difference
from integration.models import ExceptionCase, MailServer, PurchaseOrder
from integration.work import Step
from partners.models import PartnerContact

LONGEST_MESSAGE = 2000


def addresses_of(purchase_order: PurchaseOrder) -> list[PartnerContact]:
    """Return whom at the partner one may write to about orders, those for orders first."""
    contacts = purchase_order.agreement.partner.contacts.all()
    return sorted(contacts, key=lambda each: (each.role != PartnerContact.Role.ORDERS, each.name))


def contact_plan(
    purchase_order: PurchaseOrder,
    differences: Sequence[Difference],
    given: Given,
    decision: str = "contact",
    what: str = "acknowledgment (855)",
) -> Plan:
    """Return the mail about ``what`` differs, and until when the case waits. Raises ``Refused`` where something for it is missing."""
    if given.due_at is None or given.due_at <= database_now():
        raise Refused(gettext("Say until when you wait for the answer: a time to come."))
    try:
        to = usable_address(given.to)
    except NoAddress as problem:
        raise Refused(f"{problem}") from problem
    due = timezone.localtime(given.due_at)
    by = f"{due.day} {due:%b %Y %H:%M} {due.tzname()}"
    partner = purchase_order.agreement.partner
    subject = f"Purchase order {purchase_order.number}: your {what} differs"
    body = _body(purchase_order, differences, what, given.message, by)
    sentences = [
        f"A mail goes to {to}, with the differences line by line, as it is shown below.",
        f"The case stays open and is due on {by}.",
        f"If {partner} answers anew by EDI before, the answer is compared; one that accepts everything closes the case.",
    ]
    if not MailServer.objects.filter(is_active=True).exists():
        sentences.append("No mail server is set, or it is switched off: the mail waits until there is one.")
    return Plan(
        decision,
        sentences,
        purchase_order.pk,
        due_at=given.due_at.isoformat(),
        mail={"to": to, "subject": subject, "body": body},
    )


def write_to_partner(case: ExceptionCase, wanted: Plan) -> list[Step]:
    """Put the mail of the plan into the outbox; return the step that sends it."""
    _, steps = put_mail(
        f"case:{case.pk}:contact:{wanted.digest[:16]}",
        [wanted.mail["to"]],
        wanted.mail["subject"],
        wanted.mail["body"],
        partner=case.partner,
        order=case.order,
        case=case,
    )
    return steps


def _body(purchase_order: PurchaseOrder, rows: Sequence[Difference], what: str, message: str, by: str) -> str:
    partner, store = purchase_order.agreement.partner, purchase_order.order.store
    differences = "\n".join(f"  - {each}" for each in rows)
    own = f"{message.strip()}\n\n" if message.strip() else ""
    return (
        f"Dear {partner},\n\nyour {what} for our purchase order {purchase_order.number} differs from what was"
        f" ordered:\n\n{differences}\n\n{own}Please answer by {by}, by a new document or to this mail.\n\n{store}\n"
    )
