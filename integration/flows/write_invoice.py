"""A composed invoice into its number and its documents, in the caller's transaction: all of them, or none and no number."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F

from archive.clock import database_now
from archive.house import house_language
from archive.models import Delivery, Direction, Document
from archive.record import record_event
from integration.documents import Invoice as CanonicalInvoice
from integration.documents import to_json
from integration.flows.cases import close_cause, open_case
from integration.flows.compose import partnership_problem, time_zone_of
from integration.flows.invoicing import canonical_invoice, invoice_cause
from integration.flows.outgoing import NotWritable, store_interchange
from integration.flows.outgoing_files import store_file
from integration.flows.persons import person_of, tie
from integration.flows.transmit import transmit_step
from integration.flows.writing import written
from integration.matching.invoicing.amounts import decimals_of, rounded
from integration.matching.invoicing.files import write_file
from integration.matching.invoicing.numbers import numbered
from integration.models import ExceptionCase, Invoice, InvoiceCopy, InvoiceSeries, OrderDocument
from integration.work import Step
from partners.mapping.conversion import with_party_ids
from partners.models import Mode

SET = "810"
State = Invoice.State


@house_language()
def why_waiting(copy: InvoiceCopy) -> str:
    """Return why nothing may be sent for ``copy`` yet, or ``""``."""
    rule, store = copy.rule, copy.invoice.order.store
    mailbox = rule.agreement.mailbox if rule.agreement is not None else rule.mailbox
    assert mailbox is not None
    for subject in (store, rule.agreement, mailbox):
        if subject is not None and subject.mode != Mode.LIVE:
            return f"{subject._meta.verbose_name} {subject} is in watch."
    return partnership_problem(rule.agreement) if rule.agreement is not None else ""


def send_invoice(invoice: Invoice) -> list[Step]:
    """Number ``invoice``, write what can be sent of it, and return the steps that send it; the caller holds its order.

    What is written already is not written again. While all that it goes to is in watch, it has no number. Where one of its
    documents cannot be written, none is, the number is not taken, and a case says why.
    """
    copies = list(
        invoice.copies.select_related(
            "rule__agreement__partner", "rule__agreement__identifier", "rule__agreement__mailbox", "rule__mailbox",
            "invoice__order__store", "document__interchange", "document__state",
        )
    )  # fmt: skip
    unwritten = [copy for copy in copies if copy.document is None]
    waits = {copy.pk: why_waiting(copy) for copy in unwritten}
    ready = [copy for copy in unwritten if not waits[copy.pk]]
    if unwritten and not ready and invoice.state != State.GENERATED:
        _watches(invoice, next(iter(waits.values())))
    made: list[Document] = []
    if ready:
        try:
            with transaction.atomic():  # a refusal gives the number back
                made = _write(invoice, ready)
        except NotWritable as problem:
            _hold(invoice, ready, problem)
    sent = [
        copy.document for copy in copies if copy.document is not None and not _is_delivered(copy.document)
    ]
    return [transmit_step(each.interchange) for each in {each.pk: each for each in [*sent, *made]}.values()]


def _write(invoice: Invoice, copies: list[InvoiceCopy]) -> list[Document]:
    now = database_now()
    if invoice.state != State.GENERATED:
        _number(invoice, now)
    document = canonical_invoice(invoice)
    assert document is not None
    made = []
    for copy in copies:
        stored = _document(copy, document, now)
        InvoiceCopy.objects.filter(pk=copy.pk).update(document=stored)
        copy.document = stored
        tie(invoice.order, stored, OrderDocument.Role.INVOICE)
        record_event(
            f"document:{stored.pk}",
            "generated",
            f"{invoice} of order {invoice.order.number} written for {copy.rule.target}.",
            document=stored,
        )
        made.append(stored)
    close_cause(invoice_cause(invoice), "It is invoiced now.")
    return made


def _number(invoice: Invoice, now: datetime) -> None:
    """Take the next number of the series: its row stays locked until the transaction ends, so there is no gap."""
    series = InvoiceSeries.objects.select_for_update().get(pk=invoice.series_id)
    day = now.astimezone(ZoneInfo(invoice.order.store.time_zone)).date()
    number = numbered(series.pattern, day.year, series.next_number)
    InvoiceSeries.objects.filter(pk=series.pk).update(next_number=F("next_number") + 1)
    document = canonical_invoice(invoice)
    assert document is not None
    invoice.content = to_json(replace(document, invoice_number=number, invoice_date=day))
    invoice.number, invoice.numbered_at, invoice.state = number, now, State.GENERATED
    invoice.state_reason = ""
    invoice.save(update_fields=["content", "number", "numbered_at", "state", "state_reason"])
    record_event(
        invoice.order.subject,
        "invoiced",
        f"{invoice} of {money_of(invoice)}: {invoice.about_words}.",
    )


def _document(copy: InvoiceCopy, document: CanonicalInvoice, now: datetime) -> Document:
    rule, person = copy.rule, person_of(copy.invoice.order)
    if rule.agreement is None:
        assert rule.mailbox is not None
        data = write_file(document, rule.file_format)
        return store_file(rule.mailbox, rule.file_format, data, f"{document.invoice_number}", person=person)
    agreement = rule.agreement
    canonical = with_party_ids(document, agreement.party_id_kind)
    zone = time_zone_of(agreement, copy.invoice.order)
    return store_interchange(written(agreement, SET, canonical, zone), now, person)


def _hold(invoice: Invoice, copies: list[InvoiceCopy], problem: NotWritable) -> None:
    """Have a person see to what cannot be written; a number that was taken is given back already."""
    order = invoice.order
    invoice.refresh_from_db()
    for copy in copies:
        copy.document = None
    targets = " and ".join(copy.rule.target for copy in copies)
    sentence = f"The {invoice.get_kind_display().lower()} of order {order.number} to {targets} cannot be written. {problem}"
    if invoice.state != State.GENERATED:
        hold(invoice, sentence)
    partners = [copy.rule.agreement.partner for copy in copies if copy.rule.agreement is not None]
    ask(
        ExceptionCase.Kind.NOT_WRITABLE,
        invoice,
        sentence,
        partner=partners[0] if partners else None,
        money=invoice.total,
    )


def ask(kind: str, invoice: Invoice, sentence: str, **links: Any) -> None:
    """Open the case of ``invoice``, unless a person settled just what ``sentence`` says: that is not asked again."""
    cause = invoice_cause(invoice)
    last = ExceptionCase.objects.filter(cause=cause).order_by("-pk").first()
    is_settled = last is not None and last.decision == ExceptionCase.Decision.SETTLED
    if last is not None and is_settled and last.sentence == sentence:
        return
    order = invoice.order
    open_case(kind, cause, sentence, order=order, store=order.store, currency=invoice.currency, **links)


def hold(invoice: Invoice, reason: str) -> None:
    """Have ``invoice`` wait for a person."""
    invoice.state, invoice.state_reason = State.HELD, reason[:300]
    invoice.save(update_fields=["state", "state_reason"])


def _watches(invoice: Invoice, reason: str) -> None:
    sentence = (
        f"{invoice.get_kind_display()} of {money_of(invoice)} composed, not numbered and not sent: {reason}"
    )
    if invoice.state_reason != sentence[:300]:
        invoice.state_reason = sentence[:300]
        invoice.save(update_fields=["state_reason"])
        record_event(invoice.order.subject, "watching", sentence)


def money_of(invoice: Invoice) -> str:
    """Return the total for people: ``21.60 USD``."""
    return f"{rounded(invoice.total, decimals_of(invoice.currency))} {invoice.currency}"


def _is_delivered(document: Document) -> bool:
    return document.direction == Direction.OUT and document.state.delivery == Delivery.DELIVERED
