"""The standard as tables: which segments and loops a transaction set allows, and what stands in their
elements.

The facts are data files of ours below ``standard/<version>/``; adding a set or a version means adding files:

``elements.txt``
    ``number|kind min max|name`` for a simple element; ``number|C|name|components|notes`` for a composite.
``segments.txt``
    ``tag|name|elements|notes``. Elements are numbers, ``!`` marks the mandatory ones, ``*10`` those that may
    be repeated, here ten times. A line without elements is a segment that the standard allows and we do not
    describe: it is kept, reported as unread, never rejected.
``codes.txt``
    ``number:`` followed by the codes of that element. Where there is no list, no code is judged. A version
    keeps the codes of the one before it: partners go on sending a code that was withdrawn, and mean the same.
``<set>.txt``
    First ``code|group|name``, then one line per segment or loop from ST to SE: ``TAG max``, ``!`` marks the
    mandatory ones, ``*`` is no maximum. ``+TAG max`` opens a loop whose trigger is TAG; its members follow,
    indented by two blanks more.

Syntax notes are written as in the standard's own diagrams, two digits per position: ``P0304`` both or none,
``R0203`` at least one, ``E0204`` at most one, ``C0302`` the first needs all others, ``L030405`` the first
needs at least one of the others. Facts were compared over several public sources; names are ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

_STANDARD = Path(__file__).parent / "standard"


@dataclass(frozen=True, slots=True)
class SyntaxNote:
    """One relation between elements (or components): ``kind`` is P, R, E, C or L, positions count from 1."""

    kind: str
    positions: tuple[int, ...]

    def __str__(self) -> str:
        return self.kind + "".join(f"{position:02d}" for position in self.positions)


@dataclass(frozen=True, slots=True, eq=False)
class ElementTable:
    """One place for an element. ``kind``: AN, ID, R, N0 to N9, DT, TM, B, or C for a composite.

    ``min`` and ``max`` count characters; for R and N they count digits only. ``codes`` is None where we do
    not judge. ``data_element`` is the number in the element dictionary ("353", "C001"). ``repeat`` is how
    often the value may stand in its place, one behind the other with the repetition separator between them
    (from 005010 on; 1 everywhere else).
    """

    number: int
    name: str
    kind: str
    required: bool
    min: int
    max: int
    codes: frozenset[str] | None
    components: tuple[ElementTable, ...]
    data_element: str
    notes: tuple[SyntaxNote, ...] = ()
    repeat: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class SegmentTable:
    """One segment; without elements where the standard allows it and we do not describe it."""

    tag: str
    name: str
    elements: tuple[ElementTable, ...]
    notes: tuple[SyntaxNote, ...]

    @property
    def described(self) -> bool:
        return bool(self.elements)


@dataclass(frozen=True, slots=True, eq=False)
class SegmentUse:
    """A segment at one place of a loop; ``max_use`` None is without limit."""

    tag: str
    required: bool
    max_use: int | None
    table: SegmentTable


@dataclass(frozen=True, slots=True, eq=False)
class LoopTable:
    """A loop, named by its trigger, which is its first member; the root's members run from ST to SE."""

    name: str
    required: bool
    max_use: int | None
    members: tuple[SegmentUse | LoopTable, ...]


@dataclass(frozen=True, slots=True, eq=False)
class SetTable:
    """One transaction set of one version.

    ``group`` is the functional group code that it travels in (GS01). ``segments`` holds each segment that the
    set allows; ``version_tags`` every tag that any of our sets of this version knows.
    """

    code: str
    version: str
    group: str
    name: str
    root: LoopTable
    segments: Mapping[str, SegmentTable]
    version_tags: frozenset[str]


def find_table(set_code: str, version: str) -> SetTable | None:
    """The table of a set, or None where we have none.

    ``version`` is matched on its first six characters, so that industry suffixes (004010VICS, 004010UCS)
    work.
    """
    return _sets(version[:6]).get(set_code)


def find_group_tables(group: str, version: str) -> tuple[SetTable, ...]:
    """The tables of all sets that travel in the functional group ``group`` (GS01) of that version."""
    return tuple(table for table in _sets(version[:6]).values() if table.group == group)


def knows_version(version: str) -> bool:
    """Whether any table is there for the version."""
    return bool(_sets(version[:6]))


# The version comes from partners: only names of directories that are there may reach the path.
@lru_cache(maxsize=1)
def _versions() -> frozenset[str]:
    return frozenset(each.name for each in _STANDARD.iterdir() if each.is_dir())


