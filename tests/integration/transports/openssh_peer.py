"""OpenSSH's own sshd, for tests: what partners really run. It serves the whole disk to the user who runs the tests.

Nothing of this machine's own sshd is used or changed: keys, settings and port are the peer's. Passwords need a
shadow file of our own, which root alone can lay over the system's, seen by this sshd and nobody else.
"""

from __future__ import annotations

import os
import pwd
import resource
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import asyncssh

from integration.transports.base import MailboxSettings
from tests.conftest import skip_or_fail
from tests.integration.transports.sftp_peer import new_key, private_text, public_line

SSHD = "/usr/sbin/sshd"
READY_WITHIN = 60.0
PASSWORD = "open sesame"
# crypt(3) of PASSWORD, by SHA-512.
_CRYPTED = (
    "$6$harborpine$0hKfbD6EXER2iX5v1OzHBywaJpookLmayFcYcp1KvxeoxvTAf3/mzE7WEJHuPzlCe14lgCRUkE1ZfzM8l7Bex/"
)


def require_sshd() -> None:
    if not Path(SSHD).exists():
        skip_or_fail(f"{SSHD} is absent: install openssh-server to test against OpenSSH.")


class OpenSshPeer:
    """A private sshd; a context manager.

    ``sftp`` are arguments of internal-sftp (``-R``: nothing may be written; ``-P remove``: that is forbidden).
    ``passwords`` has it take PASSWORD beside the key. ``largest`` is the size in bytes at which files stop to grow, as
    on a full disk.
    """

    def __init__(
        self,
        folder: Path,
        *,
        kinds: tuple[str, ...] = ("ssh-ed25519",),
        sftp: str = "",
        passwords: bool = False,
        largest: int = 0,
    ) -> None:
        self.folder = folder
        self.username = pwd.getpwuid(os.getuid()).pw_name
        self.login = new_key()
        self.keys = [new_key(kind) for kind in kinds]
        self._sftp = sftp
        self._passwords = passwords
        self._largest = largest
        self._log = folder / "log"

    @property
    def host_keys(self) -> tuple[str, ...]:
        return tuple(public_line(key) for key in self.keys)

    def settings(self, inbound: Path, outbound: Path) -> MailboxSettings:
        return MailboxSettings(
            str(inbound),
            str(outbound),
            host="127.0.0.1",
            port=self.port,
            username=self.username,
            private_key=private_text(self.login),
            host_keys=self.host_keys,
            timeout=30,
        )

    def __enter__(self) -> OpenSshPeer:
        require_sshd()
        self.folder.mkdir()
        self.port = _free_port()
        self._configure()
        if os.getuid() == 0:
            # It asks for this folder on systems where its service never ran.
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        self._log_file = self._log.open("wb")
        self._server = subprocess.Popen(
            self._command(),
            stderr=self._log_file,
            # Python ignores SIGXFSZ; so does what it starts, which then hears of the limit by an error.
            restore_signals=False,
            preexec_fn=self._limit if self._largest else None,
        )
        self._wait_until_ready()
        return self

    def __exit__(self, *problem: object) -> None:
        self.end_sessions()
        self._server.kill()
        self._server.wait()
        self._log_file.close()

    def authorize(self, login: asyncssh.SSHKey) -> None:
        """Let ``login`` in, and no other key."""
        (self.folder / "authorized").write_text(f"{public_line(login)}\n")

    def log(self) -> str:
        return self._log.read_text()

    def end_sessions(self) -> int:
        """Kill every process that serves a client, as a server's crash would; return how many there were."""
        serving = _descendants(self._server.pid)
        for pid in serving:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return len(serving)

    def _command(self) -> list[str]:
        command = [SSHD, "-D", "-e", "-f", f"{self.folder}/config"]
        if not self._passwords:
            return command
        shadow = self.folder / "shadow"
        shadow.write_text(f"{self.username}:{_CRYPTED}:19000:0:99999:7:::\n")
        shadow.chmod(0o600)
        # In a mount namespace of its own: the machine's file stays what it is for everybody else.
        script = 'mount --bind "$1" /etc/shadow && shift && exec "$@"'
        return ["unshare", "--mount", "sh", "-c", script, "sh", str(shadow), *command]

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_WITHIN
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except ConnectionRefusedError:
                ended = self._server.poll()
                assert ended is None, f"sshd ended with {ended}: {self._log.read_text()}"
                assert time.monotonic() < deadline, "sshd did not start."
                time.sleep(0.01)

    def _limit(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (self._largest, self._largest))

    def _configure(self) -> None:
        for number, key in enumerate(self.keys):
            path = self.folder / f"host_key_{number}"
            path.write_text(private_text(key))
            path.chmod(0o600)
        self.authorize(self.login)
        lines = [
            f"Port {self.port}",
            "ListenAddress 127.0.0.1",
            *(f"HostKey {self.folder}/host_key_{number}" for number in range(len(self.keys))),
            f"AuthorizedKeysFile {self.folder}/authorized",
            "StrictModes no",
            "UsePAM no",
            "PidFile none",
            "PermitRootLogin yes",
            f"PasswordAuthentication {'yes' if self._passwords else 'no'}",
            "KbdInteractiveAuthentication no",
            f"Subsystem sftp internal-sftp {self._sftp}",
        ]
        (self.folder / "config").write_text("\n".join(lines) + "\n")


def may_lay_files_over() -> bool:
    """Say whether this user may have a process see another file in the place of one of the system's."""
    tried = subprocess.run(
        ["unshare", "--mount", "mount", "--bind", "/dev/null", "/etc/shadow"],
        capture_output=True,
        check=False,
    )
    return tried.returncode == 0


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _descendants(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return []  # it has ended meanwhile
    found: list[int] = []
    for child in children:
        found += [int(child), *_descendants(int(child))]
    return found
