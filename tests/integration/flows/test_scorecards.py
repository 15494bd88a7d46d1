"""A scorecard worked by hand: two time zones, a holiday, two changes of clock. Every figure equal, and otherwise by others.

The partner has three agreements. *Hamburg* counts in the calendar of an office there: Monday to Friday from 8 to 17, closed on
Friday, 27 March 2026; its clocks go forward on Sunday, 29 March (UTC+1, then UTC+2). *Duluth* counts in one of Chicago's zone,
whose clocks go forward on Sunday, 8 March (UTC-6, then UTC-5). *Plain* has no calendar, and its days are Chicago's. Both
offices promise the 997 within 4 open hours and the 855 within 9; Plain promises the 856 a day after its date.

Promises, by hand, in local time; the period is March 2026::

    |     |         | counted from        | open hours until due                    | due (UTC)    | came (UTC)   |         | took  |
    | H1  | 855     | Thu 26 Mar 15:00 +1 | 2 Thu, Fri closed, 7 Mon to 15:00 +2    | 30 Mar 13:00 | 30 Mar 12:30 | on time | 8:30  |
    | H2  | 855     | Mon 30 Mar 16:00 +2 | 1 Mon, 8 Tue to 16:00 +2                | 31 Mar 14:00 | 31 Mar 14:30 | late    | 9:30  |
    | H3  | 855     | Tue 31 Mar 15:00 +2 | 2 Tue, 7 Wed to 15:00 +2                |  1 Apr 13:00 | 31 Mar 14:00 | of April        |
    | H4  | 855     | Mon  2 Mar  8:00 +1 | 9 Mon to 17:00 +1                       |  2 Mar 16:00 | given up     | left out        |
    | D1  | 997     | Fri  6 Mar 15:00 -6 | 2 Fri, 2 Mon to 10:00 -5                |  9 Mar 15:00 |  9 Mar 15:00 | on time | 4:00  |
    | D2  | 997     | Mon  9 Mar  8:00 -5 | 4 Mon to 12:00 -5                       |  9 Mar 17:00 |  9 Mar 17:01 | late    | 4:01  |
    | P1  | 856     | for Mon 30 Mar      | end of Tue 31 Mar, -5                   |  1 Apr 05:00 | never        | overdue         |
    | P2  | 856     | for Fri 27 Feb      | end of Sat 28 Feb, -6                   |  1 Mar 06:00 | never        | of February     |

Purchase orders, each 2 of FS-1 and 5 of FS-2 at 4.50::

    |    | sent (UTC)   | there               | 855         | left       | lead, open days          | shipped/ordered | invoice                   |
    | O1 | 26 Mar 14:00 | Thu 26 Mar, Hamburg | as ordered  | Tue 31 Mar | Mon, Tue: 2              | 2/2, 5/5        | 2 Apr (Wed, Thu: 2)       |
    | O2 |  6 Mar 23:30 | Fri  6 Mar, Duluth  | 1 refused   | Wed 11 Mar | Mon, Tue, Wed: 3         | 2/2, 4/5        | 13 Mar (Thu, Fri: 2), differs |
    | O3 |  1 Apr 03:00 | Tue 31 Mar, Duluth  | none        | not yet    |                          | cancelled, 0/5  |                           |
    | O4 | 28 Feb 23:30 | Sun  1 Mar, Hamburg | as ordered  | Mon  2 Mar | Mon: 1                   | 2/2, 6/5: 5/5   | none                      |
    | O5 | 10 Mar 15:00 | a test              | left out                                                                          |

The one that was refused of O2 we cancelled for that reason: it was ordered all the same. Line 1 of O3 we cancelled of our own
accord: it is not. So 7 + 6 + 0 + 7 = 20 of 7 + 7 + 5 + 7 = 26 units, and 2 + 1 + 0 + 2 = 5 of 7 lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from archive.models import Document
from archive.reach import Reach
from integration.flows import scorecards
from integration.flows.expectations import due_of, zone_of
from integration.flows.home_zones import home_zone
from integration.flows.scorecard_rows import opened_cases, promises, sent_orders
from integration.flows.scorecards import scorecard
from integration.matching.periods import Period
from integration.matching.scorecard import CaseCount, Kept, Share, Stretch, Times
from integration.models import (
    ExceptionCase,
    Expectation,
    LineEntry,
    OrderDocument,
    PurchaseOrder,
    Shipment,
    SupplierInvoice,
    SupplierInvoicePart,
)
from partners import business_time
from partners.business_time import open_time
from partners.models import Agreement, BusinessCalendar, Holiday, TradingPartner
from tests import factories

pytestmark = pytest.mark.django_db
MARCH = Period(date(2026, 3, 1), date(2026, 3, 31))
Kind = LineEntry.Kind


def utc(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC)


@dataclass
class World:
    """The partner, its agreements by name, and a sent document of each."""

    partner: TradingPartner
    agreements: dict[str, Agreement]
    documents: dict[str, Document]


def agreed(
    partner: TradingPartner, name: str, calendar: BusinessCalendar | None, **terms: object
) -> Agreement:
    made = factories.agreement(name, of=partner)
    given = {
        "calendar": calendar, "functional_acknowledgment_hours": 4, "purchase_order_acknowledgment_hours": 9, **terms,
    }  # fmt: skip
    Agreement.objects.filter(pk=made.pk).update(**given)
    return Agreement.objects.get(pk=made.pk)


@pytest.fixture
def hand() -> World:
    """The world of the tables above, in its calendars."""
    return built(naive=False)


def built(*, naive: bool) -> World:
    """Build it; *naive*: by someone who counts hours as they pass, and days in UTC."""
    partner = factories.partner("Larch Supply")
    hamburg = factories.business_calendar("Hamburg", "Europe/Berlin")
    Holiday.objects.create(calendar=hamburg, date=date(2026, 3, 27), name="Works outing")
    duluth = factories.business_calendar("Duluth", "America/Chicago")
    zone = {"time_zone": "UTC"} if naive else {}
    plain = {"time_zone": "UTC" if naive else "America/Chicago", "ship_notice_days": 1}
    agreements = {
        "Hamburg": agreed(partner, "Hamburg", None if naive else hamburg, **zone),
        "Duluth": agreed(partner, "Duluth", None if naive else duluth, **zone),
        "Plain": agreed(partner, "Plain", None, functional_acknowledgment_hours=0,
                        purchase_order_acknowledgment_hours=0, **plain),
    }  # fmt: skip
    documents = {name: factories.document(each, "850", direction="out") for name, each in agreements.items()}
    world = World(partner, agreements, documents)
    promised(world)
    ordered(world)
    return world


def promise(
    world: World,
    under: str,
    what: str,
    counted_from: str,
    came: str = "",
    by_date: date | None = None,
    **fields: object,
) -> Expectation:
    """Return a promise as the flows make it, met at ``came``."""
    agreement, start = world.agreements[under], utc(counted_from)
    due = due_of(agreement, what, start, by_date, zone_of(agreement, None))
    assert due is not None
    met = {"state": "met", "settled_at": utc(came)} if came else {}
    return Expectation.objects.create(
        **{
            "what": what, "subject": f"test:{Expectation.objects.count()}", "agreement": agreement,
            "document": world.documents[under], "counted_from": start, "by_date": by_date, "due_at": due.at,
            "state": "overdue", **met, **fields,
        }
    )  # fmt: skip


def promised(world: World) -> None:
    promise(world, "Hamburg", "855", "03-26 14:00", "03-30 12:30")
    promise(world, "Hamburg", "855", "03-30 14:00", "03-31 14:30")
    promise(world, "Hamburg", "855", "03-31 13:00", "03-31 14:00")
    promise(world, "Hamburg", "855", "03-02 07:00", state="given_up", settled_at=utc("03-02 09:00"))
    promise(world, "Duluth", "997", "03-06 21:00", "03-09 15:00")
    promise(world, "Duluth", "997", "03-09 13:00", "03-09 17:01")
    promise(world, "Plain", "856", "03-20 15:00", by_date=date(2026, 3, 30))
    promise(world, "Plain", "856", "02-20 15:00", by_date=date(2026, 2, 27))


def ordered(world: World) -> None:
    first = order(world, "Hamburg", "03-26 14:00", answered=(2, 5), shipped=(2, 5), left=date(2026, 3, 31))
    bill(first, "04-02 08:00", SupplierInvoice.State.MATCHED)
    second = order(world, "Duluth", "03-06 23:30", answered=(2, 4), shipped=(2, 4), left=date(2026, 3, 11))
    entry(second, 2, Kind.CANCELLED, 1, "03-08 12:00", world.documents["Duluth"])
    case(ExceptionCase.Kind.ACKNOWLEDGMENT_DIFFERS, second, "03-07 03:30", money="60.00")
    billed = bill(second, "03-13 15:00", SupplierInvoice.State.APPROVED)
    case(ExceptionCase.Kind.INVOICE_DIFFERS, second, "03-13 15:01", document=billed.document, closed=True)
    third = order(world, "Duluth", "04-01 03:00")
    entry(third, 1, Kind.CANCELLED, 2, "04-01 15:00", world.documents["Duluth"])
    fourth = order(world, "Hamburg", "02-28 23:30", answered=(2, 5), shipped=(2, 6), left=date(2026, 3, 2))
    case(ExceptionCase.Kind.SHIPMENT_DIFFERS, fourth, "03-02 20:00", document=fourth.shipments.get().document,
         money="12.50")  # fmt: skip
    # Opened at midnight in Hamburg, where the partner's days are: of April. And one of ours.
    case(ExceptionCase.Kind.OVERDUE, fourth, "03-31 22:00", money="99.00")
    case(ExceptionCase.Kind.MISSING_TRANSLATION, fourth, "03-10 12:00", money="99.00")


def order(
    world: World, under: str, sent: str, answered: tuple[int, ...] = (), shipped: tuple[int, ...] = (),
    left: date | None = None, document: Document | None = None,
) -> PurchaseOrder:  # fmt: skip
    """Return a purchase order that was sent, answered and shipped as said, line by line."""
    made = factories.purchase_order(None, world.agreements[under])
    for line in made.lines.all():
        entry(made, line.line_number, Kind.ORDERED, line.quantity, sent, document or world.documents[under])
    if answered:
        answer = factories.document(made.agreement, "855", number=made.number)
        OrderDocument.objects.create(
            order=made.order, purchase_order=made, document=answer,
            role=OrderDocument.Role.PURCHASE_ORDER_ACKNOWLEDGMENT,
        )  # fmt: skip
        for line, taken in zip(made.lines.all(), answered, strict=True):
            entry(made, line.line_number, Kind.ACKNOWLEDGED, taken, sent, answer, unit_price=Decimal("4.50"))
            if line.quantity != taken:
                entry(made, line.line_number, Kind.REJECTED, line.quantity - taken, sent, answer)
    if shipped:
        notice = factories.shipment(made).document
        Shipment.objects.filter(document=notice).update(shipped_on=left)
        for line, gone in zip(made.lines.all(), shipped, strict=True):
            entry(made, line.line_number, Kind.SHIPPED, gone, sent, notice, position=9)
    return made


def entry(
    of: PurchaseOrder,
    line: int,
    kind: str,
    quantity: int | Decimal,
    at: str,
    document: Document,
    **fields: object,
) -> None:
    LineEntry.objects.create(
        line=of.lines.get(line_number=line),
        kind=kind,
        quantity=quantity,
        stated_at=utc(at),
        document=document,
        **fields,
    )


def bill(of: PurchaseOrder, arrived: str, state: str) -> SupplierInvoice:
    document = factories.received(of.agreement, "810", factories.bill(of))
    made = SupplierInvoice.objects.create(
        document=document,
        partner=of.agreement.partner,
        total=Decimal("31.50"),
        made_at=utc(arrived),
        state=state,
    )
    SupplierInvoicePart.objects.create(invoice=made, purchase_order=of)
    SupplierInvoice.objects.filter(pk=made.pk).update(created_at=utc(arrived))
    return made


def case(
    kind: str,
    of: PurchaseOrder,
    opened: str,
    document: Document | None = None,
    money: str = "",
    *,
    closed: bool = False,
) -> None:
    made = ExceptionCase.objects.create(
        kind=kind, cause=f"test:{ExceptionCase.objects.count()}", sentence="It differs.", partner=of.agreement.partner,
        purchase_order=of, document=document, money=Decimal(money) if money else None, currency="USD",
        closed_at=utc(opened) if closed else None,
    )  # fmt: skip
    ExceptionCase.objects.filter(pk=made.pk).update(opened_at=utc(opened))


def test_every_figure_is_as_worked_by_hand(hand: World) -> None:
    due = Expectation.objects.order_by("pk").values_list("due_at", flat=True)
    assert list(due) == [utc(each) for each in (
        "03-30 13:00", "03-31 14:00", "04-01 13:00", "03-02 16:00", "03-09 15:00", "03-09 17:00", "04-01 05:00",
        "03-01 06:00",
    )]  # fmt: skip
    card = scorecard(hand.partner, MARCH)
    minutes = lambda *given: Times(len(given), *(timedelta(minutes=each) for each in given))  # noqa: E731
    assert card.kept == (
        Kept("997", on_time=1, late=1, overdue=0, pending=0, left_out=0, took=minutes(240, 241)),
        Kept("855", on_time=1, late=1, overdue=0, pending=0, left_out=1, took=minutes(510, 570)),
        Kept("856", on_time=0, late=0, overdue=1, pending=0, left_out=0, took=Times(0, None, None)),
    )
    assert (card.on_time, card.on_time.percent) == (Share(2, 5), Decimal("40.0"))
    assert card.orders == 4
    assert (card.acknowledged, card.acknowledged.percent) == (Share(2, 3), Decimal("66.6"))
    assert (card.noticed, card.billed) == (Share(2, 3), Share(1, 2))
    assert (card.units, card.units.percent) == (Share(20, 26), Decimal("76.9"))
    assert (card.lines, card.lines.percent) == (Share(5, 7), Decimal("71.4"))
    assert (card.lead, card.billing) == (Times(3, 2, 3), Times(2, 2, 2))
    assert card.cases == tuple(
        CaseCount(kind, 1, still)
        for kind, still in (("acknowledgment_differs", 1), ("invoice_differs", 0), ("shipment_differs", 1))
    )
    assert card.at_stake == (("USD", Decimal("72.50")),)
    assert [each for each in card.course if each.on_time + each.late + each.overdue] == [
        Stretch(date(2026, 3, 9), date(2026, 3, 9), 1, 1, 0),
        Stretch(date(2026, 3, 30), date(2026, 3, 30), 1, 0, 0),
        Stretch(date(2026, 3, 31), date(2026, 3, 31), 0, 1, 1),
    ]
    assert (len(card.course), home_zone(hand.partner)) == (31, ZoneInfo("Europe/Berlin"))


def test_who_counts_hours_as_they_pass_and_days_in_utc_tells_other_figures() -> None:
    """Nothing is on time: H1 would be due on 26 March at 23:00, D1 on 7 March at 01:00; O3 and O4 fall out of March."""
    naive = built(naive=True)
    card = scorecard(naive.partner, MARCH)
    assert [(each.what, each.on_time, each.late, each.overdue) for each in card.kept] == [
        ("997", 0, 2, 0),
        ("855", 1, 2, 0),
        ("856", 0, 0, 1),
    ]
    assert (card.on_time, card.orders, card.units) == (Share(1, 6), 2, Share(13, 14))
    assert card.lead == Times(2, 5, 5)
    assert card.kept[1].took.most == timedelta(hours=94, minutes=30)


def test_the_rows_behind_each_number_are_as_many(hand: World) -> None:
    card, rows = scorecard(hand.partner, MARCH), promises(hand.partner, MARCH)
    for kept in card.kept:
        told = {
            "on_time": kept.on_time,
            "late": kept.late,
            "overdue": kept.overdue,
            "left_out": kept.left_out,
        }
        assert told == {name: rows.filter(what=kept.what, outcome=name).count() for name in told}
    assert len(sent_orders(hand.partner, MARCH)) == card.orders
    assert opened_cases(hand.partner, MARCH).count() == sum(each.opened for each in card.cases)
    april = scorecard(hand.partner, Period(date(2026, 4, 1), date(2026, 4, 30)))
    assert [(each.what, each.due) for each in april.kept] == [("997", 0), ("855", 1), ("856", 0)]
    assert (april.orders, april.at_stake) == (0, (("USD", Decimal("99.00")),))


def test_an_answer_that_was_read_late_came_when_its_file_did(hand: World) -> None:
    """Facts are dated by the database: what was due after the file came is on time, whenever it was matched."""
    answer = factories.document(hand.agreements["Plain"], "856")
    now = answer.interchange.transmission.recorded_at  # type: ignore[union-attr]
    row = promise(hand, "Plain", "856", "03-20 15:00", by_date=date(2026, 3, 30))
    found = promises(hand.partner, Period(now.date() - timedelta(days=2), now.date() + timedelta(days=3)))
    for due, settled, outcome in (
        (timedelta(hours=1), timedelta(hours=5), "on_time"),
        (timedelta(0), timedelta(hours=5), "on_time"),
        (timedelta(microseconds=-1), timedelta(hours=5), "late"),
        (timedelta(hours=-1), timedelta(hours=-2), "on_time"),
    ):
        Expectation.objects.filter(pk=row.pk).update(
            due_at=now + due, settled_at=now + settled, state="met", met_by=answer
        )
        assert found.get().outcome == outcome, (due, settled)
    Expectation.objects.filter(pk=row.pk).update(state="waiting", due_at=now + timedelta(days=1), met_by=None)
    assert found.get().outcome == "pending"


def test_tests_and_what_another_system_had_sent_are_left_out(hand: World) -> None:
    test = agreed(hand.partner, "Test", None, usage_indicator="T", time_zone="Europe/Berlin")
    hand.agreements["Test"] = test
    hand.documents["Test"] = factories.document(test, "850", direction="out")
    order(hand, "Test", "03-10 15:00")
    promise(hand, "Test", "997", "03-10 15:00", "03-10 16:00")
    card = scorecard(hand.partner, MARCH)
    assert (card.orders, card.on_time) == (4, Share(2, 5))
    assert (card.kept[0].on_time, card.kept[0].left_out) == (1, 1)


def test_what_a_change_orders_besides_moves_no_purchase_order_into_another_period(hand: World) -> None:
    april = Period(date(2026, 4, 1), date(2026, 4, 30))
    first = PurchaseOrder.objects.get(shipments__shipped_on=date(2026, 3, 31))
    before = sent_orders(hand.partner, MARCH)
    entry(first, 1, Kind.ORDERED, 3, "04-20 12:00", hand.documents["Hamburg"], position=1)
    assert sent_orders(hand.partner, MARCH) == before
    assert (first.pk in before, sent_orders(hand.partner, april)) == (True, {})
    assert scorecard(hand.partner, MARCH).units == Share(20, 29)


def test_without_a_calendar_and_a_zone_of_its_own_days_are_those_of_the_store(hand: World) -> None:
    """In Auckland it is the first of March already at noon UTC of the last of February."""
    bare = agreed(hand.partner, "Bare", None)
    hand.agreements["Bare"] = bare
    hand.documents["Bare"] = factories.document(bare, "850", direction="out")
    assert (bare.time_zone, bare.calendar) == ("", None)
    made = order(hand, "Bare", "02-28 12:00")
    promise(hand, "Bare", "855", "02-28 12:00", purchase_order=made)
    Expectation.objects.filter(purchase_order=made).update(due_at=utc("02-28 11:30"))
    told = {}
    for zone in ("America/Chicago", "Pacific/Auckland"):
        type(made.order.store).objects.filter(pk=made.order.store_id).update(time_zone=zone)
        card = scorecard(hand.partner, MARCH)
        told[zone] = (made.pk in sent_orders(hand.partner, MARCH), card.orders, card.kept[1].overdue)
    assert told == {"America/Chicago": (False, 4, 0), "Pacific/Auckland": (True, 5, 1)}


def test_ten_times_as_much_takes_no_more_queries_and_works_out_no_day_twice(
    hand: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What costs more with every row is one reading of it: a quadratic look would be counted here, however fast."""
    worked_out, measured = [], []
    once, each = business_time._worked_out, scorecards.open_time
    monkeypatch.setattr(
        business_time, "_worked_out", lambda day, *rest: worked_out.append(day) or once(day, *rest)
    )
    monkeypatch.setattr(scorecards, "open_time", lambda *given: measured.append(given) or each(*given))

    def counted() -> tuple[int, int, int, int]:
        worked_out.clear()
        measured.clear()
        with CaptureQueriesContext(connection) as asked:
            card = scorecard(hand.partner, MARCH)
        return card.orders, len(measured), len(worked_out), len(asked)

    few = counted()
    assert few == (4, 4, 12, 24)
    for number in range(20):
        order(
            hand,
            "Hamburg",
            f"03-{10 + number % 2} 15:00",
            answered=(2, 4),
            shipped=(2, 4),
            left=date(2026, 3, 12),
        )
        promise(hand, "Hamburg", "855", "03-26 14:00", "03-30 12:30")
        promise(hand, "Duluth", "997", "03-09 13:00", "03-09 17:01")
    many = counted()
    assert many == (24, 44, 12, 24)


