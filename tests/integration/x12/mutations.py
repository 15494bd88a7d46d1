"""Broken files without end: a sample's bytes, elements, segments and loops, changed as a seed says.

The same seed gives the same input on every machine, so that what a test prints can be tried again:
``mutated(seed, samples)``.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

_SEPARATOR_BYTES = b"*~>^|\n\r'+:"
_TOKENS = (
    b"", b"ISA", b"GS", b"ST", b"SE", b"GE", b"IEA", b"TA1", b"HL", b"LS", b"LE", b"~", b"~~", b"*", b"****",
    b"\x00", b"\xff", b"\xc3", b"\xe2\x80\xae", b"999999999999999999", b"-", b".", b"0" * 40, b"A" * 300, b" " * 20,
    b"20269999", b"IEA*1*000000001~", b"ISA*00*          *00*", b"GS*PO*A*B*20260302*0941*1*X*004010~", b"ST*850*0001~",
)  # fmt: skip

_ENVELOPE = frozenset({b"GS", b"ST", b"SE", b"GE", b"IEA", b"TA1"})

Change = Callable[[random.Random, bytes], bytes]


def mutated(seed: int, samples: Sequence[bytes]) -> bytes:
    """The input of a seed: one sample, changed one to six times."""
    chance = random.Random(seed)
    data = chance.choice(samples)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
        data = chance.choice(CHANGES)(chance, data)
    return data


def _any_byte(chance: random.Random, data: bytes) -> bytes:
    at = chance.randrange(len(data) + 1)
    byte = chance.choice((bytes([chance.randrange(256)]), bytes([chance.choice(_SEPARATOR_BYTES)])))
    return data[:at] + byte + data[at + chance.randrange(2) :]


def _header_byte(chance: random.Random, data: bytes) -> bytes:
    at = chance.randrange(min(len(data), 140) + 1)
    return data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]


def _cut(chance: random.Random, data: bytes) -> bytes:
    start, end = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    return chance.choice((data[:start], data[start:], data[:start] + data[end:]))


def _token(chance: random.Random, data: bytes) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.choice(_TOKENS) * chance.choice((1, 1, 1, 2, 50)) + data[at:]


def _element(chance: random.Random, data: bytes) -> bytes:
    separator, terminator = _separators(data)
    segments = data.split(terminator)
    at = chance.randrange(len(segments))
    elements = segments[at].split(separator)
    index = chance.randrange(len(elements))
    what = chance.randrange(5)
    if what == 0:
        elements[index] = chance.choice(_TOKENS)
    elif what == 1:
        del elements[index]
    elif what == 2:
        elements.insert(index, elements[index])
    elif what == 3:
        other = chance.choice(segments).split(separator)
        elements[index] = chance.choice(other)
    else:
        elements[index:] = [b"", *elements[index:]] * chance.choice((1, 30))
    segments[at] = separator.join(elements)
    return terminator.join(segments)


def _segment(chance: random.Random, data: bytes) -> bytes:
    _, terminator = _separators(data)
    segments = data.split(terminator)
    at, other = chance.randrange(len(segments)), chance.randrange(len(segments))
    what = chance.randrange(4)
    if what == 0:
        del segments[at]
    elif what == 1:
        segments[at:at] = [segments[at]] * chance.choice((1, 2, 200))
    elif what == 2:
        segments[at], segments[other] = segments[other], segments[at]
    else:
        segments.insert(other, segments.pop(at))
    return terminator.join(segments)


def _loop(chance: random.Random, data: bytes) -> bytes:
    """A run of segments taken out, repeated, turned round or put elsewhere."""
    _, terminator = _separators(data)
    segments = data.split(terminator)
    start, end = sorted(chance.randrange(len(segments) + 1) for _ in range(2))
    end = min(end, start + chance.choice((3, 10, 100)))
    run, rest = segments[start:end], segments[:start] + segments[end:]
    at = chance.randrange(len(rest) + 1)
    what = chance.randrange(4)
    if what == 0:
        moved = rest
    elif what == 1:
        moved = segments[:start] + run * chance.choice((2, 5, 40)) + segments[end:]
    elif what == 2:
        moved = rest[:at] + run + rest[at:]
    else:
        moved = segments[:start] + run[::-1] + segments[end:]
    return terminator.join(moved)


def _envelope(chance: random.Random, data: bytes) -> bytes:
    """A header or trailer of a set, group or interchange, gone, twice, elsewhere or changed."""
    separator, terminator = _separators(data)
    segments = data.split(terminator)
    places = [at for at, each in enumerate(segments) if each.strip().split(separator)[0] in _ENVELOPE]
    if not places:
        return data
    at = chance.choice(places)
    what = chance.randrange(4)
    if what == 0:
        del segments[at]
    elif what == 1:
        segments.insert(at, segments[at])
    elif what == 2:
        segments.insert(chance.randrange(len(segments)), segments.pop(at))
    else:
        elements = segments[at].split(separator)
        elements[chance.randrange(len(elements))] = chance.choice(_TOKENS)
        segments[at] = separator.join(elements)
    return terminator.join(segments)


def _levels(chance: random.Random, data: bytes) -> bytes:
    """Some HL that have other levels' numbers and parents."""
    separator, terminator = _separators(data)
    segments = data.split(terminator)
    places = [at for at, each in enumerate(segments) if each.strip().startswith(b"HL" + separator)]
    for at in chance.sample(places, min(len(places), chance.choice((1, 2, 5)))):
        tag, *elements = segments[at].split(separator)
        other = chance.choice(places)
        numbers = (*segments[other].split(separator)[1:3], b"", b"99", b"%d" % len(places))
        for index in range(min(2, len(elements))):
            elements[index] = chance.choice((elements[index], *numbers))
        segments[at] = separator.join((tag, *elements))
    return terminator.join(segments)


def _separator(chance: random.Random, data: bytes) -> bytes:
    old = bytes([chance.choice(_SEPARATOR_BYTES)])
    return data.replace(old, bytes([chance.randrange(256)]), chance.choice((1, 5, -1)))


def _number(chance: random.Random, data: bytes) -> bytes:
    found = list(re.finditer(rb"[0-9]+", data))
    if not found:
        return data
    one = chance.choice(found)
    other = chance.choice(
        (b"", b"0", b"-1", b"1.5", b"1e9", b"00000000000000000001", chance.choice(found).group())
    )
    return data[: one.start()] + other + data[one.end() :]


def _separators(data: bytes) -> tuple[bytes, bytes]:
    at = data.find(b"ISA")
    if at >= 0 and at + 106 <= len(data):
        return data[at + 3 : at + 4], data[at + 105 : at + 106]
    return b"*", b"~"


CHANGES: tuple[Change, ...] = (
    _any_byte, _header_byte, _cut, _token, _element, _element, _segment, _segment, _loop, _loop, _separator, _number,
    _envelope, _envelope, _levels, _levels,
)  # fmt: skip
