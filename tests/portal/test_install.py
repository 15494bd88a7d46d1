"""The README's section on running it for real, walked on a server that knows nothing of Gridport."""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import requests
from cryptography.fernet import Fernet

from portal.environment import env
from portal.installation import Installation
from portal.localdb import find_binaries
from tests.conftest import ROOT
from tests.portals import free_port
from tests.servers import bare_server

HOST = "portal.example"
SECTION = (ROOT / "README.md").read_text().split("## Running it for real")[1].split("\n## ")[0]
DOCUMENTED = set(re.findall(r"`([A-Z][A-Z_]+)`", SECTION))
# What a process is given anywhere, and what keeps this one from the checkout's own private installation.
GIVEN = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}


class Operator:
    """Somebody who does what the README says, in an environment with what it names and nothing else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.app: dict[str, str] = {"GRIDPORT_DATA": str(folder / "no-private-installation")}
        self.owner: dict[str, str] = {}

    def write(self, name: str, value: str) -> str:
        """Write a mounted secret, with the newline that editors leave; return its path."""
        path = self.folder / name
        path.write_text(value + "\n")
        return str(path)

    def environment(self, *, as_owner: bool, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the environment of a command."""
        told = {**self.app, **(self.owner if as_owner else {}), **(extra or {})}
        assert {name.removesuffix("_FILE") for name in told} <= DOCUMENTED
        return {**GIVEN, **told}

    def manage(
        self, command: str, *more: str, as_owner: bool = False, extra: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command that the README gives."""
        assert f"manage.py {command}" in SECTION
        done = subprocess.run(
            [sys.executable, "manage.py", *command.split(), *more], cwd=ROOT, text=True, capture_output=True,
            env=self.environment(as_owner=as_owner, extra=extra), timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done

    @contextmanager
    def running(self, command: str, *more: str) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
        """Run a process that the README gives as ``serve`` and ``worker`` run; yield it and its log."""
        assert f"manage.py {command}" in SECTION
        log = self.folder / f"{command}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "manage.py", command, *more], cwd=ROOT, stdout=output, stderr=output,
                env=self.environment(as_owner=False),
            )  # fmt: skip
            try:
                yield process, log
            finally:
                process.kill()
                process.wait()


def wait_until(true: Callable[[], bool], log: Path, within: float = 120.0) -> None:
    deadline = time.monotonic() + within
    while not true():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)


def get(port: int, path: str, **headers: str) -> requests.Response | None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        return requests.get(
            f"http://127.0.0.1:{port}{path}",
            headers={"Host": HOST, **named},
            allow_redirects=False,
            timeout=60,
        )
    except requests.ConnectionError:
        return None


def make_roles(operator: Operator, server: Installation) -> None:
    """Print the SQL, put passwords in, and run it as the server's superuser."""
    printed = operator.manage("roles --sql").stdout
    assert "replace both passwords" in SECTION
    roles = operator.folder / "roles.sql"
    roles.write_text(
        printed.replace("CHANGE-ME-OWNER", server.owner_password).replace(
            "CHANGE-ME-APP", server.app_password
        )
    )
    done = subprocess.run(
        [
            find_binaries() / "psql", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "-f", str(roles),
            server.address("superuser", "postgres"),
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_the_readme_brings_a_portal_up_on_a_server_that_is_there(tmp_path: Path) -> None:
    operator = Operator(tmp_path)
    with bare_server(tmp_path / "cluster") as server:
        make_roles(operator, server)

        # settings, most of them as mounted files
        key = Fernet.generate_key().decode()
        operator.app |= {
            "DATABASE_URL_FILE": operator.write("database", server.address("app")),
            "SECRET_KEY_FILE": operator.write("secret", secrets.token_urlsafe(48)),
            "ENCRYPTION_KEYS_FILE": operator.write("keys", key),
            "ALLOWED_HOSTS_FILE": operator.write("hosts", f"{HOST}, other.example"),
            "BEHIND_PROXY": "true",
            "WORKERS": "1",
        }
        operator.owner |= {"DATABASE_OWNER_URL_FILE": operator.write("owner", server.address("owner"))}

        operator.manage("migrate", "--verbosity=0", as_owner=True)
        checked = operator.manage("check --deploy --database default --fail-level WARNING")
        assert checked.stdout == "System check identified no issues (0 silenced).\n"
        make_first_login(operator)

        port = free_port()
        with operator.running("serve", f"--port={port}") as (portal, log):
            wait_until(lambda: get(port, "/health/live") is not None, log)
            ready = get(port, "/health/ready")
            assert ready is not None
            assert (ready.status_code, ready.json()["ready"], ready.json()["degraded"]) == (200, True, [])
            plain, proxied = get(port, "/admin/login/"), get(port, "/admin/login/", X_Forwarded_Proto="https")
            assert plain is not None
            assert proxied is not None
            assert (plain.status_code, plain.headers["Location"]) == (301, f"https://{HOST}/admin/login/")
            assert proxied.status_code == 200
            portal.send_signal(signal.SIGTERM)
            assert portal.wait(60) == -signal.SIGTERM

        with operator.running("worker") as (worker, log):
            wait_until(lambda: "Worker: running." in log.read_text(), log)
            worker.send_signal(signal.SIGTERM)  # to the one process, as KillMode=mixed does
            assert worker.wait(90) == 0
            assert log.read_text().endswith("Worker: stopped.\n")

        back_up_and_restore(operator, server)


def make_first_login(operator: Operator) -> None:
    """Create the first account, and see that the groups of staff are there."""
    environment = {**operator.environment(as_owner=False), "DJANGO_SUPERUSER_PASSWORD": "a long enough one"}
    assert "manage.py createsuperuser" in SECTION
    subprocess.run(
        [sys.executable, "manage.py", "createsuperuser", "--noinput", "--username=first", "--email="],
        cwd=ROOT, env=environment, check=True, capture_output=True,
    )  # fmt: skip
    address = Path(operator.app["DATABASE_URL_FILE"]).read_text().strip()
    with psycopg.connect(address) as app:
        assert app.execute("SELECT username, is_superuser FROM auth_user").fetchall() == [("first", True)]
        groups = app.execute("SELECT name FROM auth_group ORDER BY 1").fetchall()
        assert groups == [
            ("Auditor",),
            ("Customer service",),
            ("Operator",),
            ("Partner administrator",),
            ("Records manager",),
        ]


def back_up_and_restore(operator: Operator, server: Installation) -> None:
    """Back up, lose the server's database, and restore into another that a superuser's address makes."""
    file = operator.folder / "gridport.backup"
    operator.manage("backup", str(file), as_owner=True)
    operator.app["DATABASE_URL_FILE"] = operator.write("database", server.address("app", "again"))
    operator.owner["DATABASE_OWNER_URL_FILE"] = operator.write("owner", server.address("owner", "again"))
    superuser = operator.write("superuser", server.address("superuser", "postgres"))
    operator.manage("restore", str(file), as_owner=True, extra={"DATABASE_SUPERUSER_URL_FILE": superuser})
    operator.manage("check --deploy --database default --fail-level WARNING")
    with psycopg.connect(server.address("app", "again")) as app:
        assert app.execute("SELECT username FROM auth_user").fetchall() == [("first",)]
        assert app.execute("SELECT subject FROM integration_pause").fetchall() == [("everything",)]


def test_a_mounted_secret_ends_where_its_last_character_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text("a-key\n")
    monkeypatch.setenv("SOME_KEY_FILE", str(tmp_path / "key"))
    assert env.str("SOME_KEY") == "a-key"
