"""Forgetting a person: proposed by one, agreed to by another, and then nothing that is left tells of them.

The person's key is destroyed, and the keys of all payloads that speak of nobody else, so that backups forget them too; what
can be changed is cleared by ``integration.personal``. What is proved of the documents stays: their hashes, their places in
the log, who sent what when. What is still at work, is kept by a rule, or is held, stops it with a sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction
from django.db.models import Q
from django.utils.translation import gettext

from archive.clock import database_now
from archive.governance import why_not_erased
from archive.governing import KEPT
from archive.models import (
    ACKNOWLEDGMENTS,
    DataSubject,
    Delivery,
    Document,
    Payload,
    PayloadKey,
    PayloadSubject,
)
from archive.record import record_audit, record_event
from archive.subjects import speaks_of
from integration.flows.persons import payloads_of, person_of
from integration.flows.rights import ERASE, Refused, require
from integration.models import (
    Erasure,
    ExceptionCase,
    Expectation,
    Order,
    OrderReference,
    ReturnCase,
    ReturnFile,
    ShipmentFile,
    Work,
)
from integration.personal import clear

VERBS = ("propose erasure", "approve erasure", "withdraw erasure")
State = Erasure.State


@dataclass(frozen=True)
class ErasurePlan:
    """What forgetting a person does: orders and payloads by primary key, and what goes, stays and stands in the way, in sentences."""

    orders: list[int]
    persons: list[int]
    payloads: list[int]
    goes: list[str]
    stays: list[str]
    blocked: list[str]


def why_kept(document: Document) -> str | None:
    """Return why ``document`` may not go yet, in a sentence: a rule of retention or a hold. None: nothing keeps it."""
    payload = document.interchange.payload_id
    return why_not_erased([payload]).get(payload)


def orders_of_person(order: Order) -> list[Order]:
    """Return the orders of the person whose ``order`` is: those of the customer, and those under the same e-mail address."""
    person = person_of(order)
    found = Q(pk=order.pk) | Q(person=person)
    if order.content.get("customer_id"):  # orders of before that was kept
        found |= Q(person=None, store=order.store, content__customer_id=order.content["customer_id"])
    address = ((order.content.get("billing_address") or {}).get("email") or "").strip()
    if address:
        same = OrderReference.objects.filter(kind="email", value__iexact=address, order__store=order.store)
        found |= Q(pk__in=same.values("order"))
    return list(Order.objects.filter(found).select_related("store", "person").order_by("pk"))


def plan_erasure(order: Order) -> ErasurePlan:
    """Return what forgetting the person of ``order`` would do; ties what speaks of them to them, in a transaction."""
    with transaction.atomic():
        orders = orders_of_person(order)
        persons = {person.pk: person for person in map(person_of, orders)}
        documents = list(
            Document.objects.filter(orders__order__in=orders)
            .select_related("interchange__payload", "interchange__transmission__payload", "state")
            .distinct()
            .order_by("pk")
        )
        for each in orders:
            _tie_all(each)
        payloads = list(Payload.objects.filter(subjects__subject__in=persons).distinct().order_by("pk"))
        shared = _shared(payloads, orders, persons)
        going = [each for each in payloads if each.pk not in shared]
        keys = _keys_going([each.pk for each in going], list(persons))
        return ErasurePlan(
            orders=[each.pk for each in orders],
            persons=sorted(persons),
            payloads=[each.pk for each in going],
            goes=_goes(orders, going),
            stays=[*shared.values(), *_always_stays(documents)],
            blocked=[*_unfinished(orders, documents), *_kept(documents, keys)],
        )


def propose_erasure(user: User, order: Order, reason: str) -> Erasure:
    """Propose to forget the person of ``order``; nothing goes before a second person agrees. Raises ``Refused``."""
    reason = require(user, ERASE, reason)
    with transaction.atomic():
        locked = Order.objects.select_for_update(of=("self",)).select_related("store").get(pk=order.pk)
        if locked.erasures.filter(state=State.PROPOSED).exists():
            raise Refused(
                gettext("This is proposed already: a second person has to agree to it, or to withdraw it.")
            )
        plan = plan_erasure(locked)
        if plan.blocked:
            raise Refused(" ".join(plan.blocked[:3]))
        made = Erasure.objects.create(reason=reason, plan=asdict(plan), proposed_by=user)
        made.persons.set(plan.persons)
        made.orders.set(plan.orders)
        record_audit(
            user, "propose erasure", made.subject, reason=reason, detail={"orders": len(plan.orders)}
        )
        _tell(made, user, "erasure_proposed", "Proposed; a second person has to agree.")
    return made


def approve_erasure(user: User, erasure: Erasure, reason: str) -> None:
    """Agree to what somebody else proposed, and carry it out at once: keys, rows and search, in one transaction."""
    reason = require(user, ERASE, reason)
    with transaction.atomic():
        held = _proposed(erasure)
        if held.proposed_by_id == user.pk:
            raise Refused(gettext("You proposed this yourself: somebody else has to agree to it."))
        orders = list(held.orders.select_for_update(of=("self",)).select_related("store").order_by("pk"))
        plan = plan_erasure(orders[0])
        if plan.blocked:
            raise Refused(" ".join(plan.blocked[:3]))
        if asdict(plan) != held.plan:
            raise Refused(
                gettext(
                    "Something has changed since it was proposed: more would go, or less. Withdraw it and propose it again."
                )
            )
        now = database_now()
        decided = {"decided_by": user, "decided_at": now, "decided_because": reason}
        Erasure.objects.filter(pk=held.pk).update(state=State.APPROVED, **decided)
        _destroy_keys(held, plan)
        clear(plan.orders)
        Order.objects.filter(pk__in=plan.orders).update(erased_at=now)
        Erasure.objects.filter(pk=held.pk).update(state=State.DONE)
        record_audit(
            user, "approve erasure", held.subject, reason=reason, detail={"payloads": len(plan.payloads)}
        )
        _tell(held, user, "erased", "Agreed to, and carried out.")
        for each in orders:
            record_event(
                each.subject,
                "erased",
                "Whose order it was is erased: what told of the person can be read no more.",
                actor=user.get_username(),
            )


def withdraw_erasure(user: User, erasure: Erasure, reason: str) -> None:
    """Let a proposed erasure not be carried out; whoever may propose one may."""
    reason = require(user, ERASE, reason)
    with transaction.atomic():
        held = _proposed(erasure)
        decided = {"decided_by": user, "decided_at": database_now(), "decided_because": reason}
        Erasure.objects.filter(pk=held.pk).update(state=State.WITHDRAWN, **decided)
        record_audit(user, "withdraw erasure", held.subject, reason=reason)
        _tell(held, user, "erasure_withdrawn", "Withdrawn: nothing of it is erased.")


def _destroy_keys(erasure: Erasure, plan: ErasurePlan) -> None:
    """Have the database destroy the keys; raises ``Refused`` where a hold that was just being taken, or a rule, keeps one."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT gridport_erase(%s)", [erasure.pk])
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", None) != KEPT:
            raise
        why = " ".join(_kept((), _keys_going(plan.payloads, plan.persons))[:3])
        next_step = gettext("Nothing is erased: it can be agreed to once that is over, or withdrawn.")
        raise Refused(f"{why} {next_step}".strip()) from error