def _sets(version: str) -> Mapping[str, SetTable]:
    return _load_version(version) if version in _versions() else MappingProxyType({})


@lru_cache(maxsize=8)
def _load_version(version: str) -> Mapping[str, SetTable]:
    folder = _STANDARD / version
    segments = _load_segments(folder)
    files = sorted(each for each in folder.glob("*.txt") if each.stem.isdigit())
    version_tags = frozenset(segments)
    return MappingProxyType({each.stem: _load_set(each, version, segments, version_tags) for each in files})


def _lines(path: Path) -> list[str]:
    text = path.read_text(encoding="ascii")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _load_segments(folder: Path) -> dict[str, SegmentTable]:
    dictionary = _load_dictionary(folder)
    segments = {}
    for line in _lines(folder / "segments.txt"):
        tag, name, elements, notes = (*line.split("|"), "", "")[:4]
        segments[tag] = SegmentTable(tag, name, _placed(elements, dictionary), _notes(notes))
    return segments


def _load_dictionary(folder: Path) -> dict[str, ElementTable]:
    codes = _load_codes(folder)
    dictionary: dict[str, ElementTable] = {}
    for line in _lines(folder / "elements.txt"):
        number, form, name, components, notes = (*line.split("|"), "", "")[:5]
        kind, shortest, longest = (*form.split(), "0", "0")[:3]
        dictionary[number] = ElementTable(
            number=0,
            name=name,
            kind=kind,
            required=False,
            min=int(shortest),
            max=int(longest),
            codes=codes.get(number),
            components=_placed(components, dictionary),
            data_element=number,
            notes=_notes(notes),
        )
    return dictionary


def _load_codes(folder: Path) -> dict[str, frozenset[str]]:
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for line in _lines(folder / "codes.txt"):
        if line.endswith(":"):
            current = found.setdefault(line[:-1], [])
        else:
            current.extend(line.split())
    return {number: frozenset(codes) for number, codes in found.items()}


def _placed(numbers: str, dictionary: Mapping[str, ElementTable]) -> tuple[ElementTable, ...]:
    placed = []
    for position, token in enumerate(numbers.split(), start=1):
        place, _, repeat = token.partition("*")
        entry = dictionary[place.rstrip("!")]
        placed.append(
            ElementTable(
                number=position,
                name=entry.name,
                kind=entry.kind,
                required=place.endswith("!"),
                min=entry.min,
                max=entry.max,
                codes=entry.codes,
                components=entry.components,
                data_element=entry.data_element,
                notes=entry.notes,
                repeat=int(repeat or "1"),
            )
        )
    return tuple(placed)


def _notes(text: str) -> tuple[SyntaxNote, ...]:
    return tuple(
        SyntaxNote(token[0], tuple(int(token[at : at + 2]) for at in range(1, len(token), 2)))
        for token in text.split()
    )


@dataclass(slots=True)
class _OpenLoop:
    """A loop whose members are still being read; becomes a LoopTable at its end."""

    name: str
    required: bool
    max_use: int | None
    members: list[SegmentUse | LoopTable]

    def closed(self) -> LoopTable:
        return LoopTable(self.name, self.required, self.max_use, tuple(self.members))


def _load_set(
    path: Path, version: str, segments: Mapping[str, SegmentTable], version_tags: frozenset[str]
) -> SetTable:
    first, *lines = _lines(path)
    code, group, name = first.split("|")
    used: dict[str, SegmentTable] = {}
    opened = [_OpenLoop(code, True, 1, [])]
    for line in lines:
        depth = (len(line) - len(line.lstrip())) // 2
        while len(opened) > depth + 1:
            _close(opened)
        tag, most = line.strip().removeprefix("+").split()
        required, max_use = most.endswith("!"), most.rstrip("!")
        limit = None if max_use == "*" else int(max_use)
        used[tag] = segments[tag]
        if line.lstrip().startswith("+"):
            opened.append(_OpenLoop(tag, required, limit, [SegmentUse(tag, True, 1, segments[tag])]))
        else:
            opened[-1].members.append(SegmentUse(tag, required, limit, segments[tag]))
    while len(opened) > 1:
        _close(opened)
    return SetTable(code, version, group, name, opened[0].closed(), MappingProxyType(used), version_tags)


def _close(opened: list[_OpenLoop]) -> None:
    loop = opened.pop().closed()
    opened[-1].members.append(loop)
