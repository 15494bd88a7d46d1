"""Search over references: the forms under which numbers and names are kept and looked for, and the lookups.

A reference is kept once for each of its forms, and a term is looked for in each of its own: what the two have in
common is found through the index on the form, however large the table is. How far a form is from what was written
(its *distance*) decides what comes first.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple

from django.db.models import F, Func, IntegerField, Model, Q, QuerySet, Value
from django.db.models.lookups import LessThan

LONGEST = 100
"""Characters of a form, and of a value as shown."""
MOST_DISTANT = 3
_LAST = "\U0010ffff"
"""Sorts behind everything that a form can hold."""


class Shape(Enum):
    """How a kind of reference is written."""

    CODE = "letters and digits"
    NUMBER = "digits, perhaps behind letters that people leave out"
    NAME = "words"
    ADDRESS = "an e-mail address"


@dataclass(frozen=True)
class Kind:
    """One kind of reference: its name in a sentence, its place among exact matches (higher first), its shape."""

    words: str
    rank: int
    shape: Shape = Shape.CODE


KINDS = {
    "order": Kind("order", 90, Shape.NUMBER),
    "purchase_order": Kind("purchase order", 80, Shape.NUMBER),
    "vendor_order": Kind("partner's own order number", 70, Shape.NUMBER),
    "invoice": Kind("invoice", 66, Shape.NUMBER),
    "shipment": Kind("shipment", 65, Shape.NUMBER),
    "rma": Kind("return authorization (RMA)", 64, Shape.NUMBER),
    "tracking": Kind("tracking number", 60),
    "sscc": Kind("carton label (SSCC)", 55),
    "control_number": Kind("interchange control number", 50),
    "group_control_number": Kind("group control number", 45),
    "set_control_number": Kind("set control number", 40),
    "reference": Kind("other reference", 35),
    "sku": Kind("SKU", 30),
    "vendor_item": Kind("vendor's item", 25),
    "upc": Kind("UPC", 20),
    "item": Kind("other item number", 18),
    "email": Kind("customer's e-mail", 15, Shape.ADDRESS),
    "customer": Kind("customer", 12, Shape.NAME),
    "partner": Kind("partner", 10, Shape.NAME),
}
CONTROL_NUMBERS = frozenset({"control_number", "group_control_number", "set_control_number"})
UNIQUE_NUMBERS = CONTROL_NUMBERS | {
    "order", "purchase_order", "vendor_order", "invoice", "shipment", "rma", "tracking", "sscc",
}  # fmt: skip
"""Kinds that name one thing, so that a single exact match needs no list."""

# What people write before a number to say what it is.
_ANNOUNCED = (
    "PURCHASE", "ORDER", "PO", "NUMBER", "NO", "NR", "INTERCHANGE", "CONTROL", "GROUP", "ISA", "ISA13", "GS", "GS06",
    "ST", "ST02", "SKU", "UPC", "ITEM", "TRACKING", "INVOICE", "INV", "SHIPMENT", "RMA", "SSCC",
)  # fmt: skip
_ANNOUNCED_DIGITS = re.compile(rf"(?:{'|'.join(_ANNOUNCED)})(\d+)")
_WORD = re.compile(r"[^\W_]+")
_DIGIT_GAP = re.compile(r"(?<=\d) (?=\d)")
_IDLE_ZEROS = re.compile(r"^0+(?=\d)")
_LETTERS_BEFORE = re.compile(r"^[^\W\d_]+(?=\d)")
_APOSTROPHES = re.compile("['\u2019\u02bc`\u00b4]")
# Letters that Unicode does not take apart into a letter and its accent.
_STROKED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
_MOST_WORDS = 6


def normal_forms(written: str, kind: str = "") -> dict[str, int]:
    """Return the forms of a reference of ``kind``, or of a search term where none is given, with their distances.

    ============  ==================================================================================
    distance      what was taken away from what was written (capitals and accents count for nothing)
    ============  ==================================================================================
    0             nothing; signs between digits are one dash, and none stand elsewhere
    1             zeros in front, or the letters in front of a number; of a name, another word begins
    2             the dashes between digits
    ============  ==================================================================================

    Distances add up: ``00 12-34`` is ``1234`` at 3.
    """
    folded = _fold(written)
    shape = KINDS[kind].shape if kind else None
    forms: dict[str, int] = {}
    if shape in (None, Shape.CODE, Shape.NUMBER):
        words = _WORD.findall(folded)
        _add(forms, _code_forms(_code(words), 0))
        if shape is Shape.NUMBER:
            _add(forms, _code_forms(_LETTERS_BEFORE.sub("", _code(words)), 1))
        if shape is None:
            _add(forms, _code_forms(_code(_without_announcement(words)), 1))
    if shape in (None, Shape.NAME):
        words = _WORD.findall(_APOSTROPHES.sub("", folded))
        beginnings = range(min(len(words), _MOST_WORDS) if shape else 1)
        _add(forms, {" ".join(words[at:] + words[:at]): min(at, 1) for at in beginnings})
    if shape is Shape.ADDRESS or (shape is None and re.search(r"[@._+]", folded)):
        address = "".join(letter for letter in folded if letter.isprintable() and not letter.isspace())
        _add(forms, {address: 0})
    return forms


def _fold(text: str) -> str:
    """Return ``text`` without accents, in capitals, letters and digits of any width alike."""
    apart = unicodedata.normalize("NFKD", text.casefold().translate(_STROKED))
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).upper()


def _code(words: Sequence[str]) -> str:
    """Return a number or code of ``words``: a dash stays between digits, since 1042-1 is not 10421."""
    return _DIGIT_GAP.sub("-", " ".join(words)).replace(" ", "")


def _code_forms(code: str, distance: int) -> dict[str, int]:
    forms: dict[str, int] = {}
    for text, further in ((code, 0), (code.replace("-", ""), 2)):
        _add(forms, {text: distance + further})
        _add(forms, {_IDLE_ZEROS.sub("", text): distance + further + 1})
    return forms


def _without_announcement(words: Sequence[str]) -> list[str]:
    """Return ``words`` without what says which number follows: ``PO 450042``, ``P.O. #450042``, ``ISA13: 12``."""
    left = ["PO", *words[2:]] if list(words[:2]) == ["P", "O"] else list(words)
    while len(left) > 1 and left[0] in _ANNOUNCED:
        left = left[1:]
    joined = _ANNOUNCED_DIGITS.fullmatch(left[0]) if left else None
    return [joined[1], *left[1:]] if joined else left