def _keys_going(payloads: Iterable[int], persons: Iterable[int]) -> list[int]:
    """Return the payloads whose keys go with those of ``persons``, as ``gridport_erase`` has it."""
    rows = PayloadKey.objects.filter(Q(payload__in=payloads) | Q(under__in=persons))
    return sorted(rows.values_list("payload", flat=True))


def _tell(erasure: Erasure, user: User, kind: str, sentence: str) -> None:
    """Write what was decided on the erasure's own timeline; the reasons stand beside it."""
    record_event(erasure.subject, kind, sentence, actor=user.get_username())


def _proposed(erasure: Erasure) -> Erasure:
    held = Erasure.objects.select_for_update(of=("self",)).get(pk=erasure.pk)
    if held.state != State.PROPOSED:
        raise Refused(
            gettext("%(held)s is %(state)s already.")
            % {"held": held, "state": held.get_state_display().lower()}
        )
    return held


def _tie_all(order: Order) -> None:
    """Record of everything about ``order`` that it speaks of its person, also what came before that was kept."""
    person = person_of(order)
    of = Document.objects.filter(orders__order=order).exclude(transaction_set__in=ACKNOWLEDGMENTS)
    related = of.select_related("interchange__payload", "interchange__transmission__payload").distinct()
    files = [each.payload for each in ReturnFile.objects.filter(case__order=order).select_related("payload")]
    files += [
        each.transmission.payload
        for each in ShipmentFile.objects.filter(purchase_order__order=order).select_related(
            "transmission__payload"
        )
    ]
    speaks_of([*payloads_of(related), *files], person)


