"""Judging quickly says what judging fully says, whatever comes; and faults in the quick way are noticed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from integration.x12 import quick_checks, validate
from integration.x12.envelope import SetToWrite, set_segments
from integration.x12.quick_checks import LengthCheck, QuickChecks
from integration.x12.reading import parse_segments
from integration.x12.syntax import Segment, Separators
from integration.x12.tables import SetTable, find_table
from integration.x12.validate import check_set
from tests.benchmarks.x12_traffic import traffic
from tests.integration.x12.planted_faults import planted
from tests.integration.x12.test_x12_sets import ALL, body
from tests.partners.mapping.test_quick_way import damaged, left_out

# What a quick look could take for something good: each is put into each element of a set.
TEXTS = (
    "", " ", "X", "X ", " X", "0", "-1", "1.5", "1.2.3", ".", "-", "1E3", "20240229", "20230229", "00000101",
    "260228", "2461", "1200", "ZZ", "EA", "^", "a\x1db", "\x1d", "\x01", "é", "a" * 90, "9" * 40,
)  # fmt: skip
Judged = tuple[list[Segment], SetTable, Separators]


def table_of(code: str, version: str) -> SetTable:
    found = find_table(code, version)
    assert found is not None
    return found


def texts_changed(segments: Sequence[Segment], rng: random.Random) -> Iterator[list[Segment]]:
    """The set with each of its elements, and the one behind the last, changed to some of what could stand there."""
    for at, each in enumerate(segments):
        for number in range(1, len(each.texts) + 1):
            for text in ("A^B", "20260230", *rng.sample(TEXTS, 2)):
                texts = [*each.texts[1:number], text, *each.texts[number + 1 :]]
                yield [*segments[:at], Segment(each.texts[0], texts, at + 1), *segments[at + 1 :]]


def every_set(kinds: Sequence[tuple[str, str]], step: int = 1) -> Iterator[Judged]:
    """Good sets, then each with things wrong; every ``step``-th of the bad ones."""
    for code, version in kinds:
        table, rng = table_of(code, version), random.Random(f"{code} {version}")
        separators = Separators(repetition="^" if version == "005010" else None)
        good = set_segments(SetToWrite(code, 17, body(code)))
        bad = [
            *left_out(good),
            *texts_changed(good, rng),
            *(damaged(good, rng) for _ in range(20)),
            *(set_segments(SetToWrite(code, 17, each.body)) for each in planted(body(code))),
        ]
        for each in (good, good, *bad[::step]):
            yield each, table, separators


def differs(each: Judged) -> bool:
    """Whether a set is judged differently the quick way, which knows more and more."""
    quick, full = check_set(*each), check_set(*each, quick=False)
    return (quick.code, quick.findings) != (full.code, full.findings)


@pytest.fixture
def nothing_known() -> Iterator[None]:
    """Quick checks that begin with nothing, and leave nothing to other tests."""
    quick_checks.quick_checks.cache_clear()
    quick_checks.loop_check.cache_clear()
    yield
    quick_checks.quick_checks.cache_clear()
    quick_checks.loop_check.cache_clear()


@pytest.mark.usefixtures("nothing_known")
def test_every_set_is_judged_the_same_both_ways() -> None:
    different = [differs(each) for each in every_set(ALL, step=21)]
    assert len(different) > 1000
    assert not any(different)


@pytest.mark.usefixtures("nothing_known")
@pytest.mark.parametrize("code", ["850", "855", "856"])
def test_traffic_is_judged_the_same_both_ways_and_mostly_at_a_look(
    code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[Segment] = []
    full = validate._Inspection._report_elements

    def report(self: Any, each: Segment, path: str, table: Any) -> None:
        looked.append(each)
        full(self, each, path, table)

    table = table_of(code, "004010")
    file = traffic(code, 60_000, 7).data.decode()
    sets = [
        parse_segments(f"ST*{code}*{each.partition('~SE*')[0]}~SE*{each.partition('~SE*')[2]}", Separators())
        for each in file.partition("ST*")[2].split("~GE*")[0].removeprefix(f"{code}*").split(f"~ST*{code}*")
    ]
    assert not any(differs((each, table, Separators())) for each in sets)
    monkeypatch.setattr(validate._Inspection, "_report_elements", report)
    assert {check_set(each, table).code for each in sets} == {"A"}
    assert (len(sets) > 30, looked) == (True, [])


def _without(name: str) -> Callable[[pytest.MonkeyPatch], None]:
    """A quick way whose patterns do not know one thing."""

    def plant(monkeypatch: pytest.MonkeyPatch) -> None:
        known = quick_checks.good_text

        def good_text(table: Any, barred: str = "") -> str:
            if name == "lengths" and table.kind in ("AN", "ID"):
                return "[^\\x00-\\x1f\\x7f-\\x9f]+"
            if name == "dates" and table.kind == "DT":
                return "[0-9]{8}"
            if name == "numbers" and table.kind == "R":
                return "[-.0-9]+"
            return known(table, "" if name == "repetition" else barred)

        monkeypatch.setattr(quick_checks, "good_text", good_text)

    return plant


def _swapped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two elements of a segment, each judged by the other's pattern."""
    made = quick_checks._length_check

    def length_check(tag: str, elements: Sequence[Any], repeats: str) -> LengthCheck:
        check = made(tag, elements, repeats)
        full, sparse = (each.split("\x1d") for each in check.patterns)
        if len(full) > 1:
            full[-2:], sparse[-2:] = full[:-3:-1], sparse[:-3:-1]
        check.patterns = "\x1d".join(full), "\x1d".join(sparse)
        return check

    monkeypatch.setattr(quick_checks, "_length_check", length_check)


