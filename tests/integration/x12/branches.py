"""Which branches of a module were taken: both ways out of each ``if``, ``while`` and ``for``, by tracing.

A statement's body is *entered* when the line after one of its test is its body's first; it is *passed* when it is any
other. ``a if b else c`` and ``and`` within a line are not looked into.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

JUDGES = ("validate.py", "structure.py", "reading.py", "elements.py", "hierarchy.py")

# A way out of a statement: its first line, and whether its body was entered.
Branch = tuple[int, bool]


class BranchCounter:
    """Counts while it is entered (``with counter:``); ``seen`` says what was taken of what there is."""

    def __init__(self, folder: Path, names: Sequence[str] = JUDGES) -> None:
        self.paths = {str(folder / name): name for name in names if (folder / name).exists()}
        self.statements = {path: dict(_statements(Path(path))) for path in self.paths}
        self.taken: dict[str, set[Branch]] = {path: set() for path in self.paths}
        self._lasts: dict[FrameType, int] = {}

    def __enter__(self) -> None:
        sys.settrace(self._call)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        sys.settrace(None)
        self._lasts.clear()

    def _call(self, frame: FrameType, event: str, argument: Any) -> Any:
        return self._line if frame.f_code.co_filename in self.paths else None

    def _line(self, frame: FrameType, event: str, argument: Any) -> Any:
        path = frame.f_code.co_filename
        last = self._lasts.get(frame)
        line = frame.f_lineno if event == "line" else 0
        if last is not None and (here := self.statements[path].get(last)) is not None:
            first, body, lines = here
            if line == body:
                self.taken[path].add((first, True))
            elif line not in lines:
                self.taken[path].add((first, False))
        if event == "line":
            self._lasts[frame] = line
        elif event == "return":
            self._lasts.pop(frame, None)
        return self._line

    def seen(self) -> dict[str, tuple[int, int, list[str]]]:
        """For each module: branches taken, branches there are, and those not taken ("120 entered")."""
        found = {}
        for path, name in self.paths.items():
            every = {(first, way) for first, _, _ in self.statements[path].values() for way in (True, False)}
            missing = [
                f"{line} {'entered' if way else 'passed'}" for line, way in sorted(every - self.taken[path])
            ]
            found[name] = (len(every) - len(missing), len(every), missing)
        return found


def _statements(path: Path) -> Iterator[tuple[int, tuple[int, int, range]]]:
    """Each line of a test: (first line, first line of the body, lines of the test)."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.If | ast.While | ast.For):
            lines = range(node.lineno, node.body[0].lineno)
            for line in lines:
                yield line, (node.lineno, node.body[0].lineno, lines)
