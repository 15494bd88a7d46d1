"""A supplier's returns desk: it takes requests (180), answers them in many ways, says what came back, and gives credit.

=============== ==================================================================================
way             what the desk does
=============== ==================================================================================
authorize       takes all of it back, under a number of its own (RMA), for thirty days
deny            takes nothing back: it was as ordered
part            takes one less of the first line; of a single piece nothing of that line
more            takes one more of the first line than was asked
pending         has it in hand
picture         wants a picture first
keep            gives the money, and the goods stay where they are
silent          nothing, but for the 997
contradict      takes all of it back, and says a moment later that it does not
unasked         takes something back that nobody asked for: see ``unasked``
cancel          takes its authorization back
receive         has received all that it takes back
receive_short   has received one less of the first line
receive_broken  has received all, one of the first line damaged
credit          gives the money by an 812
credit_short    gives a cent less, by an 812
credit_whole    gives the money by an 812 that names no lines
credit_cancel   takes its last 812 back
memo            gives the money by a credit memo (810)
memo_short      gives a cent less, by a credit memo
again           says the last thing again, under new control numbers
=============== ==================================================================================

It writes no code of ours: its segments are typed from public guides, and its books say what it means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from integration.simulators.network.purchase_orders import (
    PurchaseOrder,
    Segments,
    begun,
    element,
    segments_of,
)

RETURN_WAYS = (
    "authorize", "deny", "part", "more", "pending", "picture", "keep", "silent", "contradict", "cancel",
    "receive", "receive_short", "receive_broken", "credit", "credit_short", "credit_whole", "credit_cancel",
    "memo", "memo_short", "again",
)  # fmt: skip
ANSWERS = ("authorize", "deny", "part", "more", "pending", "picture", "keep", "silent", "contradict")
"""What a desk may do by itself once it has got a request."""
REQUEST = "13"
HOLDS_DAYS = 30


@dataclass
class ReturnLine:
    """One line that is to go back, as it was asked for: ``ids`` are the pairs of qualifier and item number."""

    line: str
    quantity: Decimal
    unit: str
    price: Decimal
    ids: tuple[str, ...]


@dataclass
class ReturnRequest(PurchaseOrder):
    """A 180 as the desk reads it: ``number`` is the buyer's of this request, ``about`` of his order, ``called`` of the return."""

    about: str = ""
    called: str = ""
    wanted: list[ReturnLine] = field(default_factory=list)

    @property
    def group(self) -> str:
        """Return GS01 of the group that it came in."""
        return "AN"


@dataclass(frozen=True)
class Said:
    """One document of the desk: its code, its body, and what it means, for the ledger."""

    code: str
    body: Segments
    means: Mapping[str, str]


def read_requests(data: bytes) -> list[ReturnRequest]:
    """Return the return requests of an interchange, in their order."""
    found: list[ReturnRequest] = []
    request: ReturnRequest | None = None
    isa: list[str] = []
    gs: list[str] = []
    for each in segments_of(data):
        match each[0]:
            case "ISA":
                isa = each
            case "GS":
                gs = each
            case "ST":
                request = ReturnRequest(**vars(begun(isa, gs, each))) if element(each, 1) == "180" else None
                found.extend([request] if request else [])
            case _ if request is not None:
                _take(request, each)
    return found


def _take(request: ReturnRequest, segment: list[str]) -> None:
    match segment[0]:
        case "BGN":
            request.purpose, request.number, request.date = (element(segment, each) for each in (1, 2, 3))
            request.called = request.called or request.number
        case "PRF":
            request.about = request.about or element(segment, 1)
        case "N9" if element(segment, 1) == "ZZ":
            request.called = element(segment, 2)
        case "N9" if element(segment, 1) == "FJ" and request.wanted:
            request.wanted[-1].line = element(segment, 2)
        case "BLI":
            pairs = [(element(segment, each), element(segment, each + 1)) for each in (1, 8, 10, 12)]
            ids = tuple(part for pair in pairs if pair[1] for part in pair)
            request.wanted.append(
                ReturnLine(
                    str(len(request.wanted) + 1),
                    Decimal(element(segment, 3) or "0"),
                    element(segment, 4),
                    Decimal(element(segment, 6) or "0"),
                    ids,
                )
            )


