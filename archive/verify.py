"""Check an evidence pack of Gridport, with nothing but Python 3.9 or newer: no Gridport, no packages, no network.

    python3 verify.py PACK --roots PUBLISHED

PACK is the evidence pack (a zip); PUBLISHED a copy of the published roots that you trust: your own, from a mail or from a
place that Gridport's owner cannot write to. The answer is also the exit code:

    0  proved: every record is, byte for byte, what was sealed on its day, and the seals are the published ones
    1  altered: something is not what was sealed; it is named ("container": the zip itself is not as Gridport writes it)
    2  consistent, but not proved: no published roots were given, or they do not reach to the day of a record
    3  nothing was checked: a file cannot be read, or the command is not as above

What is proved, and how: the content of a payload and the 32 random bytes beside it hash (SHA-256) to the commitment in the
payload's leaf; a leaf hashes, along its path, to the root of its day (RFC 6962); each root is part of a chain, since what is
signed names the chain value of the day before; and the root stands in the published file. What no leaf binds (pages to
read, tables) is listed: it helps reading and proves nothing. Of a payload whose content is gone, the certificate that tells of
its end is named (“disposed”, “erased”), where the pack holds one.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, NoReturn

PROVED, ALTERED, UNPROVED, UNCHECKED = 0, 1, 2, 3
FORMAT = "gridport-evidence/1"
NO_CHAIN = "0" * 64
_ED25519 = bytes.fromhex("302a300506032b6570032100")  # what stands before a public key in DER (RFC 8410)
_MEMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")
_DATE, _TIME = (0 << 9) | (1 << 5) | 1, 0  # the first of January 1980, midnight
_VERSION, _UNIX, _ATTRIBUTES = 20, 3 << 8, 0o100644 << 16
MOST_MEMBERS, _LARGEST = 65534, (1 << 32) - 1  # without the extensions of ZIP64
_HEX, _WORD = re.compile(r"([0-9a-f]{2})*"), re.compile(r"[0-9A-Za-z.:-]+")
ROOT_FIELDS = ("day", "closed", "size", "root", "previous", "chain", "signature", "key")


class Altered(Exception):
    """Something is not what it says, or not what was sealed: ``what`` and why."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"{what}: {why}")
        self.what = what


class Line(NamedTuple):
    """One line of the published file; signature and key are empty where it was not signed."""

    day: str
    closed: str
    size: int
    root: str
    chain: str
    signature: str
    key: str


# What is sealed, signed and published ---------------------------------------------------------------------------------


def statement(day: str, closed: str, size: int, root: str, previous: str) -> bytes:
    """Return what is signed of a day's seal; its SHA-256 is the chain value, ``previous`` that of the day before."""
    return f"gridport-root/1\nday {day}\nclosed {closed}\nsize {size}\nroot {root}\nprevious {previous}\n".encode()


def write_line(line: Line) -> str:
    """Return the line as it is published."""
    return " ".join(str(each) if each != "" else "-" for each in line)


def read_lines(text: str) -> list[Line]:
    """Return the lines of a published file; blank ones and those that begin with ``#`` say nothing.

    Raises ``Altered`` where one cannot be read, or two of one day differ.
    """
    found: dict[str, Line] = {}
    for number, words in enumerate(text.splitlines(), 1):
        if not words.strip() or words.startswith("#"):
            continue
        line = _read_line(words, number)
        if found.setdefault(line.day, line) != line:
            raise Altered("published roots", f"there are two different roots of {line.day}")
    return list(found.values())


def _read_line(words: str, number: int) -> Line:
    try:
        day, closed, size, root, chain, signature, key = words.split()
        return Line(
            day,
            closed,
            int(size),
            root,
            chain,
            "" if signature == "-" else signature,
            "" if key == "-" else key,
        )
    except ValueError:
        raise Altered("published roots", f"line {number} cannot be read") from None


# The container --------------------------------------------------------------------------------------------------------


def container(names: Iterable[str], read: Callable[[str], bytes]) -> Iterator[bytes]:
    """Yield the bytes of the one zip that holds these members: sorted, stored, of one date and the same attributes.

    Raises ``ValueError`` for a name that is not plain, or more than a zip without extensions holds.
    """

    def whole(name: str) -> tuple[int, int, Iterable[bytes]]:
        data = read(name)
        return zlib.crc32(data), len(data), (data,)

    return assembled(names, whole)


