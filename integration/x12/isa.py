"""The interchange header: 16 elements of fixed width, from which the separators are learnt.

ISA is 105 bytes and the segment terminator, byte 105 (X12.5, interchange control structures). Byte 3 is the element
separator, byte 104 (ISA16) the component separator, byte 82 (ISA11) the repetition separator from version
00402 on and "U" before. The widths are verified by splitting at byte 3 before any of these is believed.
"""

from __future__ import annotations

from dataclasses import dataclass

from integration.x12.syntax import Separators

# The tag, then ISA01 to ISA16.
ISA_WIDTHS = (3, 2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1)
ISA_LENGTH = 105


@dataclass(frozen=True, slots=True)
class Isa:
    """A header that could be trusted. ``isa[13]`` is ISA13, as it stands there; ``length`` includes the
    terminator."""

    elements: tuple[str, ...]
    separators: Separators
    length: int = ISA_LENGTH + 1

    def __getitem__(self, number: int) -> str:
        if number < 1:
            raise IndexError("Elements count from 1.")
        return self.elements[number - 1]


def parse_isa(data: bytes, start: int = 0) -> Isa | str:
    """The header that begins at ``start``, or a sentence that says why it cannot be read."""
    header = data[start : start + ISA_LENGTH]
    if not header.startswith(b"ISA"):
        return "This is not X12: an interchange begins with ISA."
    if len(data) - start < ISA_LENGTH + 1:
        return f"The file is cut off inside its ISA, which takes {ISA_LENGTH + 1} bytes; ask for it again."
    parts = header.split(header[3:4])
    if problem := _width_problem(parts):
        return problem
    characters = [chr(byte) for byte in (header[3], data[start + ISA_LENGTH], header[104])]
    element, terminator, component = characters
    separators = Separators(element, terminator, component, _repetition(chr(header[82]), characters))
    if problem := separators.problem():
        return f"The ISA cannot be read. {problem}"
    return Isa(tuple(part.decode("latin-1") for part in parts[1:]), separators)


@dataclass(frozen=True, slots=True)
class UnusableHeader:
    """A header whose widths are right and whose separators cannot be used. ``elements`` are ISA01 to ISA16, ``note``
    is the TA1 note code of the separator at fault."""

    elements: tuple[str, ...]
    note: str


def unusable_header(data: bytes, start: int = 0) -> UnusableHeader | None:
    """The header at ``start`` where ``parse_isa`` refuses it for a separator alone; else None."""
    header = data[start : start + ISA_LENGTH]
    parts = header.split(header[3:4])
    if len(data) - start <= ISA_LENGTH or _width_problem(parts) is not None:
        return None
    found = Separators(chr(header[3]), chr(data[start + ISA_LENGTH]), chr(header[104]))
    if found.problem() is None:
        return None
    # Each is judged beside the usual others, and the one that has to give way is the later of two that are the same.
    notes = (
        ("026", Separators(found.element, "\x1c", "\x1f")),
        ("004", Separators("\x1d", found.segment, "\x1f")),
        ("027", Separators("\x1d", "\x1c", found.component)),
    )
    note = next((note for note, alone in notes if alone.problem()), None)
    if note is None:
        note = "004" if found.segment == found.element else "027"
    return UnusableHeader(tuple(part.decode("latin-1") for part in parts[1:]), note)


def _width_problem(parts: list[bytes]) -> str | None:
    for number, width in enumerate(ISA_WIDTHS):
        if number >= len(parts):
            break
        if len(parts[number]) != width:
            name = f"ISA{number:02d}" if number else "the tag"
            if b"\n" in parts[number] or b"\r" in parts[number]:
                return (
                    f"A line break stands inside the ISA ({name}): the file was cut into lines on its way, often of "
                    "80 characters; ask the network to deliver it as it was sent."
                )
            return (
                f"The ISA is misaligned: {name} has {len(parts[number])} characters instead of {width}, so "
                "its separators cannot be known; ask the partner for the fixed widths of the standard."
            )
    if len(parts) == len(ISA_WIDTHS):
        return None
    return (
        f"The ISA is misaligned: {len(parts) - 1} elements instead of 16 in its 105 bytes; ask for it again."
    )


def _repetition(character: str, taken: list[str]) -> str | None:
    usable = character.isascii() and not character.isalnum() and character != " " and character not in taken
    return character if usable else None
