"""Returns opened from a file: a line each of what goes back, looked at first, then opened whole or not at all.

Lines of one purchase order with the same ``reference`` are one return; a reference opens once, so a file that comes again
opens nothing twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext

from archive import store as archive_store
from archive.record import record_audit
from integration.flows.match_invoices import lock_orders
from integration.flows.persons import tie_file
from integration.flows.return_rows import Wanted, request_return, start_return, why_not_returnable
from integration.flows.return_settling import settle_returns, steps_of_unmatched
from integration.flows.rights import DECIDE, Refused, require
from integration.flows.steps import STEPS
from integration.flows.translation_files import NEW, SAME, WRONG, FilePlan, Row, read_lines
from integration.models import PurchaseOrder, ReturnCase
from integration.work import put

COLUMNS = ("reference", "purchase_order", "line", "quantity", "reason", "disposition", "comment", "word")
REQUIRED = ("reference", "purchase_order", "line", "quantity", "reason")
LONGEST_REFERENCE = 60


@dataclass
class Listed:
    """One return of the file: its lines, and by which of the file's they stand."""

    reference: str
    purchase_order: PurchaseOrder
    word: str = ""
    lines: list[Wanted] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)

    @property
    def key(self) -> str:
        """Return what the return is known by, so that it is opened once."""
        return f"file:{self.reference}"


@dataclass(frozen=True)
class ReturnsPlan(FilePlan):
    """What a file of returns comes to; ``saved`` are the returns to be opened."""

    saved: tuple[Listed, ...]


def plan_returns(text: str) -> ReturnsPlan:
    """Return what opening the returns of the file ``text`` would do; nothing is changed."""
    lines, problem = read_lines(text, COLUMNS, REQUIRED)
    if problem is not None:
        return ReturnsPlan((problem,), ())
    numbers = {cells["purchase_order"].upper() for _, cells in lines}
    found = PurchaseOrder.objects.select_related("order__store", "agreement__partner").filter(
        number__in=numbers
    )
    known = {each.number: each for each in found}
    listed: dict[tuple[str, str], Listed] = {}
    rows: dict[int, Row] = {}
    for number, cells in lines:
        what = f"{cells['purchase_order']} line {cells['line']}"
        try:
            _list(number, cells, known, listed)
            rows[number] = Row(number, NEW, what, "")
        except ValueError as error:
            rows[number] = Row(number, WRONG, what, str(error))
    besides: dict[str, dict[int, Decimal]] = defaultdict(dict)
    saved = [each for each in listed.values() if _judge(each, rows, besides[each.purchase_order.number])]
    return ReturnsPlan(tuple(rows.values()), tuple(saved))


def open_returns(
    user: User, text: str, digest: str, reason: str, *, ask: bool = False
) -> Sequence[ReturnCase]:
    """Open the returns of the file as it was shown, whole; ``ask``: the partners are asked for them at once.

    Raises ``Refused`` where it would do something else now.
    """
    reason = require(user, DECIDE, reason)
    with transaction.atomic():
        before = plan_returns(text)
        lock_orders({each.purchase_order.pk for each in before.saved})
        plan = plan_returns(text)
        if plan.digest != digest:
            raise Refused(
                gettext("Something has changed since you looked. Here is what the file would do now.")
            )
        if plan.counts[WRONG] or not plan.saved:
            raise Refused(
                gettext("Lines of the file are wrong, or it opens nothing: correct it, and choose it again.")
            )
        kept = archive_store.put(text.encode())
        made = [_open(each, user.get_username()) for each in plan.saved]
        steps = [step for each in plan.saved for step in settle_returns(each.purchase_order)]
        for case in made:
            tie_file(kept, case.order)
            steps += steps_of_unmatched(case, case.number, case.purchase_order.number)
            steps += request_return(case) if ask else []
            record_audit(
                user,
                "open return",
                case.subject,
                reason=reason,
                detail={"number": case.number, "file": kept.address},
            )
        for step in steps:
            put(STEPS[step.name].lane, step)
    return made


def _open(each: Listed, actor: str) -> ReturnCase:
    return start_return(
        each.purchase_order,
        each.lines,
        word=each.word,
        source=ReturnCase.Source.FILE,
        source_key=each.key,
        actor=actor,
    )


def _list(
    number: int,
    cells: Mapping[str, str],
    known: Mapping[str, PurchaseOrder],
    listed: dict[tuple[str, str], Listed],
) -> None:
    """Understand one line. Raises ``ValueError`` with what is wrong."""
    reference = cells["reference"]
    if not reference or len(reference) > LONGEST_REFERENCE:
        raise ValueError(
            f"A reference has 1 to {LONGEST_REFERENCE} characters: it says which lines are one return."
        )
    purchase_order = known.get(cells["purchase_order"].upper())
    if purchase_order is None:
        raise ValueError(f"There is no purchase order {cells['purchase_order'] or 'without a number'}.")
    if not cells["line"].isdecimal() or len(cells["line"]) > 5:
        raise ValueError(f"“{cells['line']}” is no line number.")
    wanted = Wanted(
        int(cells["line"]),
        _quantity(cells["quantity"]),
        cells["reason"],
        cells.get("disposition", ""),
        cells.get("comment", ""),
    )
    stands = listed.setdefault((reference, purchase_order.number), Listed(reference, purchase_order))
    stands.word = stands.word or cells.get("word", "")
    stands.rows.append(number)
    stands.lines.append(wanted)


def _judge(listed: Listed, rows: dict[int, Row], besides: dict[int, Decimal]) -> bool:
    """Write what becomes of the lines of one return; return whether it is opened.

    ``besides`` is what others of the file take back of the same purchase order.
    """
    verdict, sentence = (
        NEW,
        f"{listed.purchase_order.agreement.partner} is to take it back: {listed.reference}.",
    )
    earlier = listed.purchase_order.returns.filter(source_key=listed.key).first()
    problem = "" if earlier is not None else why_not_returnable(listed.purchase_order, listed.lines, besides)
    if earlier is not None:
        verdict, sentence = SAME, f"It is return {earlier.number} already, and left as it is."
    elif problem:
        verdict, sentence = WRONG, problem
    for number in listed.rows:
        rows[number] = Row(number, verdict, rows[number].what, sentence)
    if verdict == NEW:
        for each in listed.lines:
            besides[each.line_number] = besides.get(each.line_number, Decimal(0)) + each.quantity
    return verdict == NEW


def _quantity(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"“{text}” is no quantity; write it as 2 or 2.5.") from None
    exponent = value.as_tuple().exponent
    if not value.is_finite() or not 0 < value < 10**10 or (isinstance(exponent, int) and exponent < -4):
        raise ValueError(f"“{text}” cannot go back: more than 0, with 4 decimals at most.")
    return value