def assembled(
    names: Iterable[str], member: Callable[[str], tuple[int, int, Iterable[bytes]]]
) -> Iterator[bytes]:
    """As ``container``, of members that need not be in memory: ``member`` gives CRC-32, size and the bytes in pieces."""
    directory = []
    offset = 0
    for name in sorted(names):
        if not _MEMBER.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a member")
        crc, size, pieces = member(name)
        encoded = name.encode("ascii")
        common = struct.pack(
            "<HHHHHLLLHH",
            _VERSION,
            0,
            0,
            _TIME,
            _DATE,
            crc,
            min(size, _LARGEST),
            min(size, _LARGEST),
            len(encoded),
            0,
        )
        directory.append(
            b"PK\x01\x02"
            + struct.pack("<H", _UNIX | _VERSION)
            + common
            + struct.pack("<HHHLL", 0, 0, 0, _ATTRIBUTES, offset)
            + encoded
        )
        header = b"PK\x03\x04" + common + encoded
        offset += len(header) + size
        if offset > _LARGEST or len(directory) > MOST_MEMBERS:
            raise ValueError("a pack holds at most 4 GB and 65,534 members: ask for less at once")
        yield header
        yield from pieces
    listed = sum(len(entry) for entry in directory)
    yield from directory
    yield b"PK\x05\x06" + struct.pack("<HHHHLLH", 0, 0, len(directory), len(directory), listed, offset, 0)


