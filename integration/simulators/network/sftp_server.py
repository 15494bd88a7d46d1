"""The mailbox's SFTP door, on asyncssh: one login, its folder as the root, in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import asyncssh

READY_WITHIN = 20.0


class SftpDoor:
    """Serves ``root`` to one user; a context manager. ``host_key`` is the public key line that clients pin.

    ``on_rename`` is called before a rename is carried out: tests break the connection off there.
    """

    def __init__(
        self,
        root: Path,
        *,
        username: str = "gridport",
        password: str = "mailbox",  # noqa: S107 - a simulator's, on loopback
        authorized_key: str = "",
        host_key: asyncssh.SSHKey | None = None,
        port: int = 0,
        renames: bool = True,
        on_rename: Callable[[], None] | None = None,
    ) -> None:
        self.root = root
        self.username = username
        self.password = password
        self.authorized_key = authorized_key
        self.port = port
        self.renames = renames
        self.on_rename = on_rename
        self._key = host_key or asyncssh.generate_private_key("ssh-ed25519")
        self.host_key: str = " ".join(self._key.export_public_key().decode().split()[:2])
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> SftpDoor:
        self._thread.start()
        if not self._ready.wait(READY_WITHIN):
            raise TimeoutError("The SFTP door did not open.")
        return self

    def __exit__(self, *problem: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        door = self

        class Login(asyncssh.SSHServer):
            def begin_auth(self, username: str) -> bool:
                return True

            def password_auth_supported(self) -> bool:
                return True

            def validate_password(self, username: str, password: str) -> bool:
                return (username, password) == (door.username, door.password)

            def public_key_auth_supported(self) -> bool:
                return bool(door.authorized_key)

            def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
                offered = key.export_public_key().decode().split()[:2]
                return username == door.username and offered == door.authorized_key.split()[:2]

        class Files(asyncssh.SFTPServer):
            def __init__(self, channel: asyncssh.SSHServerChannel[bytes]) -> None:
                super().__init__(channel, chroot=str(door.root).encode())

            def rename(self, oldpath: bytes, newpath: bytes) -> None:
                door.before_rename()
                super().rename(oldpath, newpath)

            def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
                if not door.renames:
                    raise asyncssh.SFTPOpUnsupported("no such extension")
                door.before_rename()
                super().posix_rename(oldpath, newpath)

        listener = await asyncssh.listen(
            "127.0.0.1", self.port, server_factory=Login, server_host_keys=[self._key], sftp_factory=Files,
            reuse_address=True,
        )  # fmt: skip
        self.port = listener.get_port()
        self._ready.set()
        await self._stop.wait()
        listener.close()
        await listener.wait_closed()

    def before_rename(self) -> None:
        """Let a test interfere."""
        if self.on_rename is not None:
            self.on_rename()
