"""Items and code lists as CSV: written for spreadsheets, and read back row by row before anything is changed.

Files are UTF-8 with a byte order mark, without which Excel takes them for the local character set. A cell that a
spreadsheet would take for a formula is written behind an apostrophe, which is taken off again on reading.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from integration.flows.rights import Refused
from integration.flows.spreadsheets import csv_pieces, unguarded
from integration.flows.translations import Changed, change
from partners.agreements import code_lists
from partners.mapping.codes import HELD, merged
from partners.mapping.compiler import load_shipped_guide, shipped_code_lists, shipped_guides
from partners.models import Agreement, CodeList, CodeListEntry, ItemCrossReference

MARK = "\ufeff"
MOST_ROWS = 20_000
NEW, CHANGED, SAME, WRONG = "new", "changed", "same", "wrong"
USUAL_VERSION = "004010"
ITEM_COLUMNS = ("agreement", "sku", "vendor_item", "upc", "unit", "partner_unit", "pack_factor", "unit_cost")
CODE_COLUMNS = ("agreement", "list", "ours", "theirs")
_NUMBERS = frozenset({"pack_factor", "unit_cost"})


@dataclass(frozen=True)
class Row:
    """What one line of a file comes to: ``verdict`` new, changed, same or wrong, and the sentence that says so."""

    line: int
    verdict: str
    what: str
    sentence: str


@dataclass(frozen=True)
class FilePlan:
    """What importing a file would do. ``digest`` names exactly this; ``saved`` are the rows to be saved."""

    rows: tuple[Row, ...]
    saved: tuple[Any, ...]

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the plan."""
        return hashlib.sha256(repr(self.rows).encode()).hexdigest()

    @property
    def counts(self) -> dict[str, int]:
        """Return how many lines are new, changed, the same and wrong."""
        found = Counter(row.verdict for row in self.rows)
        return {verdict: found[verdict] for verdict in (NEW, CHANGED, SAME, WRONG)}


def items_csv(items: Iterable[ItemCrossReference]) -> Iterator[str]:
    """Yield the file of ``items`` a line at a time."""
    yield from csv_pieces(
        ITEM_COLUMNS,
        ([item.agreement.name, *(_cell(getattr(item, name)) for name in ITEM_COLUMNS[1:])] for item in items),
        MARK,
    )


def codes_csv(entries: Iterable[CodeListEntry]) -> Iterator[str]:
    """Yield the file of code list entries a line at a time."""
    yield from csv_pieces(
        CODE_COLUMNS,
        ([each.code_list.agreement.name, each.code_list.name, each.ours, each.theirs] for each in entries),
        MARK,
    )


def import_file(
    user: User, plan_file: Callable[[str], FilePlan], text: str, digest: str, reason: str
) -> Changed:
    """Import a file as it was shown: all of it or nothing. Raises ``Refused`` where it would do something else now."""
    plan = plan_file(text)
    if plan.digest != digest:
        raise Refused(gettext("Something has changed since you looked. Here is what the file would do now."))
    if plan.counts[WRONG]:
        raise Refused(gettext("Lines of the file are wrong: correct them, and choose the file again."))
    return change(user, reason, plan.saved)


def plan_items(text: str) -> FilePlan:
    """Return what importing a file of items would do."""
    lines, problem = read_lines(text, ITEM_COLUMNS, required=("agreement", "sku"))
    if problem is not None:
        return FilePlan((problem,), ())
    agreements = _agreements(lines)
    known = {
        (item.agreement_id, item.sku): item
        for item in ItemCrossReference.objects.filter(agreement__in=agreements.values())
    }
    units = {each.pk: purchase_units(each) for each in agreements.values()}
    keys = Counter((cells["agreement"], cells["sku"]) for _, cells in lines)

    def judge(cells: dict[str, str]) -> tuple[str, str, Any]:
        agreement = _agreement(agreements, cells["agreement"])
        if keys[cells["agreement"], cells["sku"]] > 1:
            raise ValueError(
                f"SKU {cells['sku']} of {agreement} stands in the file more than once; leave one of them."
            )
        stands = known.get((agreement.pk, cells["sku"]))
        item = stands or ItemCrossReference(agreement=agreement, sku=cells["sku"])
        was = {name: getattr(item, name) for name in ITEM_COLUMNS[2:]}
        for name in ITEM_COLUMNS[2:]:
            if name in cells:
                setattr(item, name, _value(name, cells[name]))
        item.clean_fields(exclude=["agreement"])
        for sentence in unit_problems(item, units[agreement.pk]).values():
            raise ValueError(sentence)
        now = {name: getattr(item, name) for name in was}
        return _verdict(stands, was, now), _sentence(stands, was, now), item

    return _planned(lines, judge, lambda cells: cells["sku"])


