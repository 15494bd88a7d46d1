"""``python -m integration.x12 check FILE``: the verdict on every set of a file, with its findings.

Exit status: 0 everything is accepted (perhaps with errors noted), 1 something is rejected or the envelope is
at fault, 2 the file cannot be read or is not X12.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from integration.x12.acknowledgment import CODE_MEANINGS
from integration.x12.envelope import InterchangeReading, is_whole, read_interchange, split_interchanges
from integration.x12.findings import Finding
from integration.x12.tables import find_table
from integration.x12.validate import acknowledgment_code, check_group, group_findings


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m integration.x12", description="Reads and judges X12 files."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help="print the verdict on every transaction set of a file")
    check.add_argument("file", type=Path, help="the file to read")
    path: Path = parser.parse_args(arguments).file
    try:
        data = path.read_bytes()
    except OSError as error:
        sys.stderr.write(f"{path}: cannot be read ({error.strerror}).\n")
        return 2
    return _check(data)


def _check(data: bytes) -> int:
    reading = split_interchanges(data)
    _print(0, (f"note: {note}" for note in reading.notes))
    if reading.problem:
        _print(0, [reading.problem])
        return 2
    status = 0
    for piece in reading.pieces:
        status = max(status, _check_interchange(read_interchange(piece.data)))
    if status < 2 and not is_whole(data):
        _print(0, ["The file is not whole: its last interchange does not end with its own IEA."])
        return max(status, 1)
    return status


def _check_interchange(interchange: InterchangeReading) -> int:
    if interchange.problem:
        _print(0, [interchange.problem])
        return 2
    _print(
        0,
        [
            f"Interchange {interchange.control_number} from {interchange.sender_id} "
            f"to {interchange.receiver_id}, usage {interchange.usage_indicator}"
        ],
    )
    _print(1, _sentences(interchange.findings))
    rejected = acknowledgment_code(interchange.findings) == "R"
    for group in interchange.groups:
        found = group_findings(group)
        _print(1, [f"Group {group.control_number} ({group.functional_id}, {group.version})"])
        _print(2, _sentences(found))
        rejected |= acknowledgment_code(found) == "R"
        for each, verdict in zip(group.sets, check_group(group), strict=True):
            table = find_table(each.code, group.version)
            name = f"{table.name} ({each.code})" if table else f"Transaction set {each.code}"
            _print(2, [f"{name} {each.control_number}: {CODE_MEANINGS[verdict.code]} ({verdict.code})"])
            _print(3, _sentences(verdict.findings))
            rejected |= verdict.code == "R"
    return 1 if rejected else 0


def _sentences(findings: Sequence[Finding]) -> Iterator[str]:
    return (f"{finding.severity}: {finding.sentence}" for finding in findings)


def _print(depth: int, lines: Iterator[str] | Sequence[str]) -> None:
    for line in lines:
        visible = line.encode("utf-8", "backslashreplace").decode("utf-8")
        sys.stdout.write("  " * depth + visible + "\n")


if __name__ == "__main__":
    raise SystemExit(main())
