"""Files of purchase orders, acknowledgments and ship notices as real traffic has them, of any size, from a seed.

Sets of 300 to 2,000 bytes, in the mix of segments that public files show; names and numbers are invented. Faults
can be planted, each one in a set of its own, with the finding that it has to give.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

SMALLEST, LARGEST = 300, 2000
SETS_A_GROUP = 500
GROUPS = {"850": "PO", "855": "PR", "856": "SH"}
LINE = {"850": "PO1", "855": "PO1", "856": "HL"}

Rows = list[list[str]]

_NAMES = (
    "Mara Quill",
    "Iva Dorn",
    "Otto Brandl",
    "Teahouse Supply",
    "North Quay Trading",
    "Ruth Amsel",
    "Harbour Goods",
)
_STREETS = ("12 Harbour Lane", "7 Mill Row", "400 Quay Street", "88 Orchard Road", "3 Old Market")
_CITIES = (
    ("Northport", "NY", "11768"),
    ("Salem", "OR", "97301"),
    ("Dover", "DE", "19901"),
    ("Aston", "PA", "19014"),
)
_GOODS = ("Blue mug", "Green tea, 24 bags", "Wool blanket", "Oak tray", "Steel bottle 750 ml", "Linen towel")


@dataclass(frozen=True)
class Fault:
    """A planted fault: the finding that it gives, by the set's place in the file (0 is the first)."""

    set: int
    tag: str
    position: int
    element: int | None
    code: str


@dataclass(frozen=True)
class Traffic:
    """A file, what it holds, and what is wrong with it."""

    code: str
    data: bytes
    sets: int
    segments: int
    faults: tuple[Fault, ...]


def traffic(code: str, size: int, seed: int, faults: int = 0) -> Traffic:
    """A file of about ``size`` bytes of one kind of set."""
    rng = random.Random(f"{code} {seed}")
    sets = _sets(code, size, rng)
    return _file(code, sets, _plant(sets, faults, rng))


def good_and_bad(code: str, size: int, seed: int, faults: int) -> tuple[Traffic, Traffic]:
    """The file without faults, and the same one with them."""
    rng = random.Random(f"{code} {seed}")
    sets = _sets(code, size, rng)
    good = _file(code, sets, ())
    return good, _file(code, sets, _plant(sets, faults, rng))


def _sets(code: str, size: int, rng: random.Random) -> list[Rows]:
    sets: list[Rows] = []
    total = 0
    while total < size:
        made = _BODIES[code](rng, len(sets), rng.randint(SMALLEST, LARGEST))
        sets.append(made)
        total += _length(made)
    return sets


def _plant(sets: list[Rows], faults: int, rng: random.Random) -> tuple[Fault, ...]:
    """Damages sets, each in another way."""
    planted: list[Fault] = []
    for at in sorted(rng.sample(range(len(sets)), faults)):
        damage = _DAMAGES[len(planted) % len(_DAMAGES)]
        tag, position, element, mark = damage(sets[at])
        planted.append(Fault(at, tag, position, element, mark))
    return tuple(planted)


def _file(code: str, sets: list[Rows], planted: tuple[Fault, ...]) -> Traffic:
    data = "".join(_lines(code, sets)).encode("ascii")
    return Traffic(code, data, len(sets), data.count(b"~"), planted)


def _length(rows: Rows) -> int:
    return sum(len(text) + 1 for row in rows for text in row)


def _lines(code: str, sets: list[Rows]) -> Iterator[str]:
    yield "ISA*00*          *00*          *ZZ*QUAYSHOP       *12*5550100        *260302*0941*U*00401*000000042*0*P*>~"
    groups = range(0, len(sets), SETS_A_GROUP)
    for number, first in enumerate(groups, start=1):
        yield f"GS*{GROUPS[code]}*QUAYSHOP*5550100*20260302*0941*{number}*X*004010~"
        group = sets[first : first + SETS_A_GROUP]
        for rows in group:
            for row in rows:
                yield "*".join(row) + "~"
        yield f"GE*{len(group)}*{number}~"
    yield f"IEA*{len(groups)}*000000042~"


