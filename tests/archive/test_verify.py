"""verify.py as a stranger runs it: bare Python, one pack, one file of roots; and what it says of every lie."""

from __future__ import annotations

import ast
import hashlib
import io
import json
import random
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archive import merkle, pack_members, packing, publishing, sealing, store, verify
from archive.models import Payload
from archive.record import record_event
from integration.work import Unclaimed
from tests.chaos.forking import scaled

VERIFY = Path(verify.__file__)
HERE = Unclaimed()
CONTENT = b"ISA*00*invented~"
README = {"README.txt": b"Read me.\n"}


@dataclass(frozen=True)
class Made:
    """A good pack and the published roots that prove it."""

    pack: Path
    roots: Path

    def changed(self, data: bytes) -> Path:
        """Another pack, of these bytes."""
        path = self.pack.with_name("changed.zip")
        path.write_bytes(data)
        return path


@pytest.fixture
def made(db: None, tmp_path: Path) -> Made:
    """Three days, of which the second holds the payload and the events that the pack is of."""
    roots = tmp_path / "roots.txt"
    record_event("order:1", "told", "On the first day.")
    sealing.close(HERE, now=True)
    payload = store.put(CONTENT)
    events = [record_event("order:7", "told", f"Line {number}.") for number in range(5)]
    for _ in range(2):
        sealing.close(HERE, now=True)
    publishing.publish_to_file(roots)
    blind, data = store.opened(payload, purpose="t")
    wanted = [
        packing.Wanted("archive_payload", payload.pk, "File a.x12", blind),
        *(packing.Wanted("archive_event", event.pk, f"Line {event.pk}") for event in events),
    ]
    return Made(
        written(tmp_path / "pack.zip", wanted, {**README, packing.content_name(payload): data}), roots
    )


def written(pack: Path, wanted: list[packing.Wanted], found: dict[str, bytes]) -> Path:
    """Write a pack of these rows and other members."""
    with pack_members.Members() as kept:
        for name, data in found.items():
            kept.add(name, data)
        packing.prove(packing.Head("order", "1001", "2026-11-29T00:00:00Z", "dora"), wanted, kept)
        pack.write_bytes(b"".join(kept.packed()))
        assert pack.stat().st_size == kept.size_packed
    return pack


def run(pack: Path, roots: Path | None = None, *, path: str | None = None) -> tuple[int, str]:
    """Run verify.py as a stranger does: no packages, no environment, from elsewhere."""
    asked = [sys.executable, "-I", "-S", str(VERIFY), str(pack), *(["--roots", str(roots)] if roots else [])]
    environment = {"PATH": path if path is not None else "/usr/bin:/bin"}
    done = subprocess.run(asked, cwd="/", env=environment, capture_output=True, check=False)
    return done.returncode, (done.stdout + done.stderr).decode()