def _shared(
    payloads: Iterable[Payload], orders: Sequence[Order], persons: dict[int, DataSubject]
) -> dict[int, str]:
    """Return of each payload that has to stay the sentence that says why."""
    held = [each.pk for each in payloads]
    others = set(
        PayloadSubject.objects.filter(payload__in=held)
        .exclude(subject__in=persons)
        .values_list("payload", flat=True)
    )
    inside = Document.objects.exclude(transaction_set__in=ACKNOWLEDGMENTS).exclude(orders__order__in=orders)
    untied = set(inside.filter(interchange__payload__in=held).values_list("interchange__payload", flat=True))
    brought = inside.filter(interchange__transmission__payload__in=held)
    untied |= set(brought.values_list("interchange__transmission__payload", flat=True))
    names = _names(others | untied)
    told = {pk: f"{names[pk]} stays: it speaks of other people too." for pk in sorted(others)}
    more = {pk: f"{names[pk]} stays: it holds documents of no order too." for pk in sorted(untied - others)}
    return told | more


def _names(payloads: Iterable[int]) -> dict[int, str]:
    wanted = list(payloads)
    found = {pk: "What was kept" for pk in wanted}
    for each in Document.objects.filter(interchange__payload__in=wanted).select_related("interchange"):
        found[each.interchange.payload_id] = f"Interchange {each.interchange.control_number}"
    for pk, name in Payload.objects.filter(pk__in=wanted).values_list("pk", "transmissions__name"):
        if name:
            found[pk] = f"File {name}"
    return found


def _goes(orders: Sequence[Order], payloads: Sequence[Payload]) -> list[str]:
    numbers = ", ".join(str(each.number) for each in orders[:20])
    more = f" and {len(orders) - 20} more" if len(orders) > 20 else ""
    one = len(orders) == 1
    return [
        f"Of order{'' if one else 's'} {numbers}{more}: name, addresses, e-mail, telephone, message and gift messages.",
        f"The keys of {len(payloads) or 'no'} stored file{'' if len(payloads) == 1 else 's'}: nobody can read what they open any"
        " more, in backups neither, once the copies of the keys made before are gone.",
        "What was read from those documents, mails and comments about the orders, the words of their cases and"
        " returns, and the names and addresses by which they are found.",
    ]


def _always_stays(documents: Sequence[Document]) -> list[str]:
    return [
        f"The record of {len(documents)} document{'' if len(documents) == 1 else 's'}: numbers, dates, what was sent to whom,"
        " and the proof that nothing was changed.",
        "Lines, quantities, prices and amounts of the orders; tracking numbers.",
        "What staff typed as reasons of their decisions, in searches they keep, and in samples of mappings that they made of"
        " these documents: look whether names stand there.",
        "The store's own record of the customer: have it erased there too.",
    ]


def _unfinished(orders: Sequence[Order], documents: Sequence[Document]) -> list[str]:
    """Return what is still at work, in sentences."""
    said = [
        gettext("%(each)s is %(state)s: it has to be settled first.")
        % {"each": each, "state": each.get_state_display().lower()}
        for each in orders
        if each.state in (Order.State.SETTLING, Order.State.HELD)
    ]
    cases = ExceptionCase.objects.filter(
        Q(order__in=orders) | Q(purchase_order__order__in=orders) | Q(document__in=documents), closed_at=None
    )
    said += [
        gettext("Case %(case)s (%(kind)s) is open: settle it first.")
        % {"case": each.pk, "kind": each.get_kind_display().lower()}
        for each in cases.order_by("pk")
    ]
    returns = ReturnCase.objects.filter(order__in=orders).exclude(stage__in=ReturnCase.ENDED)
    said += [gettext("%(each)s is not closed.") % {"each": each} for each in returns.order_by("pk")]
    waiting = [
        each
        for each in documents
        if each.state.delivery in (Delivery.WAITING, Delivery.SENDING, Delivery.UNKNOWN)
    ]
    said += [gettext("%(each)s is not delivered yet.") % {"each": each} for each in waiting]
    awaited = Expectation.objects.filter(
        Q(purchase_order__order__in=orders) | Q(document__in=documents), state__in=Expectation.UNMET
    )
    if awaited.exists():
        said.append(gettext("A partner's answer about these orders is still awaited."))
    keys = [each.ordering_key for each in orders] + [f"document:{each.pk}" for each in documents]
    if Work.objects.filter(ordering_key__in=keys).exists():
        said.append(gettext("Work on these orders is not done yet."))
    return said


def _kept(documents: Iterable[Document], payloads: Iterable[int]) -> list[str]:
    """Return what keeps any of the documents, or of the payloads whose keys would go, in sentences."""
    said = [why for each in documents if (why := why_kept(each))]
    kept = why_not_erased(payloads)
    return list(dict.fromkeys([*said, *(kept[pk] for pk in sorted(kept))]))