def test_a_calendar_that_is_worked_out_for_each_answer_anew_grows_with_them(hand: World) -> None:
    """The naive variant: hours of its own for each promise, so the same day is counted for each."""
    start, end, zone = utc("03-26 14:00"), utc("03-30 12:30"), ZoneInfo("Europe/Berlin")
    agreement = hand.agreements["Hamburg"]
    assert agreement.calendar is not None
    shared, alone = agreement.calendar.open_hours(), [agreement.calendar.open_hours() for _ in range(5)]
    took = {open_time(start, end, shared, zone) for _ in range(5)}
    assert took == {open_time(start, end, each, zone) for each in alone} == {timedelta(hours=8, minutes=30)}
    assert (len(shared.worked_out), sum(len(each.worked_out) for each in alone)) == (6, 30)


def test_only_what_lies_within_reach_is_told(hand: World) -> None:
    store = PurchaseOrder.objects.get(shipments__shipped_on=date(2026, 3, 2)).order.store
    card = scorecard(hand.partner, MARCH, Reach(stores=frozenset({store.pk})))
    assert (card.orders, card.units, card.on_time) == (1, Share(7, 7), Share(0, 0))
    assert card.at_stake == (("USD", Decimal("12.50")),)
    other = factories.partner("Other")
    assert scorecard(hand.partner, MARCH, Reach(partners=frozenset({other.pk}))).is_empty
    assert scorecard(other, MARCH).is_empty
    assert not scorecard(hand.partner, MARCH, Reach(partners=frozenset({hand.partner.pk}))).is_empty