def plan_codes(text: str) -> FilePlan:
    """Return what importing a file of code list entries would do."""
    lines, problem = read_lines(text, CODE_COLUMNS, required=CODE_COLUMNS)
    if problem is not None:
        return FilePlan((problem,), ())
    agreements = _agreements(lines)
    lists = {
        (each.agreement_id, each.name): each
        for each in CodeList.objects.filter(agreement__in=agreements.values()).select_related("agreement")
    }
    stored = CodeListEntry.objects.filter(code_list__in=lists.values()).select_related("code_list__agreement")
    known = {(each.code_list_id, each.ours): each for each in stored}
    keys = Counter((cells["agreement"], cells["list"], cells["ours"]) for _, cells in lines)
    made: dict[tuple[int, str], CodeList] = {}

    def judge(cells: dict[str, str]) -> tuple[str, str, Any]:
        agreement = _agreement(agreements, cells["agreement"])
        if problem := code_list_problem(cells["list"]):
            raise ValueError(problem)
        if keys[cells["agreement"], cells["list"], cells["ours"]] > 1:
            raise ValueError(f"“{cells['ours']}” of that list stands in the file more than once; leave one.")
        if problem := entry_problem(cells["ours"], cells["theirs"]):
            raise ValueError(problem)
        key = (agreement.pk, cells["list"])
        code_list = lists.get(key) or made.setdefault(key, CodeList(agreement=agreement, name=cells["list"]))
        stands = known.get((code_list.pk, cells["ours"]))
        entry = stands or CodeListEntry(code_list=code_list, ours=cells["ours"])
        was, now = {"theirs": entry.theirs}, {"theirs": cells["theirs"]}
        entry.theirs = cells["theirs"]
        entry.clean_fields(exclude=["code_list"])
        return _verdict(stands, was, now), _sentence(stands, was, now), entry

    plan = _planned(lines, judge, lambda cells: f"{cells['list']}: {cells['ours']}")
    return FilePlan(plan.rows, (*made.values(), *plan.saved))


def purchase_units(agreement: Agreement | None) -> frozenset[str]:
    """Return the units that a purchase order under ``agreement`` can say; without one, those of the guide."""
    version = agreement.version if agreement else USUAL_VERSION
    # A form may hold a version that nobody knows: it says so itself.
    known = ("850", version[:6]) in shipped_guides()
    guide = load_shipped_guide("850", version if known else USUAL_VERSION)
    stored = agreement if agreement and agreement.pk else None
    return frozenset(merged(guide.codes, code_lists(stored))["units"])


def unit_problems(item: ItemCrossReference, units: frozenset[str]) -> dict[str, str]:
    """Return why no purchase order could be written in the units of ``item``, by field, in sentences."""
    known = gettext("Use one of: %(units)s; or add it to the agreement's code list “units” first.") % {
        "units": ", ".join(sorted(units))
    }
    if item.partner_unit and item.partner_unit not in units:
        return {
            "partner_unit": gettext("“%(partner_unit)s” is no unit that a purchase order can say. %(known)s")
            % {"partner_unit": item.partner_unit, "known": known}
        }
    if item.pack_factor != 1 and item.partner_unit in ("", item.unit):
        return {
            "partner_unit": gettext("Enter the unit of the partner that holds so many of ours, such as case.")
        }
    if item.unit not in units:
        return {
            "unit": gettext("“%(unit)s” is no unit that a purchase order can say. %(known)s")
            % {"unit": item.unit, "known": known}
        }
    return {}


def code_list_problem(name: str) -> str:
    """Return why no guide would ever look into a code list of this name, or ``""``."""
    names = shipped_code_lists()
    if name in names:
        return ""
    return gettext("No guide has a code list “%(name)s”; there are: %(names)s.") % {
        "name": name,
        "names": ", ".join(sorted(names)),
    }


def entry_problem(ours: str, theirs: str) -> str:
    """Return why an entry would never be used, or ``""``."""
    if not ours.strip(" ") or not theirs.strip(" "):
        return gettext("Enter both our word and their code.")
    if ours.strip(" ").startswith(HELD):
        return gettext(
            "A word that begins with %(mark)s marks a code without a word: enter the word itself."
        ) % {"mark": HELD}
    return ""


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = f"{value:f}" if isinstance(value, Decimal) else str(value)
    return text.rstrip("0").rstrip(".") if isinstance(value, Decimal) and "." in text else text


