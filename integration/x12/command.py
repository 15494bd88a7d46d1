"""``python -m integration.x12 check|explain|ack FILE``: X12 for people and scripts, without Django or a database.

Exit status of ``check``: 0 all is accepted (perhaps with errors), 1 something is rejected, 2 the file is not
readable as X12, or not at all. ``explain`` and ``ack`` exit with 0, or with 2 in the same case. Whatever stands in the
file, none of them ends in a traceback.
"""

from __future__ import annotations

import argparse
import json
import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import TextIO

from integration.x12.acknowledgment_codes import CODE_MEANINGS
from integration.x12.answering import answer_file
from integration.x12.checking import (
    CheckedFile,
    CheckedGroup,
    CheckedInterchange,
    CheckedSet,
    Problem,
    SecondOpinion,
    as_json,
    check_file,
)
from integration.x12.explaining import explain_file

UNREADABLE = 2
# ``check`` reads as a stream, files of any size; what is explained or answered is held whole.
MAX_WHOLE = 128 * 1024 * 1024
_INTERRUPTED = 130

_DESCRIPTION = """\
Reads X12 files (004010 and 005010) and says what they are worth, what stands in them, and how we would
acknowledge them. Nothing is sent, stored or looked up; without an agreement, sender and receiver are not
judged and test interchanges are taken."""
_CHECK = """\
Prints the verdict on every interchange, functional group and transaction set, and what is wrong with them.
Exit status: 0 all is accepted (perhaps with errors), 1 something is rejected, 2 the file is not readable as
X12."""
_EXPLAIN = """\
Prints a line for each segment: its position in its set, its text, its name, and each element with its number
and name; what is wrong stands where it is wrong. Codes of 997, 999 and TA1 are said in words."""
_ACK = """\
Prints the answer that we would send, as X12: a TA1 where the sender asked for one (ISA14), and a 997 for each
functional group. Control numbers start at 1, date and time are those of the interchange answered, so that the same
file gives the same answer."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; the return value is the exit status."""
    options = _parser().parse_args(arguments)
    # Whatever the terminal cannot show is escaped; a file must not stop the output.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = _run(options, sys.stdout)
        sys.stdout.flush()
    except BrokenPipeError:
        # Who reads has seen enough. Python flushes once more at its end: into nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m integration.x12", description=_DESCRIPTION)
    commands = parser.add_subparsers(dest="command", required=True, metavar="check|explain|ack")
    check = commands.add_parser("check", help="the verdict on every transaction set", description=_CHECK)
    check.add_argument("--json", action="store_true", help="print the verdict as JSON, for scripts")
    check.add_argument(
        "--second-opinion",
        action="store_true",
        help="ask pyx12 too, and warn where it sees something else; changes no verdict",
    )
    check.set_defaults(run=_check)
    explain = commands.add_parser("explain", help="every segment in words", description=_EXPLAIN)
    explain.set_defaults(run=_explain)
    ack = commands.add_parser("ack", help="the acknowledgment that we would send", description=_ACK)
    ack.add_argument(
        "--999", dest="as_999", action="store_true", help="answer 005010 with 999 instead of 997"
    )
    ack.set_defaults(run=_ack)
    for each in (check, explain, ack):
        each.add_argument("file", type=Path, help="the file to read")
    return parser


def _run(options: argparse.Namespace, out: TextIO) -> int:
    run: Callable[[argparse.Namespace, TextIO], int] = options.run
    try:
        if problem := _not_a_file(options.file):
            return _cannot_be_read(options, problem, out)
        return run(options, out)
    except BrokenPipeError:
        raise
    except OSError as error:
        return _cannot_be_read(options, error.strerror or str(error), out)
    except ValueError as error:
        # A path with a NUL byte.
        return _cannot_be_read(options, str(error), out)


def _not_a_file(path: Path) -> str | None:
    mode = path.stat().st_mode
    if stat.S_ISREG(mode) or stat.S_ISFIFO(mode):
        return None
    return "it is a directory" if stat.S_ISDIR(mode) else "it is not a file"


def _cannot_be_read(options: argparse.Namespace, why: str, out: TextIO) -> int:
    sentence = f"{options.file}: cannot be read ({why})."
    if getattr(options, "json", False):
        _write_json(CheckedFile(False, (Problem("cannot_be_read", sentence, 0),), ()), out)
    else:
        sys.stderr.write(_visible(sentence) + "\n")
    return UNREADABLE


