"""The file: written in one pass under a temporary name, and read again only after its hash was found right."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO

from portal.backups import BackupError
from portal.backups.manifest import Manifest, read_manifest

DUMP, MANIFEST = "database.dump", "manifest.json"
CHUNK = 1 << 20


def write_package(
    target: Path, dump: Iterable[bytes], describe: Callable[[int, str], Manifest], *, force: bool
) -> Manifest:
    """Write ``dump`` and the manifest that ``describe(size, sha256)`` gives to ``target``, readable by its owner alone.

    The file has its name only once it is whole and on the disk.
    """
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".partial", dir=target.parent)
    partial = Path(name)
    try:
        with os.fdopen(handle, "w+b") as file:
            manifest = _write(file, dump, describe)
            file.flush()
            os.fsync(file.fileno())
        refuse_to_overwrite(target, force=force)
        partial.replace(target)
        folder = os.open(target.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
    finally:
        partial.unlink(missing_ok=True)
    return manifest


def refuse_to_overwrite(target: Path, *, force: bool) -> None:
    """Raise ``BackupError`` where ``target`` cannot be written or stands already."""
    if not target.parent.is_dir():
        raise BackupError(f"There is no folder {target.parent}: make it, or name another file.")
    if target.is_dir():
        raise BackupError(f"{target} is a folder: name the file to write in it.")
    if target.exists() and not force:
        raise BackupError(f"{target} is there already: name another file, or say --force to replace it.")


def _write(file: BinaryIO, dump: Iterable[bytes], describe: Callable[[int, str], Manifest]) -> Manifest:
    digest = hashlib.sha256()
    size = 0
    file.seek(tarfile.BLOCKSIZE)  # the dump's header, written last: its size is not known yet
    for chunk in dump:
        file.write(chunk)
        digest.update(chunk)
        size += len(chunk)
    file.write(b"\0" * (-size % tarfile.BLOCKSIZE))
    manifest = describe(size, digest.hexdigest())
    text = manifest.to_json()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.GNU_FORMAT) as tar:
        tar.addfile(_member(MANIFEST, len(text)), io.BytesIO(text))
    file.seek(0)
    file.write(_member(DUMP, size).tobuf(tarfile.GNU_FORMAT))
    return manifest


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, 0o600, int(time.time())
    return member


class Package:
    """An opened backup whose dump is what its manifest says."""

    def __init__(self, tar: tarfile.TarFile, manifest: Manifest) -> None:
        self.tar = tar
        self.manifest = manifest

    def copy_dump(self, target: IO[bytes]) -> None:
        """Write the dump to ``target``."""
        shutil.copyfileobj(_content(self.tar, DUMP), target, CHUNK)


@contextmanager
def open_package(path: Path) -> Iterator[Package]:
    """Open the backup at ``path``; raise ``BackupError`` where it is not one, not whole, or not what it was."""
    with _opened(path) as tar:
        yield Package(tar, _checked(path, tar))


@contextmanager
def _opened(path: Path) -> Iterator[tarfile.TarFile]:
    try:
        tar = tarfile.open(path, mode="r:")  # noqa: SIM115 - closed below; only opening is to be translated
    except OSError as error:
        raise BackupError(f"{path} cannot be read: {error.strerror or error}.") from error
    except tarfile.TarError as error:
        raise BackupError(f"{path} is not a backup of Gridport, or not a whole one.") from error
    with tar:
        yield tar


def _checked(path: Path, tar: tarfile.TarFile) -> Manifest:
    try:
        manifest = read_manifest(_content(tar, MANIFEST).read())
        dump = _content(tar, DUMP)
    except (tarfile.TarError, KeyError) as error:
        raise BackupError(f"{path} is not a backup of Gridport, or not a whole one.") from error
    _refuse_changed(path, dump, manifest)
    return manifest


def _content(tar: tarfile.TarFile, name: str) -> BinaryIO:
    content = tar.extractfile(name)
    if content is None:
        raise KeyError(name)
    return content  # type: ignore[return-value]


def _refuse_changed(path: Path, dump: BinaryIO, manifest: Manifest) -> None:
    digest = hashlib.sha256()
    while chunk := dump.read(CHUNK):
        digest.update(chunk)
    if digest.hexdigest() != manifest.sha256:
        raise BackupError(
            f"{path} is damaged: its dump does not have the SHA-256 that its manifest gives. Take another copy."
        )
