"""One text over several segments: how it is cut into pieces, and how the pieces make the text again.

``lines``: one line per segment; blank lines vanish. A line that is too long is the caller's to refuse.
``words``: wrapped between words; runs of blanks become one. A word that is too long is a piece of its own.
``exact``: cut at the maximum, never beside a blank, joined with nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Join:
    """``cut(text, longest)`` gives the pieces, none of them blank; ``join(pieces)`` the text."""

    name: str
    cut: Callable[[str, int], list[str]]
    join: Callable[[Sequence[str]], str]


def _lines(text: str, longest: int) -> list[str]:
    lines = re.split(r"\r\n|\r|\n", text)
    return [line.rstrip(" ") for line in lines if line.strip(" ")]


def _cut_between_words(text: str, longest: int) -> list[str]:
    if len(text) <= longest and text.isprintable() and "  " not in text:
        return [text.strip(" ")] if text.strip(" ") else []
    pieces: list[str] = []
    for word in _words(text):
        if pieces and len(pieces[-1]) + 1 + len(word) <= longest:
            pieces[-1] += f" {word}"
        else:
            pieces.append(word)
    return pieces


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[ \t\r\n]+", text) if word]


def _joined_words(pieces: Sequence[str]) -> str:
    return " ".join(_words(" ".join(pieces)))


def _exact(text: str, longest: int) -> list[str]:
    rest = text.rstrip(" ")
    pieces: list[str] = []
    while len(rest) > longest:
        end = longest
        while end and (rest[end - 1] == " " or rest[end] == " "):
            end -= 1
        # No place to cut within the maximum: the piece stays too long, and is refused for its length.
        end = end or len(rest)
        pieces.append(rest[:end])
        rest = rest[end:]
    return [*pieces, rest] if rest else pieces


JOINS: Mapping[str, Join] = MappingProxyType(
    {
        "lines": Join("lines", _lines, "\n".join),
        "words": Join("words", _cut_between_words, _joined_words),
        "exact": Join("exact", _exact, "".join),
    }
)
