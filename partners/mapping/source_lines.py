"""Python source in the making: its lines, and the names of what the lines refer to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from integration.documents import shape_of
from integration.x12.tables import ElementTable
from partners.mapping.rules import Path, Value
from partners.mapping.transforms import Transform


class Conversion(NamedTuple):
    """What the text of an element depends on, but for the value and the code lists."""

    scalar: type
    transforms: tuple[Transform, ...]
    table: ElementTable

    @property
    def key(self) -> Any:
        """The same for what makes the same text."""
        return self.scalar, self.transforms, self.table.kind[0], self.table.min, self.table.max


@dataclass(slots=True)
class Source:
    """Lines at the depth of the block that is open.

    The lines hold no text of a guide but tags and names of fields: everything else, such as qualifiers and constants,
    is a global name in ``constants``, or a name in ``conversions``, to be looked up as a dictionary of texts by value.
    """

    lines: list[str] = field(default_factory=list)
    constants: dict[str, Any] = field(default_factory=dict)
    conversions: dict[str, Conversion] = field(default_factory=dict)
    _depth: int = 0
    _names: dict[Any, str] = field(default_factory=dict)

    def add(self, line: str) -> None:
        """Adds a line to the open block."""
        self.lines.append("    " * self._depth + line)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Opens a block: ``with source.block("if e1:")``."""
        self.add(head)
        self._depth += 1
        yield
        self._depth -= 1

    @contextmanager
    def unless_empty(self, listed: str) -> Iterator[None]:
        """Opens a block for the items of a list, which is then ``listed``, if there are any: most lists are empty."""
        self.add(f"listed = {listed}")
        with self.block("if listed != ():"):
            self.refuse("type(listed) is not tuple")
            yield

    def refuse(self, condition: str) -> None:
        """Leaves the document to the long way where the condition holds."""
        with self.block(f"if {condition}:"):
            self.add("raise Surprise")

    def constant(self, value: Any) -> str:
        """The name of a text, type, set, function or rule."""
        return self._named("constant", (type(value), value), self.constants, value)

    def conversion(self, value: Value, table: ElementTable) -> str:
        """The name of the texts by value of an element."""
        made = Conversion(value.scalar, value.transforms, table)
        return self._named("texts", made.key, self.conversions, made)

    def _named(self, kind: str, key: Any, names: dict[str, Any], value: Any) -> str:
        if (kind, key) not in self._names:
            self._names[kind, key] = name = f"{kind}_{len(names) + 1}"
            names[name] = value
        return self._names[kind, key]


def kind_at(kind: type, path: Path) -> type:
    """The type of the records, or values, at a path below a record."""
    for name in path:
        shape = shape_of(kind)[name]
        found = shape.record or shape.scalar
        assert found is not None
        kind = found
    return kind


@dataclass(slots=True)
class Scope:
    """What a rule's fields are about: the variable that holds it, and its type, which the lines have checked.

    Records inside it get variables of their own, once; where there is none, an empty one stands in.
    """

    variable: str
    kind: type
    source: Source
    _held: dict[Path, str] = field(default_factory=dict)

    def load(self, path: Path) -> str:
        """The expression of a value."""
        return f"{self._record(path[:-1])}.{path[-1]}" if path else self.variable

    def unless_missing(self, path: Path) -> AbstractContextManager[None]:
        """Opens a block for what is in the record at a path, if there is such a record."""
        if not path:
            return nullcontext()
        empty = self.source.constant(kind_at(self.kind, path)())
        return self.source.block(f"if {self._record(path)} is not {empty}:")

    def _record(self, path: Path) -> str:
        if not path:
            return self.variable
        if path not in self._held:
            around = self._record(path[:-1])
            variable = "_".join((self.variable, *path))
            kind = kind_at(self.kind, path)
            self.source.add(f"{variable} = {around}.{path[-1]}")
            with self.source.block(f"if {variable} is None:"):
                self.source.add(f"{variable} = {self.source.constant(kind())}")
            self.source.refuse(f"type({variable}) is not {self.source.constant(kind)}")
            self._held[path] = variable
        return self._held[path]
