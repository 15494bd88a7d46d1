"""Stock advices (846) from their files to what stands of a supplier's items."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from archive.models import AuditEntry, Event
from integration.flows.decisions import carry_out
from integration.flows.match import match
from integration.flows.planned import Given
from integration.flows.plans import choices, plan
from integration.flows.rights import Refused
from integration.flows.roll_back_stock import roll_back
from integration.models import ExceptionCase, StockFeed, StoreItem, SupplierStock
from integration.work import Unclaimed
from integration.x12.syntax import segment
from tests import factories
from tests.stock import MONDAY, advice, body, feed, item, plain_line, skus, standing, supplier, take, terms

pytestmark = pytest.mark.django_db
State, Way = StockFeed.State, StockFeed.Way
D = Decimal
FULL = {place: 100 + 3 * place for place in range(1, 21)}
TUESDAY = MONDAY + timedelta(days=1)


def open_case(kind: str = ExceptionCase.Kind.STOCK_HELD) -> ExceptionCase:
    return ExceptionCase.objects.get(closed_at=None, kind=kind)


def no_case() -> bool:
    return not ExceptionCase.objects.filter(closed_at=None).exists()


def counts(of: StockFeed) -> tuple[int, int, int, int, int]:
    return of.said, of.unknown, of.new, of.changed, of.emptied


def test_a_whole_stock_stands_and_the_next_one_changes_it() -> None:
    acme = supplier()
    first = feed(acme, advice(FULL))
    assert (first.state, first.way, counts(first)) == (State.APPLIED, Way.WHOLE, (20, 0, 20, 0, 0))
    assert (first.stated_on, first.as_of) == (date(2026, 11, 23), MONDAY)
    assert standing(acme) == skus(FULL)
    later = {**FULL, 3: 90, 7: 0}
    second = feed(acme, advice(later, "A2", "20261124"), TUESDAY)
    assert (second.state, counts(second)) == (State.APPLIED, (20, 0, 0, 2, 1))
    assert standing(acme) == skus(later)
    changed = second.lines.filter(outcome="changed").values_list("named", "before", "after")
    assert list(changed) == [("V-003", 109, 90), ("V-007", 121, 0)]
    assert set(SupplierStock.objects.values_list("as_of", flat=True)) == {TUESDAY}
    assert no_case()


def test_an_older_feed_never_overwrites_a_newer_one_item_by_item() -> None:
    acme = supplier()
    feed(acme, advice({1: 5}, "B2", "20261124", "0800"), TUESDAY + timedelta(minutes=90))
    late = feed(acme, advice({1: 9, 2: 4}, "B1", "20261124", "0700"), TUESDAY + timedelta(minutes=30))
    assert late.state == State.APPLIED
    assert standing(acme) == skus({1: 5, 2: 4})
    assert list(late.lines.values_list("named", "outcome")) == [("V-001", "older"), ("V-002", "new")]
    oldest = feed(acme, advice({1: 70, 2: 70}, "B0", "20261123"), MONDAY)
    assert oldest.state == State.OLDER
    assert standing(acme) == skus({1: 5, 2: 4})
    assert no_case()


def test_the_same_feed_again_does_nothing() -> None:
    acme = supplier()
    document = take(acme, advice(FULL))
    xids = dict(SupplierStock.objects.values_list("pk", "changed_xid"))
    match(str(document.pk), Unclaimed())
    again = feed(acme, advice(FULL), MONDAY + timedelta(hours=2))
    assert again.state == State.REPEATED
    assert not again.lines.filter(outcome="changed").exists()
    assert dict(SupplierStock.objects.values_list("pk", "changed_xid")) == xids
    assert StockFeed.objects.count() == 2
    assert no_case()


def test_movements_post_once_and_in_order() -> None:
    acme = supplier()
    feed(acme, advice({1: 10, 2: 8}, "C1", "20261123", "0600"))
    moved = advice({1: -3, 2: 5}, "C3", "20261123", "0900", purpose="25")
    second = feed(acme, moved, MONDAY + timedelta(hours=3))
    assert (second.way, second.state, counts(second)) == (Way.MOVEMENTS, State.APPLIED, (2, 0, 0, 2, 0))
    assert standing(acme) == skus({1: 7, 2: 13})
    assert feed(acme, moved, MONDAY + timedelta(hours=3, minutes=1)).state == State.REPEATED
    # A count between the two comes late: what moved after it is added to it.
    feed(acme, advice({1: 20}, "C2", "20261123", "0700"), MONDAY + timedelta(hours=1))
    assert standing(acme) == skus({1: 17, 2: 13})
    # What moved before the count is in it.
    feed(acme, advice({1: -6}, "C0", "20261123", "0650", purpose="25"), MONDAY + timedelta(minutes=20))
    assert standing(acme) == skus({1: 17, 2: 13})
    # Nothing is below nothing, and what has no count has none yet.
    feed(acme, advice({1: -40, 3: 4}, "C4", "20261123", "1000", purpose="25"), MONDAY + timedelta(hours=4))
    assert standing(acme) == skus({1: 0, 2: 13})
    feed(acme, advice({3: 6}, "C5", "20261123", "0930"), MONDAY + timedelta(hours=4, minutes=5))
    assert standing(acme) == skus({1: 0, 2: 13, 3: 10})
    assert no_case()


def test_a_number_of_movements_used_again_with_other_content_is_held() -> None:
    acme = supplier()
    feed(acme, advice({1: 10}, "C1"))
    feed(acme, advice({1: -3}, "M7", "20261123", "0900", purpose="25"), MONDAY + timedelta(hours=3))
    other = feed(acme, advice({1: -4}, "M7", "20261123", "1000", purpose="25"), MONDAY + timedelta(hours=4))
    assert other.state == State.HELD
    assert other.suspicions == ["It bears the number M7, as one of 23 Nov 2026 did, with other content."]
    assert standing(acme) == skus({1: 7})


def test_incremental_feeds_may_count_anew_by_agreement() -> None:
    acme = supplier()
    terms(acme, movements=False)
    feed(acme, advice({1: 10, 2: 8}))
    changes = feed(acme, advice({1: 6}, "C2", "20261123", "0900", purpose="25"), MONDAY + timedelta(hours=3))
    assert (changes.way, changes.state) == (Way.CHANGES, State.APPLIED)
    assert (
        feed(acme, advice({2: 5}, "C3", "20261123", "0930", purpose="04"), MONDAY + timedelta(hours=4)).way
        == Way.CHANGES
    )
    assert standing(acme) == skus({1: 6, 2: 5})


def test_what_is_counted_in_cases_is_stored_by_the_piece() -> None:
    acme = supplier(3, pack=12)
    made = feed(acme, advice({1: 4, 2: 0}, unit="CA"))
    assert standing(acme) == skus({1: 48, 2: 0})
    assert [each.factor for each in made.lines.all()] == [12, 12]
    # What he counts in ours stays, what nobody can count is not taken.
    lines = [plain_line(1, 30, "EA"), plain_line(2, 2, "PL"), plain_line(3, 5, "CA")]
    feed(acme, body(lines, "A2", "20261124", "0630"), TUESDAY)
    assert standing(acme) == skus({1: 30, 2: 0, 3: 60})
    assert "has 1 line that could not be understood" in open_case(ExceptionCase.Kind.STOCK_UNCLEAR).sentence


def test_everything_that_an_advice_can_say_of_an_item() -> None:
    acme = supplier()
    lines = [
        [
            segment("LIN", "1", "VN", "V-001"),
            segment("DTM", "036", "20270301"),
            segment("LDT", "AF", "3", "WK"),
            segment("QTY", "33", "40", "EA"),
            segment("QTY", "XU", "25", "EA"),
            segment("QTY", "57", "6", "EA"),
            segment("QTY", "70", "24", "EA"),
            segment("QTY", "63", "100", "EA"),
            segment("DTM", "017", "20261215"),
        ],
        [
            segment("LIN", "2", "VN", "V-002"),
            segment("DTM", "018", "20261210"),
            segment("QTY", "33", "0", "EA"),
        ],
        [
            segment("LIN", "3", "VN", "V-003"),
            segment("DTM", "018", "20261210"),
            segment("QTY", "33", "7", "EA"),
        ],
        [
            segment("LIN", "4", "UP", "012345600004"),
            segment("QTY", "17", "50", "EA"),
            segment("QTY", "27", "8", "EA"),
            segment("QTY", "74", "2", "EA"),
        ],
    ]
    made = feed(acme, body(lines, "A1", "20261123", "0630"))
    assert (made.state, counts(made)) == (State.APPLIED, (4, 0, 4, 0, 0))
    said = {
        each.item.sku: (
            each.quantity, each.allocation, each.minimum, each.maximum, each.expected_quantity, each.expected_on,
            each.lead_days, each.discontinued_on, each.available_from,
        )
        for each in SupplierStock.objects.select_related("item")
    }  # fmt: skip
    nothing = (None,) * 8
    assert said == {
        "FS-001": (40, 25, 6, 24, 100, date(2026, 12, 15), 21, date(2027, 3, 1), None),
        "FS-002": (0, *nothing[:4], date(2026, 12, 10), *nothing[:3]),
        "FS-003": (7, *nothing[:7], date(2026, 12, 10)),
        "FS-004": (40, *nothing),
    }
    # The latest count holds as a whole: what it does not say any more does not hold.
    feed(acme, advice({1: 40}, "A2", "20261124"), TUESDAY)
    row = SupplierStock.objects.get(item__sku="FS-001")
    assert (row.quantity, row.minimum, row.lead_days, row.discontinued_on) == (40, None, None, None)


def test_several_warehouses() -> None:
    acme = supplier()
    split = [segment("LIN", "3", "VN", "V-003"), segment("SDQ", "EA", "92", "EAST", "5", "WEST", "6")]
    feed(acme, body([plain_line(1, 4), split], "A1", "20261123", "0630", warehouse="MAIN"))
    feed(acme, advice({1: 9}, "A2", "20261123", "0700", warehouse="EAST"), MONDAY + timedelta(minutes=40))
    assert standing(acme) == {"FS-001@EAST": 9, "FS-001@MAIN": 4, "FS-003@EAST": 5, "FS-003@WEST": 6}


def test_unknown_items_are_one_case_a_feed_and_not_told_again() -> None:
    acme = supplier(3)
    made = feed(acme, advice({place: 5 for place in range(1, 31)}))
    assert (made.state, made.unknown, standing(acme)) == (State.APPLIED, 27, skus({1: 5, 2: 5, 3: 5}))
    case = open_case(ExceptionCase.Kind.STOCK_UNCLEAR)
    assert case.sentence.startswith(
        f"Stock advice A1 of {acme.partner} names 27 items that the stores do not have: V-004, V-005,"
    )
    assert " and 7 more." in case.sentence
    assert case.document == made.document
    assert len(case.evidence) == 20
    feed(acme, advice({place: 6 for place in range(1, 31)}, "A2", "20261124"), TUESDAY)
    assert open_case(ExceptionCase.Kind.STOCK_UNCLEAR) == case
    other = feed(acme, advice({1: 6, 31: 2}, "A3", "20261124", "0900"), TUESDAY + timedelta(hours=4))
    assert ExceptionCase.objects.filter(closed_at=None, cause=f"stock_unclear:{other.pk}").count() == 1


def test_an_item_is_found_by_each_of_its_numbers_in_every_store() -> None:
    acme = supplier(2)
    item(acme, "OWN-1", upc="999999999999")
    second = factories.store()
    second.agreements.add(acme)
    twin = StoreItem.objects.create(store=second, product=900, variant=900, sku="FS-001")
    lines = [
        [segment("LIN", "1", "SK", "FS-001"), segment("QTY", "33", "1", "EA")],
        [segment("LIN", "2", "UP", "999999999999"), segment("QTY", "33", "2", "EA")],
        [segment("LIN", "3", "BP", "FS-002", "VN", "V-001"), segment("QTY", "33", "3", "EA")],
    ]
    assert feed(acme, body(lines, "A1", "20261123", "0630")).unknown == 0
    assert standing(acme) == {"FS-001": 1, "FS-002": 3, "OWN-1": 2}
    assert SupplierStock.objects.get(item=twin).quantity == 1


HELD = [
    ("too_much", {place: 150 + place * place for place in FULL}, {},
     "It changes 20 of 20 items known; at most 60 % may change at once."),
    ("zeroed", {**FULL, 1: 0, 2: 0, 3: 0, 4: 0, 5: 0}, {},
     "It sets 5 of 20 items in stock to nothing; at most 20 % may be emptied at once."),
    ("one_off", {place: quantity + 1 for place, quantity in FULL.items()}, {},
     "20 of 20 items known have exactly 1 more than before: it seems to count one off."),
    ("one_less", {place: quantity - 1 for place, quantity in FULL.items()}, {},
     "20 of 20 items known have exactly 1 less than before: it seems to count one off."),
    ("slipped", {1: 7, **{place: FULL[place - 1] for place in range(2, 21)}}, {},
     "19 of 20 changed items have what stood for the item in the line beside: its quantities seem to have slipped by one"
     " line."),
    ("doubled", {place: 2 * quantity for place, quantity in FULL.items()}, {},
     "20 of 20 changed items have exactly 2 times what stood before: it seems to count in another unit."),
    ("cut_off", {place: FULL[place] for place in range(1, 13)}, {},
     "It names 12 items as the whole stock where 20 stand: 8 are missing, as from a file that was cut off."),
    ("yesterdays", {**FULL, 1: 55}, {"day": "20261123", "clock": "0700"},
     "It was made on 24 Nov 2026 and bears the date 23 Nov 2026 again, like stock advice a1, with other content."),
]  # fmt: skip


@pytest.mark.parametrize(("way", "told", "said", "why"), HELD, ids=[each[0] for each in HELD])
def test_a_suspicious_feed_is_held_and_released(
    way: str, told: dict[int, int], said: dict[str, str], why: str
) -> None:
    acme = supplier()
    feed(acme, advice(FULL))
    held = feed(acme, advice(told, "A2", **{"day": "20261124", **said}), TUESDAY)
    assert (held.state, held.suspicions[0]) == (State.HELD, why)
    assert standing(acme) == skus(FULL)
    case = open_case()
    assert (case.document, case.partner) == (held.document, acme.partner)
    assert why in case.sentence
    assert [each.name for each in choices(case)] == ["apply_feed", "refuse_feed"]
    shown = plan(case, "apply_feed", Given())
    changed = sum(FULL[place] != told[place] for place in told)
    assert shown.entries[0]["changed"] == changed
    lead = factories.user(group="decide")
    carry_out(lead, case, "apply_feed", Given(), "He has told us on the phone.", shown.digest)
    assert standing(acme) == skus({**FULL, **told})
    held.refresh_from_db()
    assert (held.state, held.changed) == (State.APPLIED, changed)
    case.refresh_from_db()
    assert case.decision == ExceptionCase.Decision.FEED_APPLIED
    assert no_case()


@pytest.mark.parametrize("cases", [True, False])
def test_a_feed_in_the_wrong_unit_is_held(cases: bool) -> None:
    acme = supplier(20, pack=12)
    right = {place: 2 + place for place in range(1, 21)}
    feed(acme, advice(right, unit="CA"))
    # He counts pieces and says cases, or the other way round.
    wrong = {place: quantity * 12 if cases else quantity for place, quantity in right.items()}
    held = feed(acme, advice(wrong, "A2", "20261124", unit="CA" if cases else "EA"), TUESDAY)
    way = "times" if cases else "divided by"
    assert held.suspicions[0] == (
        f"20 of 20 changed items have what stood before {way} their pack factor: it seems to count in another unit."
    )
    assert standing(acme) == skus({place: 12 * quantity for place, quantity in right.items()})


def test_a_truncated_advice_is_held_by_its_count() -> None:
    acme = supplier()
    feed(acme, advice(FULL))
    held = feed(acme, [*advice({**FULL, 2: 6}, "A2", "20261124")[:-1], segment("CTT", "40")], TUESDAY)
    assert held.suspicions == [
        "It says that it has 40 lines (CTT) and has 20, as from a file that was cut off."
    ]
    assert standing(acme) == skus(FULL)
    assert "40 lines (CTT)" in open_case().sentence


def test_a_held_feed_is_put_aside_by_decision_or_settled_outside() -> None:
    acme = supplier()
    feed(acme, advice(FULL))
    lead = factories.user(group="decide")
    held = feed(acme, advice(dict.fromkeys(FULL, 0), "A2", "20261124"), TUESDAY)
    case = open_case()
    shown = plan(case, "refuse_feed", Given())
    carry_out(lead, case, "refuse_feed", Given(), "A test file of theirs.", shown.digest)
    held.refresh_from_db()
    assert (held.state, standing(acme)) == (State.PUT_ASIDE, skus(FULL))
    case.refresh_from_db()
    assert case.decision == ExceptionCase.Decision.FEED_REFUSED
    # Sent again, it stays aside.
    assert (
        feed(acme, advice(dict.fromkeys(FULL, 0), "A2", "20261124"), TUESDAY + timedelta(hours=1)).state
        == State.REPEATED
    )
    assert no_case()


def test_a_plan_that_has_become_another_one_is_not_carried_out() -> None:
    acme = supplier()
    feed(acme, advice(FULL))
    feed(acme, advice(dict.fromkeys(FULL, 1), "A2", "20261124"), TUESDAY)
    case = open_case()
    shown = plan(case, "apply_feed", Given())
    feed(acme, advice({1: 1, 2: 50}, "A3", "20261124", "0900", purpose="04"), TUESDAY + timedelta(hours=3))
    with pytest.raises(Refused, match="Something has changed since you looked"):
        carry_out(factories.user(group="decide"), case, "apply_feed", Given(), "Yes.", shown.digest)
    assert standing(acme) == skus({**FULL, 1: 1, 2: 50})


def test_a_newer_feed_overtakes_a_held_one() -> None:
    acme = supplier()
    feed(acme, advice(FULL))
    held = feed(acme, advice(dict.fromkeys(FULL, 0), "A2", "20261124"), TUESDAY)
    feed(acme, advice({**FULL, 4: 1}, "A3", "20261124", "1200"), TUESDAY + timedelta(hours=6))
    held.refresh_from_db()
    assert held.state == State.OVERTAKEN
    assert no_case()
    assert standing(acme) == skus({**FULL, 4: 1})


def test_rolling_back_restores_what_stood_where_nothing_newer_stands() -> None:
    acme = supplier()
    feed(acme, advice(FULL))
    second = feed(acme, advice({**FULL, 1: 1, 2: 2}, "A2", "20261124"), TUESDAY)
    third = feed(
        acme, advice({2: 9, 21: 4}, "A3", "20261124", "0900", purpose="04"), TUESDAY + timedelta(hours=3)
    )
    assert standing(acme) == skus({**FULL, 1: 1, 2: 9})
    lead = factories.user(group="decide")
    with pytest.raises(Refused, match="Say why"):
        roll_back(lead, second, " ")
    with pytest.raises(Refused, match="You may look at this"):
        roll_back(factories.user(group="view"), second, "Because.")
    roll_back(lead, second, "He had counted the wrong hall.")
    second.refresh_from_db()
    assert second.state == State.ROLLED_BACK
    assert standing(acme) == skus({**FULL, 2: 9})
    assert SupplierStock.objects.get(item__sku="FS-001").as_of == MONDAY
    assert AuditEntry.objects.get(verb="roll back stock feed").reason == "He had counted the wrong hall."
    told = Event.objects.get(subject=second.subject, kind="stock_rolled_back")
    assert told.sentence == "Rolled back: 1 items changed back. He had counted the wrong hall."
    with pytest.raises(Refused, match="does not count: it is rolled back"):
        roll_back(lead, second, "Once more.")
    roll_back(lead, third, "That one too.")
    assert standing(acme) == skus(FULL)
    roll_back(lead, StockFeed.objects.get(number="A1"), "All of it.")
    assert standing(acme) == {}


def test_rolling_back_a_movement_takes_it_off() -> None:
    acme = supplier()
    feed(acme, advice({1: 10}, "C1"))
    moved = feed(acme, advice({1: -3}, "C2", "20261123", "0900", purpose="25"), MONDAY + timedelta(hours=3))
    feed(acme, advice({1: 5}, "C3", "20261123", "0930", purpose="25"), MONDAY + timedelta(hours=4))
    roll_back(factories.user(group="decide"), moved, "Not ours.")
    assert standing(acme) == skus({1: 15})


def test_what_is_no_count_is_left_to_a_person() -> None:
    acme = supplier()
    feed(acme, advice(FULL))
    for purpose, words in (
        ("01", "takes an earlier one back (01)"),
        ("13", "asks for stock (13), and says none"),
    ):
        made = feed(acme, advice({1: 0}, f"R{purpose}", "20261124", purpose=purpose), TUESDAY)
        assert made.state == State.UNUSABLE
        assert words in ExceptionCase.objects.get(cause=f"stock_unclear:{made.pk}").sentence
    assert standing(acme) == skus(FULL)


def test_a_feed_dated_in_the_future_counts_for_when_it_came() -> None:
    acme = supplier()
    made = feed(acme, advice({1: 5}, "F1", "20991231"), MONDAY)
    assert made.as_of <= datetime.now(UTC) + timedelta(minutes=1)
    later = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=2)
    feed(acme, advice({1: 6}, "F2", f"{later:%Y%m%d}", f"{later:%H%M}"), later)
    assert standing(acme) == skus({1: 6})