def _add(forms: dict[str, int], more: Mapping[str, int]) -> None:
    for form, distance in more.items():
        if form:
            kept = form[:LONGEST]
            forms[kept] = min(distance, forms.get(kept, distance))


class Row(NamedTuple):
    """What a row of a reference table holds beside its subject."""

    kind: str
    value: str
    normal: str
    rank: int


def reference_rows(named: Iterable[tuple[str, str]]) -> list[Row]:
    """Return the rows for pairs of kind and value: one for each form, the nearest where two values share one."""
    rows: dict[tuple[str, str], Row] = {}
    for kind, value in named:
        for normal, given in normal_forms(value, kind).items():
            # The machines' numbers run through all that people number: PO-450042 is meant by 450042 before any of them.
            distance = given + (kind in CONTROL_NUMBERS)
            rank = 100 * (MOST_DISTANT - min(distance, MOST_DISTANT)) + KINDS[kind].rank
            known = rows.get((kind, normal))
            if known is None or known.rank < rank:
                rows[kind, normal] = Row(kind, value[:LONGEST], normal, rank)
    return list(rows.values())


Key = tuple[int, str, int, int, int]
"""Where a hit stands: exact or not, form, score, source, target; ascending, the first is shown first."""


@dataclass(frozen=True)
class Source:
    """A table of references: ``subject`` is the column of what a row belongs to; ``place`` orders equal hits.

    ``within`` is what else its rows have to fulfil, for who asks.
    """

    model: type[Model]
    subject: str
    place: int
    within: Q = field(default_factory=Q)

    @property
    def rows(self) -> QuerySet[Any]:
        """All rows that may be looked into."""
        return self.model._default_manager.filter(self.within)


@dataclass(frozen=True)
class Hit:
    """One row that matches. ``score`` is its rank, a hundred less for each step of distance of the term's form."""

    place: int
    target: int
    kind: str
    value: str
    normal: str
    score: int
    begins: bool

    @property
    def key(self) -> Key:
        """Where it stands among all hits of its term."""
        return (int(self.begins), self.normal if self.begins else "", -self.score, self.place, -self.target)

    @property
    def distance(self) -> int:
        """How far the term is from the value as written, over both their forms."""
        return MOST_DISTANT - self.score // 100


class _Pair(Func):
    """Two columns compared as one, which an index can do."""

    template = "(%(expressions)s)"
    output_field = IntegerField()