def _whole(code: str, number: int, body: Rows) -> Rows:
    control = f"{number % SETS_A_GROUP + 1:04d}"
    return [["ST", code, control], *body, ["SE", str(len(body) + 2), control]]


def _date(rng: random.Random) -> str:
    return f"2026{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}"


def _digits(rng: random.Random, count: int) -> str:
    return f"{rng.randrange(10**count):0{count}d}"


def _party(rng: random.Random, role: str) -> Rows:
    city, state, postal = rng.choice(_CITIES)
    return [
        ["N1", role, rng.choice(_NAMES), "92", _digits(rng, 6)],
        ["N3", rng.choice(_STREETS)],
        ["N4", city, state, postal, "US"],
    ]


def _price(rng: random.Random) -> str:
    return f"{rng.randint(1, 300)}.{rng.randint(0, 99):02d}"


def _order_line(rng: random.Random, number: int) -> list[str]:
    unit = rng.choice(("EA", "CA", "BX"))
    return ["PO1", str(number), str(rng.randint(1, 48)), unit, _price(rng), "PE", "VN", f"V-{_digits(rng, 5)}",
            "UP", _digits(rng, 12)]  # fmt: skip


def _purchase_order(rng: random.Random, number: int, size: int) -> Rows:
    body = [
        ["BEG", "00", "DS", f"PO{_digits(rng, 8)}", "", _date(rng)],
        ["CUR", "BY", "USD"],
        ["REF", "CO", _digits(rng, 9)],
        ["REF", "IA", _digits(rng, 6)],
        ["PER", "BD", rng.choice(_NAMES), "TE", _digits(rng, 10), "EM", "orders@quayshop.example"],
        ["DTM", "010", _date(rng)],
        ["TD5", "O", "2", "EXMP", "U", "Ground"],
        *_party(rng, "ST"),
    ]
    lines: list[Rows] = []
    while not lines or _length(body) + sum(map(_length, lines)) + 60 < size:
        line = [_order_line(rng, len(lines) + 1), ["PID", "F", "08", "", "", rng.choice(_GOODS)]]
        if rng.random() < 0.3:
            line.append(["REF", "LT", _digits(rng, 7)])
        lines.append(line)
    return _whole("850", number, [*body, *(row for line in lines for row in line), ["CTT", str(len(lines))]])


def _acknowledgment(rng: random.Random, number: int, size: int) -> Rows:
    body = [
        [
            "BAK",
            "00",
            "AC",
            f"PO{_digits(rng, 8)}",
            _date(rng),
            "",
            "",
            "",
            f"SO{_digits(rng, 7)}",
            _date(rng),
        ],
        ["REF", "CO", _digits(rng, 9)],
        *_party(rng, "ST"),
    ]
    lines: list[Rows] = []
    while not lines or _length(body) + sum(map(_length, lines)) + 60 < size:
        ordered = _order_line(rng, len(lines) + 1)
        status = rng.choice(("IA", "IA", "IA", "IB", "IR"))
        line = [ordered, ["ACK", status, ordered[2], ordered[3], "068", _date(rng)]]
        if rng.random() < 0.5:
            line.insert(1, ["PID", "F", "08", "", "", rng.choice(_GOODS)])
        lines.append(line)
    return _whole("855", number, [*body, *(row for line in lines for row in line), ["CTT", str(len(lines))]])


def _ship_notice(rng: random.Random, number: int, size: int) -> Rows:
    body = [
        ["BSN", "00", f"S{_digits(rng, 8)}", _date(rng), f"{rng.randint(0, 23):02d}15", "0001"],
        ["HL", "1", "", "S", "1"],
        ["TD1", "CTN25", str(rng.randint(1, 90)), "", "", "", "G", str(rng.randint(2, 900)), "LB"],
        ["TD5", "B", "2", "EXMP", "U"],
        ["REF", "BM", _digits(rng, 9)],
        ["DTM", "011", _date(rng)],
        *_party(rng, "ST"),
        ["HL", "2", "1", "O", "1"],
        ["PRF", f"PO{_digits(rng, 8)}", "", "", _date(rng)],
    ]
    levels = 2
    while levels == 2 or _length(body) + 40 < size:
        levels += 1
        pack = str(levels)
        body += [["HL", pack, "2", "P", "1"], ["MAN", "GM", f"00{_digits(rng, 18)}"]]
        for _ in range(rng.randint(1, 4)):
            levels += 1
            body += [
                ["HL", str(levels), pack, "I", "0"],
                ["LIN", "", "VN", f"V-{_digits(rng, 5)}", "UP", _digits(rng, 12)],
                ["SN1", "", str(rng.randint(1, 48)), "EA"],
            ]
            if rng.random() < 0.2:
                body.append(["PID", "F", "08", "", "", rng.choice(_GOODS)])
    return _whole("856", number, [*body, ["CTT", str(levels)]])


