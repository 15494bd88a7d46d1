"""Reading a set whose loops and segments are all as the guide wants them, which is nearly every one.

Goes through the loop tree as ``reader`` does, with less to ask at each segment. An element out of the ordinary is read and
reported the long way, in its turn; at anything else that has to be told Surprise is raised, and the whole set goes the
long way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from integration.x12.structure import Loop
from integration.x12.syntax import Segment
from partners.mapping.element_reading import ElementReader, Record, find, record_at
from partners.mapping.memory import Surprise
from partners.mapping.quick_nesting import QuickNesting
from partners.mapping.quick_reading import Choice, Found, QuickReading, Shape
from partners.mapping.report import told
from partners.mapping.rules import Body, Level, Levels, Path, SegmentRule

Child = Segment | Loop
# As the reader has them: the text of a path, or the place around, the path from there, and the number in a list.
Place = Any


class QuickDocument:
    """Reads one set; ``elements`` reads what is out of the ordinary, and keeps what only the whole can confirm."""

    __slots__ = ("elements", "ready")

    def __init__(self, ready: QuickReading, elements: ElementReader) -> None:
        self.ready = ready
        self.elements = elements

    def body(self, body: Body, children: Sequence[Child], scope: Record, place: Place) -> None:
        """Reads what stands in a loop, behind its trigger, into a record. Raises Surprise."""
        once: list[Found] = []
        choices: Mapping[str, Choice] = self.ready.bodies[body]
        levels: tuple[Levels, list[Loop]] | None = None
        pieces: dict[SegmentRule, list[str]] | None = None
        for child in children:
            segment = child.trigger if isinstance(child, Loop) else child
            texts = segment.texts
            choice = choices.get(texts[0])
            shape = None if choice is None else choice.shape(texts)
            if shape is None:
                raise Surprise
            found = shape.found
            rule = found.rule
            if not found.repeats:
                if found in once:
                    raise Surprise
                if rule.levels is not None:
                    if not isinstance(child, Loop):
                        raise Surprise
                    levels = levels or (rule.levels, [])
                    levels[1].append(child)
                    continue
                once.append(found)
            if found.lists is not None:
                self._item(shape, found.lists, child, scope, place)
            elif rule.text is not None:
                piece = self._fresh(shape, segment, (place, rule.text, None))
                pieces = pieces or {}
                pieces.setdefault(rule, []).extend(piece.values())
                self._inside(rule, child, scope, place)
            else:
                self._occurrence(shape, child, scope, place)
        if levels is not None:
            QuickNesting(levels[0], self._level).read(levels[1], scope)
        if pieces is not None:
            for rule, texts_found in pieces.items():
                _join(rule, texts_found, scope)

    def _item(self, shape: Shape, lists: tuple[Path, str], child: Child, scope: Record, place: Place) -> None:
        """Reads an item of a list."""
        rule = shape.found.rule
        outer, name = lists
        target = record_at(scope, outer) if outer else scope
        items = target.get(name)
        item_place = (place, rule.each, len(items) if items else 0)
        if isinstance(child, Loop):
            item = self._fresh(shape, child.trigger, item_place)
            if len(child.children) > 1:
                self.body(rule.body, child.children[1:], item, item_place)
        else:
            item = self._fresh(shape, child, item_place)
        if not item:
            raise Surprise
        # An item that is no record stands under "".
        value = item.get("", item)
        if items is None:
            target[name] = [value]
        else:
            items.append(value)

    def _occurrence(self, shape: Shape, child: Child, scope: Record, place: Place) -> None:
        """Reads what belongs to the record around, or to one that it holds once."""
        rule = shape.found.rule
        if rule.lift is not None:
            # It is of another level's entry; that is for ``Nesting``.
            raise Surprise
        record, inner = scope, place
        if rule.at is not None:
            record, inner = find(scope, rule.at) or {}, (place, rule.at, None)
        self._fill(shape, child.trigger if isinstance(child, Loop) else child, record, inner)
        self._inside(rule, child, record, inner)
        if rule.at is not None and record:
            record_at(scope, rule.at[:-1])[rule.at[-1]] = record

    def _inside(self, rule: SegmentRule, child: Child, scope: Record, place: Place) -> None:
        if isinstance(child, Loop) and len(child.children) > 1:
            self.body(rule.body, child.children[1:], scope, place)

    def _level(self, level: Level, loop: Loop, record: Record, place: Place) -> None:
        self.body(level.rule.body, loop.children[1:], record, place)

    # Elements

    def _fill(self, shape: Shape, segment: Segment, record: Record, place: Place) -> None:
        try:
            shape.fill(segment.texts, record)
        except Surprise:
            self.elements.read_elements(shape.found.rule, segment, record, told(place))
        else:
            if shape.found.derived:
                self._keep_derived(shape, segment)

    def _fresh(self, shape: Shape, segment: Segment, place: Place) -> Record:
        values = shape.pick(segment.texts)
        try:
            # Nearly always, without a call more.
            record = (
                shape.made(*values)
                if shape.made is not None and "" not in values
                else shape.fresh(segment.texts)
            )
        except Surprise:
            record = {}
            self.elements.read_elements(shape.found.rule, segment, record, told(place))
        else:
            if shape.found.derived:
                self._keep_derived(shape, segment)
        return record

    def _keep_derived(self, shape: Shape, segment: Segment) -> None:
        self.elements.derived.extend((each, segment) for each in shape.found.derived)


def _join(rule: SegmentRule, pieces: list[str], scope: Record) -> None:
    if rule.text is None or rule.join is None or not pieces:
        return
    text = rule.join.join(pieces)
    target = record_at(scope, rule.text[:-1])
    if target.setdefault(rule.text[-1], text) != text:
        raise Surprise