@dataclass
class Desk:
    """What one supplier's desk knows of returns, by the buyer's number: what it took, and what it gave for it."""

    requests: dict[str, ReturnRequest] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    taken: dict[str, dict[str, Decimal]] = field(default_factory=dict)
    received: dict[str, dict[str, Decimal]] = field(default_factory=dict)
    given: dict[str, Decimal] = field(default_factory=dict)
    credits: dict[str, list[tuple[str, Decimal]]] = field(default_factory=dict)
    last: dict[str, Said] = field(default_factory=dict)
    documents: int = 0

    def hold(self, request: ReturnRequest) -> None:
        """Take a request; asked again, the same return is looked at anew."""
        self.requests[request.called] = request
        self.numbers.setdefault(request.called, f"RMA{len(self.numbers) + 1:05d}")

    def say(self, called: str, way: str, now: datetime) -> list[Said]:
        """Return what the desk sends for return ``called``, and enter it. Raises ``ValueError`` with a sentence."""
        if way not in RETURN_WAYS:
            raise ValueError(f"Ways are {', '.join(RETURN_WAYS)}.")
        if called not in self.requests:
            raise ValueError(f"No return {called!r} was asked for.")
        if way == "silent":
            return []
        if way == "again":
            if called not in self.last:
                raise ValueError(f"Nothing was said of return {called!r} yet.")
            return [self.last[called]]
        if way == "contradict":
            return [*self.say(called, "authorize", now), *self.say(called, "deny", now)]
        if way.startswith("receive"):
            said = self._receipt(called, way, now)
        elif way.startswith(("credit", "memo")):
            said = self._money(called, way, now)
        else:
            said = self._answer(called, way, now)
        self.last[called] = said
        return [said]

    def unasked(self, order: PurchaseOrder, now: datetime) -> Said:
        """Return an authorization for the first line of ``order``, under a number that nobody gave the desk."""
        line = order.lines[0]
        bli = ["BLI", element(line, 6), element(line, 7), "1", element(line, 3)]
        body = [*self._head("11", now), ["RDR", "RA"], ["PRF", order.number], ["N9", "RZ", "RMA99999"], bli]
        return Said("180", body, {"purchase_order": order.number, "rma": "RMA99999", "way": "unasked"})

    def _head(self, purpose: str, now: datetime, answered: str = "") -> Segments:
        self.documents += 1
        bgn = ["BGN", purpose, f"D{self.documents:06d}", f"{now:%Y%m%d}", f"{now:%H%M%S}", "", answered]
        return [bgn]

    def _answer(self, called: str, way: str, now: datetime) -> Said:
        request, rma = self.requests[called], self.numbers[called]
        taken = {each.line: each.quantity for each in request.wanted}
        first = request.wanted[0].line
        code, why = {
            "pending": ("RP", ""),
            "picture": ("RP", "PR"),
            "deny": ("RD", "IO"),
            "keep": ("KA", ""),
        }.get(way, ("RA", ""))
        if way in ("deny", "cancel"):
            taken = dict.fromkeys(taken, Decimal(0))
        if way == "part":
            code, taken[first] = "PA", taken[first] - 1
        if way == "more":
            taken[first] += 1
        body = self._head("01" if way == "cancel" else "11", now, request.number)
        body += [["RDR", code, "", why], ["PRF", request.about]]
        if way in ("authorize", "part", "more", "keep"):
            until = now + timedelta(days=HOLDS_DAYS)
            body += [["DTM", "036", f"{until:%Y%m%d}"], ["N9", "RZ", rma]]
        body.append(["N9", "ZZ", called])
        if way in ("part", "more"):
            for each in request.wanted:
                quantity = taken[each.line]
                body += [_bli(each, each.quantity), ["N9", "FJ", each.line]]
                body += [["RDR", "RA" if quantity else "RD", "", "" if quantity else "IN"]]
                body += [["QTY", "QA", _plain(quantity)]] if quantity else []
        if way not in ("pending", "picture"):
            self.taken[called] = taken
        means = {line: _plain(quantity) for line, quantity in taken.items()}
        return Said("180", body, {"way": way, "rma": rma, **means})

    def _receipt(self, called: str, way: str, now: datetime) -> Said:
        request, rma = self.requests[called], self.numbers[called]
        taken = self.taken.get(called) or {each.line: each.quantity for each in request.wanted}
        body = [
            *self._head("14", now),
            ["PRF", request.about],
            ["DTM", "050", f"{now:%Y%m%d}"],
            ["N9", "RZ", rma],
        ]
        received: dict[str, Decimal] = {}
        for place, each in enumerate(request.wanted):
            came = max(taken[each.line] - (1 if way == "receive_short" and place == 0 else 0), Decimal(0))
            broken = Decimal(1 if way == "receive_broken" and place == 0 and came else 0)
            received[each.line] = came
            if not came:
                continue
            body += [_bli(each, came), ["N9", "FJ", each.line]]
            body += [["QTY", "87", _plain(came - broken)]] if came > broken else []
            body += [["QTY", "74", _plain(broken)]] if broken else []
        self.received[called] = received
        return Said("180", body, {"way": way, **{line: _plain(each) for line, each in received.items()}})

    def _money(self, called: str, way: str, now: datetime) -> Said:
        request, rma = self.requests[called], self.numbers[called]
        owed = self.received.get(called) or self.taken.get(called) or {}
        lines = [(each, owed.get(each.line, Decimal(0))) for each in request.wanted]
        lines = [(each, quantity) for each, quantity in lines if quantity]
        amount = sum((each.price * quantity for each, quantity in lines), Decimal(0)).quantize(
            Decimal("0.01")
        )
        if way.endswith("_short"):
            amount -= Decimal("0.01")
        before = self.credits.setdefault(called, [])
        number = f"CR{sum(len(each) for each in self.credits.values()) + 1:05d}"
        if way == "credit_cancel":
            if not before:
                raise ValueError(f"No 812 was sent for return {called!r}.")
            number, amount = before.pop()
            self.given[called] = self.given.get(called, Decimal(0)) - amount
            return Said(
                "812",
                _adjustment(number, amount, request, rma, [], now, "01"),
                {"way": way, "number": number},
            )
        before.append((number, amount))
        self.given[called] = self.given.get(called, Decimal(0)) + amount
        means = {"way": way, "number": number, "amount": f"{amount:.2f}"}
        if way.startswith("memo"):
            return Said("810", _memo(number, amount, request, rma, lines, now), means)
        told = [] if way == "credit_whole" else lines
        return Said("812", _adjustment(number, amount, request, rma, told, now, "00"), means)