_BODIES: dict[str, Callable[[random.Random, int, int], Rows]] = {
    "850": _purchase_order,
    "855": _acknowledgment,
    "856": _ship_notice,
}


# Faults: each changes one set, keeps its count of segments right, and tells tag, position, element and code.

Told = tuple[str, int, int | None, str]


def _place(rows: Rows, tag: str) -> int:
    return next(at for at, row in enumerate(rows) if row[0] == tag)


def _recount(rows: Rows) -> None:
    rows[-1][1] = str(len(rows))


def _no_date(rows: Rows) -> Told:
    tag, element = {"850": ("BEG", 5), "855": ("BAK", 4), "856": ("BSN", 3)}[rows[0][1]]
    at = _place(rows, tag)
    rows[at][element] = "20260230"
    return tag, at + 1, element, "8"


def _unknown_role(rows: Rows) -> Told:
    at = _place(rows, "N1")
    rows[at][1] = "QQQ"
    return "N1", at + 1, 1, "7"


def _half_a_pair(rows: Rows) -> Told:
    at = _place(rows, "N1")
    del rows[at][4]
    return "N1", at + 1, 4, "2"


def _missing_element(rows: Rows) -> Told:
    at = _place(rows, "N3")
    rows[at][1:] = ["", "Flat 3"]
    return "N3", at + 1, 1, "1"


def _one_element_too_many(rows: Rows) -> Told:
    at = _place(rows, "N3")
    rows[at][1:] = ["3 Old Market", "Flat 3", "Ring twice"]
    return "N3", at + 1, 3, "3"


def _too_long(rows: Rows) -> Told:
    at = _place(rows, "REF")
    rows[at][2] = "4" * 31
    return "REF", at + 1, 2, "5"


def _too_short(rows: Rows) -> Told:
    at = _place(rows, "N4")
    rows[at][3] = "19"
    return "N4", at + 1, 3, "4"


def _no_number(rows: Rows) -> Told:
    tag, element = {"850": ("PO1", 2), "855": ("PO1", 2), "856": ("SN1", 2)}[rows[0][1]]
    at = _place(rows, tag)
    rows[at][element] = "3,5"
    return tag, at + 1, element, "6"


def _strange_segment(rows: Rows) -> Told:
    at = _place(rows, "N3")
    rows.insert(at, ["QQ9", "1"])
    _recount(rows)
    return "QQ9", at + 1, None, "1"


def _missing_segment(rows: Rows) -> Told:
    tag = rows[1][0]
    del rows[1]
    _recount(rows)
    return tag, 2, None, "3"


def _too_often(rows: Rows) -> Told:
    at = len(rows) - 2
    rows.insert(at, list(rows[at]))
    _recount(rows)
    return "CTT", at + 2, None, "5" if rows[0][1] == "856" else "4"


def _wrong_count(rows: Rows) -> Told:
    rows[-1][1] = str(len(rows) + 1)
    return "SE", 0, None, "4"


def _wrong_number(rows: Rows) -> Told:
    rows[-1][2] = "9999"
    return "SE", 0, None, "3"


_DAMAGES: tuple[Callable[[Rows], Told], ...] = (
    _no_date,
    _unknown_role,
    _half_a_pair,
    _missing_element,
    _one_element_too_many,
    _too_long,
    _too_short,
    _no_number,
    _strange_segment,
    _missing_segment,
    _too_often,
    _wrong_count,
    _wrong_number,
)