def read_lines(
    text: str, columns: Sequence[str], required: Sequence[str]
) -> tuple[list[tuple[int, dict[str, str]]], Row | None]:
    """Return the lines of a file by their number, or what is wrong with the file as a whole."""
    text = text.removeprefix(MARK)
    head = text.split("\n", 1)[0]
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=";" if head.count(";") > head.count(",") else ","
    )
    try:
        header = [name.strip() for name in next(reader, [])]
        if sentence := _header_problem(header, columns, required):
            return [], Row(1, WRONG, "", sentence)
        lines = []
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                return [], Row(
                    reader.line_num,
                    WRONG,
                    "",
                    f"The line has {len(cells)} cells, and the first line names {len(header)}.",
                )
            named = zip(header, (unguarded(cell.strip(" ")) for cell in cells), strict=True)
            lines.append((reader.line_num, dict(named)))
    except csv.Error as error:
        return [], Row(
            reader.line_num, WRONG, "", f"The line is no CSV ({error}): save the file as CSV once more."
        )
    if len(lines) > MOST_ROWS:
        return [], Row(
            MOST_ROWS + 2, WRONG, "", f"The file has more than {MOST_ROWS:,} lines: import it in parts."
        )
    return lines, None


def _header_problem(header: Sequence[str], columns: Sequence[str], required: Sequence[str]) -> str:
    usual = gettext("The columns are: %(columns)s.") % {"columns": ", ".join(columns)}
    if unknown := [name for name in header if name not in columns]:
        return gettext("There is no column “%(unknown)s”. %(usual)s") % {
            "unknown": unknown[0],
            "usual": usual,
        }
    if missing := [name for name in required if name not in header]:
        return gettext("The column “%(missing)s” is missing. %(usual)s") % {
            "missing": missing[0],
            "usual": usual,
        }
    if len(set(header)) < len(header):
        return gettext("A column stands twice. %(usual)s") % {"usual": usual}
    return ""


def _planned(
    lines: Sequence[tuple[int, dict[str, str]]],
    judge: Callable[[dict[str, str]], tuple[str, str, Any]],
    called: Callable[[dict[str, str]], str],
) -> FilePlan:
    rows, saved = [], []
    for line, cells in lines:
        try:
            verdict, sentence, row = judge(cells)
        except ValidationError as error:
            problems = [f"{name}: {' '.join(said)}" for name, said in error.message_dict.items()]
            rows.append(Row(line, WRONG, called(cells), "; ".join(problems)))
        except ValueError as error:
            rows.append(Row(line, WRONG, called(cells), str(error)))
        else:
            rows.append(Row(line, verdict, called(cells), sentence))
            if verdict != SAME:
                saved.append(row)
    return FilePlan(tuple(rows), tuple(saved))


def _agreements(lines: Sequence[tuple[int, dict[str, str]]]) -> dict[str, Agreement]:
    names = {cells["agreement"] for _, cells in lines}
    return {each.name: each for each in Agreement.objects.filter(name__in=names)}


def _agreement(agreements: dict[str, Agreement], name: str) -> Agreement:
    if name not in agreements:
        raise ValueError(f"There is no agreement “{name}”.")
    return agreements[name]


def _value(name: str, text: str) -> Any:
    if name not in _NUMBERS:
        return text or ("each" if name == "unit" else "")
    if not text:
        return Decimal(1) if name == "pack_factor" else None
    try:
        value = Decimal(text)
    except ArithmeticError as error:
        raise ValueError(
            f"“{text}” is no number ({name}): write it with a point, without a currency."
        ) from error
    if not value.is_finite():
        raise ValueError(f"“{text}” is no number ({name}).")
    return value


def _verdict(stands: Any, was: dict[str, Any], now: dict[str, Any]) -> str:
    return NEW if stands is None else SAME if was == now else CHANGED


def _sentence(stands: Any, was: dict[str, Any], now: dict[str, Any]) -> str:
    if stands is None:
        shown = ", ".join(f"{name} {_cell(value)}" for name, value in now.items() if value not in (None, ""))
        return f"Is added: {shown}."
    parts = [
        f"{name} {_cell(was[name]) or 'empty'} becomes {_cell(now[name]) or 'empty'}"
        for name in now
        if was[name] != now[name]
    ]
    return f"{'; '.join(parts)}." if parts else "Stays as it is."