def _check(options: argparse.Namespace, out: TextIO) -> int:
    # Only this switch needs pyx12, which takes longer to load than most files to check.
    second: SecondOpinion | None = None
    if options.second_opinion:
        second = import_module("integration.x12.second_opinion").second_opinion
    with options.file.open("rb") as source:
        checked = check_file(source, second)
    if options.json:
        _write_json(checked, out)
    else:
        _write_lines(_lines(checked), out)
    if not checked.readable:
        return UNREADABLE
    return 1 if checked.rejected else 0


def _explain(options: argparse.Namespace, out: TextIO) -> int:
    data = _whole(options.file)
    if data is None:
        return _cannot_be_read(options, _TOO_LARGE, out)
    readable, lines = explain_file(data)
    _write_lines(lines, out)
    return 0 if readable else UNREADABLE


def _ack(options: argparse.Namespace, out: TextIO) -> int:
    data = _whole(options.file)
    if data is None:
        return _cannot_be_read(options, _TOO_LARGE, out)
    answer = answer_file(data, as_999=options.as_999)
    out.write(answer.data.decode("ascii"))
    for note in answer.notes:
        sys.stderr.write(_visible(note) + "\n")
    return 0 if answer.readable else UNREADABLE


_TOO_LARGE = f"it has more than {MAX_WHOLE >> 20} MB; cut it, or check it only"


def _whole(path: Path) -> bytes | None:
    with path.open("rb") as source:
        data = source.read(MAX_WHOLE + 1)
    return data if len(data) <= MAX_WHOLE else None


def _lines(checked: CheckedFile) -> Iterator[str]:
    """The verdict for people: what is rejected is seen at a glance, in the order of the file."""
    # The faults of envelopes stand where they belong.
    yield from (each.text for each in checked.problems if not each.code.startswith(("ta1_", "ak9_")))
    for interchange in checked.interchanges:
        yield from _interchange_lines(interchange)


def _interchange_lines(each: CheckedInterchange) -> Iterator[str]:
    yield (
        f"Interchange {each.control_number} from {each.sender} to {each.receiver}, "
        f"usage {each.usage}: {_in_words(each.verdict)}"
    )
    asked = "asked for" if each.ta1_requested else "not asked for"
    if each.ta1_code != "A":
        yield f"  TA1 {each.ta1_code} {each.ta1_note} ({asked})"
    yield from (f"  {text}" for text in each.texts)
    for group in each.groups:
        yield from _group_lines(group)


def _group_lines(group: CheckedGroup) -> Iterator[str]:
    meaning = CODE_MEANINGS[group.ak9]
    codes = "".join(f" {code}" for code in group.codes)
    yield (
        f"  Group {group.control_number} ({group.functional_id}, {group.version}): "
        f"{meaning} (AK9 {group.ak9}{codes})"
    )
    yield from (f"    {text}" for text in group.texts)
    for each in group.sets:
        yield from _set_lines(each)


def _set_lines(each: CheckedSet) -> Iterator[str]:
    name = f"{each.name} ({each.code})" if each.name else f"Transaction set {each.code}"
    codes = "".join(f" {code}" for code in each.codes)
    yield f"    {name} {each.control_number}: {CODE_MEANINGS[each.ak5]} (AK5 {each.ak5}{codes})"
    for fault in each.errors:
        code = f"AK4 {fault.ak4}" if fault.ak4 else f"AK3 {fault.ak3}" if fault.ak3 else "set"
        yield f"      {code}: {fault.text}"
    yield from (f"      note: {remark.text}" for remark in each.warnings)


def _in_words(verdict: str) -> str:
    return verdict.replace("_", " ")


def _write_json(checked: CheckedFile, out: TextIO) -> None:
    json.dump(as_json(checked), out, indent=2)
    out.write("\n")


def _write_lines(lines: Iterable[str], out: TextIO) -> None:
    for line in lines:
        out.write(_visible(line) + "\n")


def _visible(line: str) -> str:
    """The line with what does not show, or would turn or break it, escaped."""
    if line.isprintable():
        return line
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in line)