class Pack:
    """The members of an open pack, after its container was found to be the one that holds them and nothing else."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._places: dict[str, tuple[int, int]] = {}
        self._walk(file.seek(0, 2))
        self.names = set(self._places)
        start = 0
        for piece in container(self.names, self.read):
            file.seek(start)  # the reading of members moves it
            if file.read(len(piece)) != piece:
                raise Altered("container", "it is not byte for byte what its members make")
            start += len(piece)
        if file.seek(0, 2) != start:
            raise Altered("container", "something stands behind its end")

    def _walk(self, end: int) -> None:
        """Find where each member stands; whether that is so in every byte, making them anew says."""
        at = 0
        while True:
            self._file.seek(at)
            header = self._file.read(30)
            if header[:4] in (b"PK\x01\x02", b"PK\x05\x06"):
                return
            if header[:4] != b"PK\x03\x04" or len(header) < 30:
                raise Altered("container", "it is no zip, or not stored as Gridport stores it")
            size, length = struct.unpack("<LH", header[22:28])
            name = self._file.read(length).decode("ascii", "replace")
            at += 30 + length + size
            if name in self._places or at > end:
                raise Altered("container", "a name stands in it twice, or it was cut off")
            self._places[name] = (at - size, size)

    def read(self, name: str) -> bytes:
        """Return the bytes of a member. Raises ``Altered`` where it is missing."""
        if name not in self._places:
            raise Altered(name, "it is missing from the pack")
        start, size = self._places[name]
        self._file.seek(start)
        return self._file.read(size)


def open_pack(file: BinaryIO) -> Pack:
    """Return the members of the pack. Raises ``Altered`` where its container is not as Gridport writes it."""
    try:
        return Pack(file)
    except (ValueError, struct.error) as error:
        raise Altered("container", str(error)) from error


# Checks ---------------------------------------------------------------------------------------------------------------


def leaf_hash(data: bytes) -> bytes:
    """Return the leaf hash of RFC 6962."""
    return hashlib.sha256(b"\0" + data).digest()


def root_by_path(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """Return the root to which ``path`` leads from the leaf hash (RFC 9162 2.1.3.2), None where it is no path of such a leaf."""
    if not 0 <= index < size:
        return None
    at, last, found = index, size - 1, leaf
    for each in path:
        if last == 0:
            return None
        if at % 2 or at == last:
            found = hashlib.sha256(b"\1" + each + found).digest()
            while at and at % 2 == 0:
                at, last = at // 2, last // 2
        else:
            found = hashlib.sha256(b"\1" + found + each).digest()
        at, last = at // 2, last // 2
    return found if last == 0 else None


def check_signature(said: bytes, signature: str, key: str) -> bool | None:
    """Say whether ``signature`` (Ed25519, hex) is that of ``key`` for ``said``; None where there is no openssl to ask."""
    openssl = shutil.which("openssl")
    if openssl is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        files = {
            "key": _ED25519 + bytes.fromhex(key),
            "said": said,
            "signature": bytes.fromhex(signature),
        }
        for name, data in files.items():
            Path(folder, name).write_bytes(data)
        asked = [openssl, "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "key", "-rawin"]
        done = subprocess.run(
            [*asked, "-in", "said", "-sigfile", "signature"], cwd=folder, capture_output=True, check=False
        )
    if done.returncode == 0:
        return True
    # An openssl of before 3.0 (or one that is none) cannot check Ed25519 so: that is no verdict on the signature.
    return False if b"Verification" in done.stdout + done.stderr else None


class Known(NamedTuple):
    """A record that is what it says: its columns, the day on which it is proved (``""``: not proved), and whether content came with it."""

    name: str
    columns: dict[str, Any]
    day: str
    has_content: bool


class Result:
    """What was found: lines for people, and the exit code that they come to."""

    def __init__(self) -> None:
        self.code = PROVED
        self.lines: list[str] = []

    def altered(self, error: Altered) -> None:
        """Keep that something is not what was sealed."""
        self.code = ALTERED
        self.lines.append(f"ALTERED      {error}")

    def unproved(self, words: str) -> None:
        """Keep that something is consistent and not proved."""
        self.code = self.code or UNPROVED
        self.lines.append(f"not proved   {words}")

    def say(self, words: str) -> None:
        """Keep a line."""
        self.lines.append(words)


def verify(path: Path, published: str | None) -> Result:
    """Check the pack at ``path`` against the text of the published file, None: there is none. Raises nothing for what is in either."""
    result = Result()
    try:
        lines = read_lines(published) if published is not None else None
        with path.open("rb") as file:
            _verify_opened(open_pack(file), lines, result)
    except Altered as error:
        result.altered(error)
    return result


def _verify_opened(pack: Pack, lines: list[Line] | None, result: Result) -> None:
    manifest = _manifest(pack)
    roots = _check_roots(manifest, lines, result)
    bound: set[str] = set()
    known: dict[str, Known] = {}
    for record in manifest["records"]:
        _check_record(pack, record, roots, bound, known, result)
    if not manifest["records"]:
        result.unproved("there is no record in this pack")
    _say_what_is_gone(known, result)
    _check_files(pack, manifest["files"], result)
    _check_unbound(pack.names - bound, known, result)


def _check_unbound(names: set[str], known: dict[str, Known], result: Result) -> None:
    """See that what no record proves does not stand where what is proved is looked for."""
    # Payloads of before contents were committed to: their leaves name the address, which is that of the encrypted bytes.
    old = {f"content/{each.columns['address']}.bin" for each in known.values()
           if each.columns.get("address") and not each.columns.get("commitment")}  # fmt: skip
    for name in sorted(names):
        if name in old:
            result.unproved(f"{name}: it is of before seals bound contents")
        elif name.startswith(("content/", "leaves/")):
            result.altered(Altered(name, "no record of this pack proves it"))
        else:
            result.say(f"reading help {name}: no seal binds it")


def _manifest(pack: Pack) -> dict[str, Any]:
    """Return the manifest, with the shape that the checks rely on."""
    try:
        found = json.loads(pack.read("manifest.json"))
    except (ValueError, RecursionError) as error:
        raise Altered("manifest.json", f"it cannot be read ({error})") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise Altered("manifest.json", f"it is not of the format {FORMAT}")
    shapes = (("records", list), ("roots", list), ("files", dict))
    if not all(isinstance(found.get(name), shape) for name, shape in shapes):
        raise Altered("manifest.json", "records, roots or files are missing")
    if not all(isinstance(each, dict) for each in [*found["records"], *found["roots"]]):
        raise Altered("manifest.json", "a record or a root is not an object")
    return found


def _check_roots(
    manifest: dict[str, Any], lines: list[Line] | None, result: Result
) -> dict[str, tuple[dict[str, Any], str]]:
    """Return the pack's roots by day, each with why it proves nothing (``""``: it does); what is altered is left out."""
    found: dict[str, tuple[dict[str, Any], str]] = {}
    for root in manifest["roots"]:
        day = str(root.get("day"))
        try:
            if day in found:
                raise Altered(f"root of {day}", "it stands in the pack twice")
            found[day] = (root, _check_root(root, lines, result))
        except Altered as error:
            result.altered(error)
    chains = {root["chain"]: day for day, (root, _) in found.items()}
    if lines is not None:
        _check_chain(lines, found, chains, result)
    return found


