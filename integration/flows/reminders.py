"""Mails that remind a partner of what he owes us, where the agreement says so: one before, and one once it is overdue."""

from __future__ import annotations

from archive.record import record_event
from integration.flows.expectations import zone_of
from integration.flows.mails import NoAddress, put_mail
from integration.models import Expectation
from integration.work import Step
from partners.models import PartnerContact

What, Role = Expectation.What, PartnerContact.Role
REMINDER, OVERDUE = "reminder", "overdue"
ROLES = {
    What.FUNCTIONAL_ACKNOWLEDGMENT: Role.TECHNICAL,
    What.PURCHASE_ORDER_ACKNOWLEDGMENT: Role.ORDERS,
    What.CHANGE_ACKNOWLEDGMENT: Role.ORDERS,
    What.SHIP_NOTICE: Role.SHIPPING,
    What.RETURN_ANSWER: Role.ORDERS,
    What.RETURN_RECEIPT: Role.SHIPPING,
    What.RETURN_CREDIT: Role.INVOICES,
}


def mail_reminder(row: Expectation, kind: str) -> list[Step]:
    """Mail the partner's contacts once for each round and ``kind``, in the caller's transaction; return the sending step.

    Where nobody is named for it, that is said on the order, and nothing is sent.
    """
    order = row.purchase_order.order if row.purchase_order is not None else None
    if not row.agreement.mails_reminders or row.purchase_order is None or order is None:
        return []
    if row.what == What.RETURN_SENT:  # what we owe ourselves
        return []
    partner, role = row.agreement.partner, ROLES[What(row.what)]
    to = list(partner.contacts.filter(role=role).values_list("email", flat=True))
    subject, body = reminder_text(row, kind)
    marker = f"expectation:{row.pk}:{row.round}:{kind}"
    try:
        _, steps = put_mail(marker, to, subject, body, partner=partner, order=order)
    except NoAddress:
        record_event(
            order.subject,
            "no_contact",
            f"{partner} was not reminded by mail: add a contact for “{role.label.lower()}” on the partner's page.",
        )
        return []
    return steps


def reminder_text(row: Expectation, kind: str) -> tuple[str, str]:
    """Return subject and text of a reminder: which order, sent when, what is expected by when."""
    purchase_order = row.purchase_order
    assert purchase_order is not None
    zone = zone_of(row.agreement, purchase_order)
    name = row.get_what_display()
    what = f"{name[:1].lower()}{name[1:]}"
    number = purchase_order.number
    due = f"{row.due_at.astimezone(zone):%Y-%m-%d %H:%M %Z}"
    begins = "Overdue" if kind == OVERDUE else "Due soon"
    expected = f"was due by {due} and has not arrived" if kind == OVERDUE else f"is due by {due}"
    since = (
        f"Purchase order {number} was to be shipped on {row.by_date}."
        if row.what == What.SHIP_NOTICE and row.by_date is not None
        else f"Purchase order {number} was answered on {row.counted_from.astimezone(zone):%Y-%m-%d}."
        if row.what == What.SHIP_NOTICE
        else f"We sent you purchase order {number} on {row.counted_from.astimezone(zone):%Y-%m-%d}."
    )
    about = f"purchase order {number}"
    if row.return_case is not None:
        about = f"return {row.return_case.number} of {about}"
        rma = f" (your number {row.return_case.rma})" if row.return_case.rma else ""
        since = f"This is about our {about}{rma}."
    body = (
        f"{since}\nYour {what} for it {expected}.\n\nPlease send it, or answer this mail if something stands in the way."
        f"\n\n{purchase_order.order.store.name}\n"
    )
    return f"{begins}: {what} for {about}", body
