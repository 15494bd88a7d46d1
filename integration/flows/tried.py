"""What the test of a connection did, step by step."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tried:
    """One thing that a test did, and how it went; ``problem`` is empty where it went well."""

    words: str
    problem: str = ""