def _check_root(root: dict[str, Any], lines: list[Line] | None, result: Result) -> str:
    what = f"root of {root.get('day')}"
    if set(root) != set(ROOT_FIELDS) or not all(
        isinstance(root[name], str) for name in root if name != "size"
    ):
        raise Altered(what, "it is not made as a root is")
    words = all(_WORD.fullmatch(root[name]) for name in ("day", "closed"))
    if (
        type(root["size"]) is not int
        or not words
        or not all(_HEX.fullmatch(root[name]) for name in ROOT_FIELDS[3:])
    ):
        raise Altered(what, "it is not made as a root is")
    said = statement(root["day"], root["closed"], root["size"], root["root"], root["previous"])
    if hashlib.sha256(said).hexdigest() != root["chain"]:
        raise Altered(what, "its chain value is not that of what it says")
    _check_signed(what, said, root["signature"], root["key"], result)
    if lines is None:
        return "no published roots were given"
    for line in lines:
        if line.day == root["day"]:
            if line != Line(*(root[name] for name in ROOT_FIELDS if name != "previous")):
                raise Altered(what, "another root of that day was published")
            return ""
    if any(line.closed >= root["closed"] for line in lines):
        raise Altered(what, "it was never published, and later ones were")
    return "the published roots that were given end before this day"


def _check_signed(what: str, said: bytes, signature: str, key: str, result: Result) -> None:
    if not signature:
        result.say(f"note         {what}: it was not signed")
        return
    if len(signature) != 128 or len(key) != 64:
        raise Altered(what, "its signature is not one")
    verdict = check_signature(said, signature, key)
    if verdict is False:
        raise Altered(what, "its signature is wrong")
    if verdict is None:
        result.say(f"note         {what}: signature not checked, there is no openssl 3 on this machine")
    else:
        result.say(f"signed       {what}, by the key {key}")


def _check_chain(
    lines: list[Line], roots: dict[str, tuple[dict[str, Any], str]], chains: dict[str, str], result: Result
) -> None:
    """See that the pack's roots follow one another in the published file as they say."""
    before = dict(zip([line.day for line in lines], [NO_CHAIN, *(line.chain for line in lines)]))  # noqa: B905 - 3.9
    known = {NO_CHAIN, *(line.chain for line in lines), *chains}
    for day, (root, why) in roots.items():
        if why or root["previous"] == before[day]:
            continue
        if root["previous"] in known:
            result.say(f"note         root of {day}: it goes on from an earlier day than the one published before it: the archive"
                       " was restored from a backup in between. Ask why.")  # fmt: skip
        elif before[day] != NO_CHAIN:
            result.altered(Altered(f"root of {day}", "it does not go on from any published day"))


def _check_record(
    pack: Pack,
    record: dict[str, Any],
    roots: dict[str, tuple[dict[str, Any], str]],
    bound: set[str],
    known: dict[str, Known],
    result: Result,
) -> None:
    what = str(record.get("leaf"))
    named = f"{record.get('name')} ({what})"
    try:
        data = pack.read(what)
        columns = _leaf_columns(what, data)
        bound.add(what)
        if record.get("payload") is not None:
            bound.add(record["payload"]["file"])
            _check_content(pack, record["payload"], columns)
        day = record.get("day")
        known[what] = Known(named, columns, "", record.get("payload") is not None)
        if day is None:
            result.unproved(f"{named}: it was not sealed yet when the pack was made")
            return
        root, why = _root_of(record, roots)
        path = [bytes.fromhex(each) for each in record["path"]]
        if root_by_path(leaf_hash(data), record["index"], root["size"], path) != bytes.fromhex(root["root"]):
            raise Altered(what, f"it is not what was sealed on {day}")
    except Altered as error:
        known.pop(what, None)
        result.altered(Altered(named, str(error)))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        known.pop(what, None)
        result.altered(Altered(named, f"the manifest does not say how it is proved ({error!r})"))
    else:
        if why:
            result.unproved(f"{named}: {why}")
        else:
            known[what] = known[what]._replace(day=day)
            result.say(f"proved       {named}, sealed on {day}")