def members(pack: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(pack) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def packed(found: dict[str, bytes], **changes: Any) -> bytes:
    """A container of these members, with a manifest that lists them as they are and says ``changes``."""
    manifest = {**json.loads(found["manifest.json"]), **changes}
    others = {name: data for name, data in found.items() if name != "manifest.json"}
    manifest["files"] = {name: hashlib.sha256(data).hexdigest() for name, data in others.items()}
    whole = {**others, "manifest.json": json.dumps(manifest).encode()}
    return b"".join(verify.container(whole, whole.__getitem__))


def test_a_good_pack_is_proved(made: Made) -> None:
    code, said = run(made.pack, made.roots)
    assert code == 0
    assert said.count("proved       ") == 6
    assert "proved       File a.x12 (leaves/archive_payload/" in said
    assert said.count("signed       root of ") == 1
    assert "reading help README.txt: no seal binds it" in said
    assert said.endswith("0: proved. Every record is what was sealed, and its seal was published.\n")


def test_without_published_roots_nothing_is_proved(made: Made) -> None:
    code, said = run(made.pack)
    assert code == 2
    assert said.count("not proved   ") == 6
    assert "\nproved" not in said


def test_without_openssl_the_signature_is_said_to_be_unchecked(made: Made) -> None:
    code, said = run(made.pack, made.roots, path="/nowhere")
    assert code == 0
    assert "signature not checked, there is no openssl 3 on this machine" in said


def test_a_day_that_the_published_roots_do_not_reach_yet_is_not_proved(made: Made) -> None:
    first = next(line for line in made.roots.read_text().splitlines() if not line.startswith("#"))
    made.roots.write_text(first + "\n")
    code, said = run(made.pack, made.roots)
    assert code == 2
    assert "the published roots that were given end before this day" in said


def test_what_is_not_sealed_yet_is_said_to_be_so(made: Made, tmp_path: Path) -> None:
    event = record_event("order:7", "told", "Just now.")
    pack = written(tmp_path / "new.zip", [packing.Wanted("archive_event", event.pk, "Just now")], README)
    code, said = run(pack, made.roots)
    assert code == 2
    assert "it was not sealed yet when the pack was made" in said


def test_nothing_to_check_is_neither_proved_nor_altered(made: Made, tmp_path: Path) -> None:
    code, said = run(tmp_path / "none.zip", made.roots)
    assert code == 3
    assert "3: nothing was checked." in said
    assert run(made.pack, tmp_path / "none.txt")[0] == 3


def test_it_is_one_file_for_python_3_9_with_nothing_but_the_standard_library() -> None:
    tree = ast.parse(VERIFY.read_text(), feature_version=(3, 9))
    imported = {
        name.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([ast.alias(node.module or "")] if isinstance(node, ast.ImportFrom) else node.names)
    }
    assert imported <= sys.stdlib_module_names
    assert not imported & {"socket", "urllib", "http", "ssl"}
    assert "strict=" not in VERIFY.read_text()  # of zip, since 3.10


def test_the_same_rows_make_the_same_pack_byte_for_byte(made: Made) -> None:
    found = members(made.pack)
    assert b"".join(verify.container(found, found.__getitem__)) == made.pack.read_bytes()
    with zipfile.ZipFile(made.pack) as opened:
        assert opened.testzip() is None
        assert [info.filename for info in opened.infolist()] == sorted(found)
        assert {info.date_time for info in opened.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {info.compress_type for info in opened.infolist()} == {zipfile.ZIP_STORED}


@pytest.mark.chaos
def test_every_changed_byte_is_noticed(made: Made) -> None:
    good = made.pack.read_bytes()
    published = made.roots.read_text()
    for number in range(scaled(3000)):
        seed = random.Random(number)
        at = seed.randrange(len(good))
        changed = bytearray(good)
        changed[at] ^= 1 << seed.randrange(8)
        result = verify.verify(made.changed(bytes(changed)), published)
        assert result.code == verify.ALTERED, f"byte {at}, seed {number}"


def test_bytes_before_behind_or_missing_are_the_containers(made: Made) -> None:
    good = made.pack.read_bytes()
    for data in (b"x" + good, good + b"x", good[:-1], good[:100], b""):
        code, said = run(made.changed(data), made.roots)
        assert (code, "ALTERED      container: " in said) == (1, True)


def test_another_zip_of_the_same_members_is_no_pack(made: Made) -> None:
    for compression in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", compression) as other:
            for name, data in members(made.pack).items():
                other.writestr(name, data)
        code, said = run(made.changed(target.getvalue()), made.roots)
        assert (code, "ALTERED      container: " in said) == (1, True)


def test_the_readme_names_the_file_and_its_hash() -> None:
    """Whoever was given it by somebody else holds it against this."""
    readme = (VERIFY.parents[1] / "README.md").read_text()
    assert f"`archive/verify.py`, SHA-256\n  `{hashlib.sha256(VERIFY.read_bytes()).hexdigest()}`" in readme


def other_content(found: dict[str, bytes]) -> dict[str, Any]:
    name = next(name for name in found if name.startswith("content/"))
    found[name] += b"more"
    return {}


def other_leaf(found: dict[str, bytes]) -> dict[str, Any]:
    name = next(name for name in found if name.startswith("leaves/archive_event"))
    found[name] = found[name].replace(b"Line", b"Lime")
    return {}


def other_commitment(found: dict[str, bytes]) -> dict[str, Any]:
    """The content changed, and the leaf's commitment with it."""
    name = next(name for name in found if name.startswith("content/"))
    found[name] = b"another content"
    leaf = next(name for name in found if name.startswith("leaves/archive_payload"))
    said = json.loads(found[leaf])
    manifest = json.loads(found["manifest.json"])
    record = next(each for each in manifest["records"] if each["payload"])
    blind = bytes.fromhex(record["payload"]["blind"])
    said["columns"]["commitment"] = hashlib.sha256(blind + found[name]).hexdigest()
    found[leaf] = json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
    return {}


def swapped_leaves(found: dict[str, bytes]) -> dict[str, Any]:
    first, second = [name for name in found if name.startswith("leaves/archive_event")][:2]
    found[first], found[second] = found[second], found[first]
    return {}


def missing_leaf(found: dict[str, bytes]) -> dict[str, Any]:
    del found[next(name for name in found if name.startswith("leaves/archive_event"))]
    return {}


def root_of_other_size(found: dict[str, bytes]) -> dict[str, Any]:
    roots = json.loads(found["manifest.json"])["roots"]
    roots[0]["size"] += 1
    return {"roots": roots}


def a_day_of_two_lines(found: dict[str, bytes]) -> dict[str, Any]:
    """What is signed stays the same: the line that says when it was closed is taken into the day's name."""
    roots = json.loads(found["manifest.json"])["roots"]
    roots[0]["day"] += f"\nclosed {roots[0]['closed']}"
    return {"roots": roots}


def no_roots(found: dict[str, bytes]) -> dict[str, Any]:
    return {"roots": []}


def manifest_of_nonsense(found: dict[str, bytes]) -> dict[str, Any]:
    records = json.loads(found["manifest.json"])["records"]
    records[0]["path"] = [7, None]
    return {"records": records}


def content_that_no_record_proves(found: dict[str, bytes]) -> dict[str, Any]:
    """Other content, and the record of its payload says that none came with it."""
    found[next(name for name in found if name.startswith("content/"))] = b"another content"
    records = json.loads(found["manifest.json"])["records"]
    return {"records": [{**each, "payload": None} for each in records]}


def content_without_a_record(found: dict[str, bytes]) -> dict[str, Any]:
    found[next(name for name in found if name.startswith("content/"))] = b"another content"
    del found[next(name for name in found if name.startswith("leaves/archive_payload/"))]
    records = json.loads(found["manifest.json"])["records"]
    return {"records": [each for each in records if not each["payload"]]}


def leaf_without_a_record(found: dict[str, bytes]) -> dict[str, Any]:
    found["leaves/archive_event/9.json"] = b"{}"
    return {}


LIES: list[Callable[[dict[str, bytes]], dict[str, Any]]] = [
    other_content, other_leaf, other_commitment, swapped_leaves, missing_leaf, root_of_other_size, a_day_of_two_lines, no_roots,
    manifest_of_nonsense, content_that_no_record_proves, content_without_a_record, leaf_without_a_record,
]  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_in_a_container_that_is_made_well_is_named(
    lie: Callable[[dict[str, bytes]], dict[str, Any]], made: Made
) -> None:
    found = members(made.pack)
    changes = lie(found)
    code, said = run(made.changed(packed(found, **changes)), made.roots)
    assert code == 1
    assert "ALTERED      " in said
    assert "ALTERED      container" not in said
    assert "Traceback" not in said


def test_the_altered_document_is_named(made: Made) -> None:
    found = members(made.pack)
    other_content(found)
    _, said = run(made.changed(packed(found)), made.roots)
    name = next(name for name in found if name.startswith("content/"))
    altered = [line for line in said.splitlines() if line.startswith("ALTERED")]
    leaf = f"leaves/archive_payload/{Payload.objects.get().pk}.json"
    assert altered == [f"ALTERED      File a.x12 ({leaf}): {name}: it is not the content that was sealed"]


def test_content_of_before_seals_bound_contents_is_not_proved(tmp_path: Path) -> None:
    """Its leaf names the address of the encrypted bytes alone."""
    leaf = b'{"columns":{"address":"ab","commitment":""},"id":1,"table":"archive_payload","version":1}'
    name = "leaves/archive_payload/1.json"
    record = {"leaf": name, "name": "Old", "payload": None, "day": None}
    manifest = {"format": verify.FORMAT, "records": [record], "roots": []}
    found = {name: leaf, "content/ab.bin": b"ISA*00~", "manifest.json": json.dumps(manifest).encode()}
    path = tmp_path / "old.zip"
    path.write_bytes(packed({**found, **README}))
    result = verify.verify(path, "")
    assert result.code == 2
    assert "not proved   content/ab.bin: it is of before seals bound contents" in result.lines


def forged(day: str, closed: str, previous: str, key: Ed25519PrivateKey) -> bytes:
    """A pack made wholly by somebody else: everything in it fits together, signed by a key of his own."""
    leaf = json.dumps(
        {"columns": {"sentence": "Paid."}, "id": 1, "table": "archive_event", "version": 1}
    ).encode()
    tree = merkle.Tree([merkle.leaf_hash(leaf), merkle.leaf_hash(b"{}")])
    said = verify.statement(day, closed, 2, tree.root.hex(), previous)
    root = {
        "day": day, "closed": closed, "size": 2, "root": tree.root.hex(), "previous": previous,
        "chain": hashlib.sha256(said).hexdigest(), "signature": key.sign(said).hex(),
        "key": key.public_key().public_bytes_raw().hex(),
    }  # fmt: skip
    record = {
        "leaf": "leaves/archive_event/1.json", "day": day, "index": 0, "size_of_tree": 2,
        "path": [each.hex() for each in tree.inclusion(0)], "payload": None, "name": "Paid",
    }  # fmt: skip
    found = {"leaves/archive_event/1.json": leaf, **README}
    manifest = {"format": verify.FORMAT, "records": [record], "roots": [root]}
    return packed({**found, "manifest.json": json.dumps(manifest).encode()})


@pytest.mark.chaos
def test_a_pack_made_wholly_by_a_forger_is_altered(made: Made) -> None:
    lines = verify.read_lines(made.roots.read_text())
    key = Ed25519PrivateKey.generate()
    for day, closed, previous in (
        (lines[1].day, lines[1].closed, lines[0].chain),
        ("2026-01-01", "2026-01-02T00:10:00.000000Z", verify.NO_CHAIN),
        (lines[2].day, lines[2].closed, lines[1].chain),
    ):
        pack = made.changed(forged(day, closed, previous, key))
        code, said = run(pack, made.roots)
        assert (code, "ALTERED      root of " in said) == (1, True)
        assert run(pack)[0] == 2  # it is consistent, and proves nothing
    later = made.changed(forged("2099-01-01", "2099-01-02T00:10:00.000000Z", lines[2].chain, key))
    assert run(later, made.roots)[0] == 2  # not published, as far as anybody can tell: nothing is proved


def test_a_signature_of_another_key_is_wrong(made: Made) -> None:
    found = members(made.pack)
    roots = json.loads(found["manifest.json"])["roots"]
    roots[0]["key"] = Ed25519PrivateKey.generate().public_key().public_bytes_raw().hex()
    code, said = run(made.changed(packed(found, roots=roots)), made.roots)
    assert code == 1
    assert "its signature is wrong" in said


def test_two_published_roots_of_one_day_are_not_believed(made: Made) -> None:
    *_, last = made.roots.read_text().splitlines()
    made.roots.write_text(f"{made.roots.read_text()}{last.replace(' 0 ', ' 1 ')}\n")
    code, said = run(made.pack, made.roots)
    assert (code, "there are two different roots of" in said) == (1, True)


def test_a_name_in_a_pack_says_nothing_to_the_terminal(made: Made) -> None:
    found = members(made.pack)
    records = json.loads(found["manifest.json"])["records"]
    records[0]["name"] = "\x1b[2Jproved\r"
    _, said = run(made.changed(packed(found, records=records)), made.roots)
    assert "\x1b" not in said
    assert "\r" not in said


def hostile() -> Iterator[bytes]:
    """Zips that want more than they are: a directory that lies, a bomb, names that lead elsewhere."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("manifest.json", b"0" * 50_000_000)
    yield target.getvalue()
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as outside:
        outside.writestr("../../etc/passwd", b"x")
    yield target.getvalue()
    yield b"PK\x05\x06" + struct.pack("<HHHHLLH", 0, 0, 9, 9, 1 << 30, 1 << 30, 0)
    deep = {"manifest.json": b"[" * 100_000}
    yield b"".join(verify.container(deep, deep.__getitem__))


def test_hostile_zips_are_altered_and_nothing_else(made: Made) -> None:
    for data in hostile():
        code, said = run(made.changed(data), made.roots)
        assert code == 1
        assert "Traceback" not in said


@pytest.mark.parametrize("name", ["../a", "/a", "a//b", "", "a\\b", "ä", ".a", "a b"])
def test_a_member_of_no_plain_name_is_not_packed(name: str) -> None:
    with pytest.raises(ValueError, match="is no name of a member"):
        list(verify.container([name], lambda _: b""))


@pytest.mark.django_db
def test_a_row_that_is_not_there_cannot_be_packed() -> None:
    head, wanted = packing.Head("order", "1", "", ""), [packing.Wanted("archive_event", 1, "x")]
    with (
        pack_members.Members() as kept,
        pytest.raises(packing.Missing, match="the first is 1 of archive_event"),
    ):
        packing.prove(head, wanted, kept)


def test_a_pack_from_a_file_is_byte_for_byte_the_one_from_memory(made: Made) -> None:
    found = members(made.pack)
    assert b"".join(verify.container(found, found.__getitem__)) == made.pack.read_bytes()
    said = json.loads(found["manifest.json"])
    assert json.dumps(said, ensure_ascii=False, indent=1, sort_keys=True).encode() == found["manifest.json"]


def test_more_than_a_zip_holds_is_refused_before_a_byte_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with pack_members.Members() as kept:
        for name in ("a", "b"):
            kept.add(name, b"12345")
        assert len(b"".join(kept.packed())) == kept.size_packed
        with pytest.raises(ValueError, match="is in the pack already"):
            kept.add("a", b"")
        monkeypatch.setattr(pack_members, "MOST_MEMBERS", 1)
        with pytest.raises(pack_members.TooLarge, match="2 members"):
            kept.packed()
