"""Writing a document of which nothing has to be reported, which is nearly every one.

The functions that ``writing_source`` makes of a guide go through the document as the long way does. At the first thing
that is out of the ordinary they give up, and the long way writes the whole document again, with its report.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from integration.documents import Document
from integration.x12.tables import ElementTable
from partners.mapping.codes import CodeTables
from partners.mapping.derived import total
from partners.mapping.memory import Memo, Surprise
from partners.mapping.placing import Entity, Node, Placing
from partners.mapping.prepared import writing_rule
from partners.mapping.quick_placing import Branch, plain_tree
from partners.mapping.rules import Guide, Levels, SegmentRule
from partners.mapping.source_lines import Conversion
from partners.mapping.transforms import Untranslated, WrongValue
from partners.mapping.writing_source import IS_CARRIED, WRITE_DOCUMENT, guide_source

Row = tuple[str, ...]
# Writes something of a record to the rows of a run; tells how many segments or loops.
Write = Callable[[Any, list[Any], "Run"], int]


class Rows(NamedTuple):
    """Segments as rows of tag and elements. ``whole``: the guide has a place for every value, as far as was looked."""

    rows: list[Row]
    whole: bool


def quick_rows(document: Document, guide: Guide, codes: CodeTables) -> Rows | None:
    """The segments of a document; None where the long way has to write them."""
    functions = writing_functions(guide, codes)
    try:
        rows = Run(functions, codes).rows(document)
    except Surprise:
        return None
    return Rows(rows, functions.is_carried((document,)))


class Functions(NamedTuple):
    """What writes the documents of a guide: the whole, and the body of each level. ``is_carried`` is asked of documents
    that were written."""

    levels: Levels | None
    document: Write
    bodies: dict[str, Write]
    is_carried: Callable[[Sequence[Document]], bool]


@lru_cache(maxsize=64)
def writing_functions(guide: Guide, codes: CodeTables) -> Functions:
    """The functions of a guide's source, with texts by value for one use of code lists."""
    source = guide_source(guide)
    names: dict[str, Any] = {"Surprise": Surprise, **source.constants}
    names |= {name: _texts(conversion, codes) for name, conversion in source.conversions.items()}
    exec(source.code, names)  # noqa: S102 - its text is ours, but for tags and fields that are known to be such
    bodies = {code: names[name] for code, name in source.levels.items()}
    return Functions(guide.levels, names[WRITE_DOCUMENT], bodies, names[IS_CARRIED])


def _texts(conversion: Conversion, codes: CodeTables) -> Memo:
    """The texts of an element by value; numbers are asked for by their text."""
    number = conversion.scalar is Decimal
    return Memo(lambda held: _text(conversion, Decimal(held) if number else held, codes))


def _text(conversion: Conversion, value: Any, codes: CodeTables) -> str:
    """The text of an element. Raises Surprise where it is empty, refused or does not fit."""
    text = value
    try:
        for transform in conversion.transforms:
            text = transform.write(text, codes)
    except (WrongValue, Untranslated) as error:
        raise Surprise from error
    if not text or not text.isprintable() or not _fits(text, conversion.table):
        raise Surprise
    return str(text)


def _fits(text: str, table: ElementTable) -> bool:
    """Whether a text is as long as the element wants it; of numbers, the digits count."""
    if table.kind[0] not in "RN":
        return table.min <= len(text) <= table.max
    # Most numbers are so short that their digits need no counting.
    return (table.min <= 1 and len(text) <= table.max) or table.min <= sum(
        map(str.isdigit, text)
    ) <= table.max


class Run:
    """Writes one document. ``lifted`` are the linked entries of levels that the structure lacks; ``computed`` the rows
    that wait for the whole, with their rules; ``tagged`` the rows by tag that these count or sum; ``loops`` how many HL
    loops there are."""

    __slots__ = ("codes", "computed", "functions", "lifted", "loops", "made", "tagged")

    def __init__(self, functions: Functions, codes: CodeTables) -> None:
        self.functions = functions
        self.codes = codes
        self.made: list[Any] = []
        self.computed: list[tuple[list[str], SegmentRule]] = []
        self.tagged: dict[str, list[Row]] = {}
        self.lifted: dict[str, tuple[Any, str]] = {}
        self.loops = 0

    def rows(self, document: Document) -> list[Row]:
        """The rows of the whole document. Raises Surprise."""
        self.functions.document(document, self.made, self)
        for row, rule in self.computed:
            self._derive(row, rule)
        return list(map(tuple, self.made))

    def levels(self, document: Any) -> int:
        """Writes all HL loops; tells how many."""
        levels = self.functions.levels
        assert levels is not None
        if any(
            level.path and type(getattr(document, level.path[0])) is not tuple
            for level in levels.levels.values()
        ):
            raise Surprise
        try:
            tree = plain_tree(document, levels, self.codes)
        except Surprise:
            self.loops = self._placed(document, levels)
        else:
            code = levels.structure.levels[-1]
            self.loops = self._branch(tree, "", 0, code, self.functions.bodies[code])
        return self.loops

    def _branch(self, branch: Branch, parent: str, count: int, code: str, write_item: Write) -> int:
        """Writes an HL loop and those in it; returns how many there are then in the set."""
        made = self.made
        count += 1
        number = str(count)
        made.append(("HL", number, parent, branch.code, "1" if branch.children else "0"))
        self.functions.bodies[branch.code](branch.record, made, self)
        for child in branch.children:
            if type(child) is Branch:
                count = self._branch(child, number, count, code, write_item)
            else:
                count += 1
                made.append(("HL", str(count), number, code, "0"))
                write_item(child, made, self)
        return count

    def _placed(self, document: Any, levels: Levels) -> int:
        """Writes the loops of a graph that is no plain tree."""
        placing = Placing(document, levels, self.codes)
        root = placing.root()
        if placing.problems or placing.unplaced:
            raise Surprise
        count = self._node(root, "", 0, placing, ("", 0))
        self.lifted = {}
        return count

    def _node(self, node: Node, parent: str, count: int, placing: Placing, entity: Entity) -> int:
        """Writes an HL loop and those in it; returns how many there are then in the set."""
        count += 1
        number = str(count)
        self.made.append(("HL", number, parent, node.level.code, "1" if node.children else "0"))
        if placing.lifts:
            self.lifted = placing.lifted(entity)
        self.functions.bodies[node.level.code](node.record, self.made, self)
        for child, below in node.children.items():
            count = self._node(below, number, count, placing, child)
        return count

    def _tagged(self, tag: str) -> list[Row]:
        """The rows of a tag; the whole is there when they are first asked for."""
        if tag not in self.tagged:
            self.tagged[tag] = [each for each in self.made if each[0] == tag]
        return self.tagged[tag]

    def _derive(self, row: list[str], rule: SegmentRule) -> None:
        for element in writing_rule(rule).derived:
            if element.derivation == "structure":
                levels = self.functions.levels
                text = levels.structure.code if levels else ""
            elif element.derivation == "count":
                text = str(self.loops if element.tag == "HL" else len(self._tagged(element.tag)))
            else:
                at = element.element
                text = total([each[at] for each in self._tagged(element.tag) if len(each) > at])
            if text and not (text.isprintable() and _fits(text, element.table)):
                raise Surprise
            row[element.number] = text
        while not row[-1]:
            row.pop()
