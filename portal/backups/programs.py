"""PostgreSQL's own programs: which of those on this machine fits a server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from portal.backups import BackupError
from portal.localdb import binary_folders

INSTALL = "Install PostgreSQL's client programs (Debian: postgresql-client-{major}), or set PG_BINDIR to their folder."


@dataclass(frozen=True)
class Program:
    """One of PostgreSQL's programs and its version."""

    path: Path
    version: str

    @property
    def major(self) -> int:
        """The major version."""
        return int(self.version.split(".")[0])

    def beside(self, name: str) -> Path:
        """Return the path of another program of the same installation."""
        return self.path.with_name(name)


def find_program(name: str, at_least: int, why: str) -> Program:
    """Return the program ``name`` of the lowest major version that is ``at_least``; ``why`` completes the refusal.

    The lowest, so that what pg_dump writes can be read again by programs as old as its server.
    """
    found = list(_candidates(name))
    if not found:
        raise BackupError(f"There is no {name} on this machine. {INSTALL.format(major=at_least)}")
    fitting = [program for program in found if program.major >= at_least]
    if not fitting:
        newest = max(found, key=lambda program: program.major)
        raise BackupError(
            f"{why}, and the newest {name} on this machine is {newest.version} ({newest.path})."
            f" {INSTALL.format(major=at_least)}"
        )
    return min(fitting, key=lambda program: program.major)


def _candidates(name: str) -> Iterator[Program]:
    paths = [folder / name for folder in binary_folders()]
    on_path = shutil.which(name)
    if on_path and not os.environ.get("PG_BINDIR"):
        paths.append(Path(on_path))
    for path in paths:
        version = _version(path)
        if version:
            yield Program(path, version)


def _version(path: Path) -> str:
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    found = re.search(r"\) (\d[\d.]*)", said.stdout)
    return found[1] if found else ""