def _adjustment(
    number: str,
    amount: Decimal,
    request: ReturnRequest,
    rma: str,
    lines: list[tuple[ReturnLine, Decimal]],
    now: datetime,
    purpose: str,
) -> Segments:
    bcd = ["BCD", f"{now:%Y%m%d}", number, "L", _cents(amount), "C", "", "", "", "", request.about, purpose]
    body: Segments = [bcd, ["CUR", "SE", "USD"], ["N9", "RZ", rma], ["N9", "ZZ", request.called]]
    body.append(["N1", "VN", "Returns desk"])
    for place, (each, quantity) in enumerate(lines, 1):
        cost = _cents(each.price * quantity)
        body += [
            [
                "CDD",
                "72",
                "C",
                str(place),
                cost,
                "",
                "",
                _plain(quantity),
                each.unit,
                "",
                "UCP",
                _plain(each.price),
            ],
            ["LIN", each.line, *each.ids],
        ]
    return body


def _memo(
    number: str,
    amount: Decimal,
    request: ReturnRequest,
    rma: str,
    lines: list[tuple[ReturnLine, Decimal]],
    now: datetime,
) -> Segments:
    body: Segments = [
        ["BIG", f"{now:%Y%m%d}", number, "", request.about, "", "", "CR"],
        ["CUR", "SE", "USD"],
        ["REF", "RZ", rma],
    ]
    left = amount
    for place, (each, quantity) in enumerate(lines, 1):
        price = each.price if place < len(lines) else left / quantity
        left -= price * quantity
        body.append(["IT1", each.line, _plain(quantity), each.unit, _plain(price), "PE", *each.ids])
    return [*body, ["TDS", _cents(amount)], ["CTT", str(len(lines))]]


def _bli(line: ReturnLine, quantity: Decimal) -> list[str]:
    first, *others = [line.ids[place : place + 2] for place in range(0, len(line.ids), 2)]
    tail = [part for pair in others for part in pair]
    return [
        "BLI",
        *first,
        _plain(quantity),
        line.unit,
        "UCP",
        _plain(line.price),
        *([""] if tail else []),
        *tail,
    ]


def _cents(amount: Decimal) -> str:
    return f"{amount * 100:.0f}"


def _plain(number: Decimal) -> str:
    text = f"{number.normalize():f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
