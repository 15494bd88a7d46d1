"""Separators that cannot be typed, by their names: what people enter for a character, and what they are shown."""

from __future__ import annotations

from typing import Final

NAMES: Final = {"HT": "\t", "LF": "\n", "CR": "\r", "FS": "\x1c", "GS": "\x1d", "RS": "\x1e", "US": "\x1f"}
_WORDS: Final = {character: name for name, character in NAMES.items()}


def separator_of(text: str) -> str:
    """The character that somebody entered: itself, its name (``GS``) or ``0x1D``; "" for nothing.

    Raises ValueError, with the sentence to show, for anything else.
    """
    if len(text) <= 1:
        return text
    name = text.strip().upper()
    if name in NAMES:
        return NAMES[name]
    if name.startswith("0X") and len(name) <= 4:
        try:
            return chr(int(name, 16))
        except ValueError:
            pass
    raise ValueError(
        f"“{text}” is no single character: enter one such as * ~ > ^, a name ({', '.join(NAMES)}) or its number as 0x1D."
    )


def separator_words(character: str) -> str:
    """The character as people read it: itself, or its name, or its number."""
    if len(character) != 1 or (character.isprintable() and character.isascii()):
        return character
    return _WORDS.get(character, f"0x{ord(character):02X}")