class _Gapless(dict[tuple[object, ...], Any]):
    """Shapes of which only the codes are seen."""

    def get(self, shape: tuple[object, ...], default: Any = None) -> Any:
        return next((test for known, test in self.items() if _codes(known) == _codes(shape)), default)


def _codes(shape: tuple[object, ...]) -> object:
    return shape[0] if shape and isinstance(shape[0], tuple) else shape


def _blind_to_gaps(monkeypatch: pytest.MonkeyPatch) -> None:
    made = quick_checks._length_check

    def length_check(tag: str, elements: Sequence[Any], repeats: str) -> LengthCheck:
        check = made(tag, elements, repeats)
        check.good = _Gapless()
        check.patterns = check.patterns[1], check.patterns[1]
        return check

    monkeypatch.setattr(quick_checks, "_length_check", length_check)


def _blind_to_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    made = quick_checks._length_check

    def length_check(tag: str, elements: Sequence[Any], repeats: str) -> LengthCheck:
        check = made(tag, elements, repeats)
        picked = check.coded
        check.coded = lambda texts: tuple("" if not text else "?" for text in picked(texts))
        return check

    monkeypatch.setattr(quick_checks, "_length_check", length_check)


def _learning_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    report = validate._Inspection._report_elements

    def learn(self: Any, each: Segment, path: str, table: Any) -> None:
        report(self, each, path, table)
        self.checks.learn(each.texts)

    monkeypatch.setattr(validate._Inspection, "_report_elements", learn)


def _deaf_to_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validate, "are_known", lambda loops: True)


def _remembering_all(monkeypatch: pytest.MonkeyPatch) -> None:
    learn = QuickChecks.learn

    def remember(self: QuickChecks, texts: tuple[str, ...]) -> None:
        learn(self, texts)
        self.known.update((texts[:-1], (*texts, "X")))

    monkeypatch.setattr(QuickChecks, "learn", remember)


FAULTS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "two elements are swapped": _swapped,
    "gaps are not seen": _blind_to_gaps,
    "codes are not seen": _blind_to_codes,
    "what is wrong is learned": _learning_what_is_wrong,
    "the members of loops are not seen": _deaf_to_order,
    "neighbours of good segments are known": _remembering_all,
    **{f"patterns without {name}": _without(name) for name in ("lengths", "dates", "numbers", "repetition")},
}


@pytest.mark.usefixtures("nothing_known")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_quick_way_is_noticed(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    FAULTS[fault](monkeypatch)
    assert any(map(differs, every_set([("860", "005010"), ("810", "004010")])))


@pytest.mark.usefixtures("nothing_known")
def test_what_is_remembered_is_bounded_whatever_comes() -> None:
    table = table_of("850", "004010")
    for number in range(6000):
        check_set(
            parse_segments(f"ST*850*0001~REF*CO*{number}~REF*Q{number}*1~SE*4*0001~", Separators()), table
        )
    checks = quick_checks.quick_checks(table, "")
    assert 0 < len(checks.known) <= quick_checks.MAX_GOOD
    assert len(checks.checks) < 10
    assert max(len(each.good) for each in checks.checks.values()) <= quick_checks.MAX_PATTERNS


@pytest.mark.parametrize(("tag", "element", "text"), [
    ("PO1", 2, "-5"), ("PO1", 2, "0.0000001"), ("PO1", 2, "100000000000"), ("PO1", 4, "10000000000.25"),
    ("ACK", 2, "-5"), ("ACK", 2, "0.0000001"),
])  # fmt: skip
def test_what_cannot_be_a_quantity_gets_a_full_look_although_it_is_a_number(
    tag: str, element: int, text: str
) -> None:
    checks = QuickChecks(table_of("855", "004010"), "")
    good = {"PO1": ["PO1", "1", "2", "EA", "9.95"], "ACK": ["ACK", "IA", "2", "EA", "068"]}[tag]
    checks.learn(tuple(good))
    odd = [*good[:element], text, *good[element + 1 :]]
    segments = [Segment(tag, good[1:], 1), Segment(tag, odd[1:], 2)]
    assert checks.suspects(segments) == {2}