@dataclass(frozen=True)
class Term:
    """What somebody looks for."""

    text: str
    forms: Mapping[str, int]

    @classmethod
    def of(cls, text: str) -> Term:
        """Return the term that ``text`` is."""
        return cls(text, normal_forms(text))

    def exact(self, sources: Sequence[Source], limit: int, after: Key | None = None) -> list[Hit]:
        """Return the rows with one of the forms: the nearest first, then by kind, then the newest."""
        if after is not None and after[0] == 1:
            return []
        found = []
        for source in sources:
            for form, distance in self.forms.items():
                rows = source.rows.filter(normal=form)
                if after is not None:
                    rows = rows.filter(_behind(source, after, 100 * distance))
                found.append(_ranked(rows, source, 100 * distance)[:limit])
        ordered = _together(found, "-score", "place", "-target")
        return _hits(ordered[:limit], begins=False)

    def longer(self, sources: Sequence[Source], limit: int, after: Key | None = None) -> list[Hit]:
        """Return the rows whose form begins with one of the forms and goes on, in the order of their forms."""
        found = []
        for source in sources:
            for form in self._beginnings():
                rows = source.rows.filter(_longer(form)).exclude(normal__in=list(self.forms))
                if after is not None and after[0] == 1:
                    here = Q(normal__gt=after[1]) | (Q(normal=after[1]) & Q(_behind(source, after, 0)))
                    rows = rows.filter(Q(normal__gte=after[1]) & here)
                found.append(_ranked(rows, source, 0, "normal")[:limit])
        ordered = _together(found, "normal", "-score", "place", "-target")
        return _hits(ordered[:limit], begins=True)

    def reached(self, sources: Sequence[Source], limit: int) -> list[tuple[int, int]]:
        """Return where rows that are found lead to (place and target), ``limit`` rows at most and in no order: to be counted.

        Nothing else is read of them, so that the index alone answers: of an item that stands in each third document the rows lie
        all over the table.
        """
        found = []
        for source in sources:
            parts: list[tuple[Q, tuple[str, ...]]] = [(Q(normal=form), ()) for form in self.forms]
            parts += [
                (_longer(form) & ~Q(normal__in=list(self.forms)), ("normal",)) for form in self._beginnings()
            ]
            for condition, first in parts:
                rows = _in_order(source.rows.filter(condition), source, *first)
                found.append(rows.values_list("place", "target")[:limit])
        return list(_together(found)[:limit])

    def _beginnings(self) -> list[str]:
        """Return the forms that longer ones are looked for with.

        Without its zeros 000000001 would begin a tenth of all numbers; and what begins with another form is found
        with that one.
        """
        stripped = {_IDLE_ZEROS.sub("", each) for each in self.forms if each.startswith("0")}
        forms = [form for form in self.forms if form.startswith("0") or form not in stripped]
        return [form for form in forms if not any(form != each and form.startswith(each) for each in forms)]

    @property
    def condition(self) -> Q:
        """The condition that a row is found at all; for rows that are few already."""
        wanted = Q(normal__in=list(self.forms))
        for form in self._beginnings():
            wanted |= _longer(form)
        return wanted

    def hit(self, place: int, target: int, row: Row) -> Hit:
        """Return the hit that ``row``, which fulfils ``condition``, is."""
        distance = self.forms.get(row.normal)
        score = row.rank - 100 * (distance or 0)
        return Hit(place, target, row.kind, row.value, row.normal, score, begins=distance is None)


def _longer(form: str) -> Q:
    # The column sorts by code points, so that a range is what a prefix is, whatever the database's language.
    return Q(normal__gt=form, normal__lt=form + _LAST)


def _behind(source: Source, after: Key, penalty: int) -> Any:
    """Return the condition that rows of one form stand behind ``after``."""
    rank = -after[2] + penalty
    if source.place == after[3]:
        return LessThan(_Pair(F("rank"), F(source.subject)), _Pair(Value(rank), Value(-after[4])))
    return Q(rank__lte=rank) if source.place > after[3] else Q(rank__lt=rank)


def _in_order(rows: QuerySet[Any], source: Source, *first: str) -> Any:
    told = rows.annotate(place=Value(source.place, IntegerField()), target=F(source.subject))
    return told.order_by(*first, "-rank", f"-{source.subject}")


def _ranked(rows: QuerySet[Any], source: Source, penalty: int, *first: str) -> Any:
    told = _in_order(rows, source, *first).annotate(score=F("rank") - Value(penalty, IntegerField()))
    return told.values_list("place", "target", "kind", "value", "normal", "score")


def _together(found: Sequence[Any], *order: str) -> Any:
    if len(found) < 2:
        return found[0] if found else []
    together = found[0].union(*found[1:], all=True)
    return together.order_by(*order) if order else together


def _hits(rows: Iterable[tuple[int, int, str, str, str, int]], *, begins: bool) -> list[Hit]:
    return [
        Hit(place, target, kind, value, normal, score, begins)
        for place, target, kind, value, normal, score in rows
    ]
