"""Whether the levels of a set (HL) make a tree: each has a number of its own and stands below one that came before.

The standard says it in words only, so the tables cannot. HL02 may be empty on any level, and HL04 is not judged:
partners fill it by habit, and nothing depends on it.
"""

from __future__ import annotations

from collections.abc import Sequence

from integration.x12.findings import Finding, Severity
from integration.x12.syntax import Segment

MAX_LEVEL_FINDINGS = 1000

_NUMBER, _PARENT = (1, "628"), (2, "734")


def hierarchy_findings(segments: Sequence[Segment]) -> list[Finding]:
    """What is wrong with the levels of one set, in its order, at most MAX_LEVEL_FINDINGS.

    A number used twice, a parent that is not there and a circle are errors, since nobody can tell what belongs to
    what; a parent that only comes later is a warning.
    """
    levels = [each for each in segments if each.texts[0] == "HL"]
    if _is_tree(levels):
        return []
    parents: dict[str, str] = {}
    for each in levels:
        if number := each[1].strip():
            parents.setdefault(number, each[2].strip())
    circles = _in_circles(parents)
    found: list[Finding] = []
    seen: set[str] = set()
    for each in levels:
        number, parent = each[1].strip(), each[2].strip()
        if number and number in seen:
            said = f"{number[:40]!r} is the number of a level before it too; number each level anew"
            found.append(_finding("error", each, _NUMBER, said))
        elif parent and parent not in parents:
            said = f"there is no level {parent[:40]!r} that it could stand below"
            found.append(_finding("error", each, _PARENT, said))
        elif number in circles:
            said = f"below {parent[:40]!r}, which at last stands below this one: the levels run in a circle"
            found.append(_finding("error", each, _PARENT, said))
        elif parent and parent not in seen:
            found.append(_finding("warning", each, _PARENT, f"level {parent[:40]!r} comes only after it"))
        seen.add(number)
        if len(found) == MAX_LEVEL_FINDINGS:
            break
    return found


def _is_tree(levels: Sequence[Segment]) -> bool:
    """Whether each level has a number of its own, without blanks around it, and stands below none or one before it."""
    seen = {""}
    for each in levels:
        texts = each.texts
        if len(texts) < 3 or texts[1] in seen or texts[2] not in seen:
            return False
        seen.add(texts[1])
    return " " not in "".join(seen) and "".join(seen).isprintable()


def _in_circles(parents: dict[str, str]) -> set[str]:
    """The numbers that are at last their own parents; what merely hangs from a circle is not among them."""
    settled: set[str] = set()
    circles: set[str] = set()
    for start in parents:
        way: dict[str, int] = {}
        at = start
        while at in parents and at not in settled and at not in way:
            way[at] = len(way)
            at = parents[at]
        if at in way:
            circles.update(list(way)[way[at] :])
        settled.update(way)
    return circles


def _finding(severity: Severity, each: Segment, place: tuple[int, str], said: str) -> Finding:
    element, data_element = place
    name = "level number" if place is _NUMBER else "parent level number"
    return Finding(
        severity,
        "HL",
        each.position,
        "HL",
        element,
        None,
        data_element,
        "7",
        "element",
        each[element],
        f"HL (segment {each.position}), element {element}, {name}: {said}.",
    )