def _say_what_is_gone(known: dict[str, Known], result: Result) -> None:
    """Say of each payload that came without its content which certificate in the pack tells of its end."""
    ends: dict[str, tuple[str, Known]] = {}
    for what, certificate in known.items():
        if what.startswith(("leaves/archive_disposalcertificate/", "leaves/archive_lostcertificate/")):
            ends[str(certificate.columns.get("payload_id"))] = ("disposed", certificate)
        elif what.startswith("leaves/archive_erasurecertificate/"):
            for payload in re.findall(r"[0-9]+", str(certificate.columns.get("payloads"))):
                ends.setdefault(payload, ("erased", certificate))
    for what, payload in known.items():
        if payload.has_content or not what.startswith("leaves/archive_payload/"):
            continue
        kind, by = ends.get(what[len("leaves/archive_payload/") : -len(".json")], ("note", None))
        if by is None:
            why = "its content is not in this pack, and no certificate in it says why"
        else:
            why = (
                f"{_ENDS[kind]}, says {by.name}, {'sealed on ' + by.day if by.day else 'which is not proved'}"
            )
        result.say(f"{kind:<13}{payload.name}: {why}")


_ENDS = {
    "disposed": "its content was destroyed once its time was over",
    "erased": "its key was destroyed, for it spoke of a person who was forgotten",
}


def _root_of(
    record: dict[str, Any], roots: dict[str, tuple[dict[str, Any], str]]
) -> tuple[dict[str, Any], str]:
    if record["day"] not in roots:
        raise Altered(record["leaf"], f"there is no good root of {record['day']}")
    root, why = roots[record["day"]]
    if record["size_of_tree"] != root["size"]:
        raise Altered(record["leaf"], "its tree is of another size than its root says")
    return root, why


def _leaf_columns(what: str, data: bytes) -> dict[str, Any]:
    try:
        said = json.loads(data)
        columns = said["columns"]
        if what == f"leaves/{said['table']}/{said['id']}.json" and isinstance(columns, dict):
            return columns
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise Altered(what, "it is not the leaf of what its name says")


def _check_content(pack: Pack, payload: dict[str, Any], columns: dict[str, Any]) -> None:
    """See that the content is the one committed to."""
    name = payload["file"]
    if name != f"content/{columns.get('address')}.bin":
        raise Altered(name, "it is not named by the address of its payload")
    content = pack.read(name)
    if hashlib.sha256(bytes.fromhex(payload["blind"]) + content).hexdigest() != columns.get("commitment"):
        raise Altered(name, "it is not the content that was sealed")


def _check_files(pack: Pack, files: dict[str, Any], result: Result) -> None:
    """See that the members are those that the manifest lists, unchanged since it was written."""
    for name in sorted(pack.names ^ {*files, "manifest.json"}):
        result.altered(Altered("container", f"{name} is {'not listed' if name in pack.names else 'missing'}"))
    for name in sorted(pack.names & set(files)):
        if hashlib.sha256(pack.read(name)).hexdigest() != files[name]:
            result.altered(Altered(name, "it was changed since the pack was made"))


_SUMMARY = {
    PROVED: "0: proved. Every record is what was sealed, and its seal was published.",
    ALTERED: "1: altered. Look at the lines above that begin with ALTERED.",
    UNPROVED: "2: consistent, but not everything is proved: see the lines above that begin with “not proved”.",
}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(UNCHECKED, f"{message}\n3: nothing was checked.\n")


def main(arguments: list[str]) -> int:
    """Check what the command line names, and say what was found; return the exit code."""
    parser = _Parser(description="Check an evidence pack of Gridport.")
    parser.add_argument("pack", type=Path)
    parser.add_argument("--roots", type=Path, help="Your copy of the published roots.")
    said = parser.parse_args(arguments)
    try:
        published = said.roots.read_text(encoding="utf-8", errors="replace") if said.roots else None
        result = verify(said.pack, published)
    except OSError as error:
        parser.error(str(error))
    for line in [*result.lines, _SUMMARY[result.code]]:
        # A name from a pack must not tell the terminal what to do.
        shown = "".join(each if each.isprintable() else "\ufffd" for each in line)
        sys.stdout.buffer.write(shown.encode("utf-8", "replace") + b"\n")
    return result.code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
