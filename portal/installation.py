"""What a private installation keeps below ``.data/``: its database server's addresses and its keys.

Without ``DATABASE_URL`` Gridport runs on a private PostgreSQL. ``manage.py localdb start`` makes it and
writes ``.data/installation.json`` (mode 0600); settings only ever read that file.
"""

from __future__ import annotations

import json
import os
import secrets
from base64 import urlsafe_b64encode
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Installation:
    """Addresses and keys of one private installation. ``server_folder`` holds the database's files."""

    server_folder: str
    port: int
    superuser_password: str
    owner_password: str
    app_password: str
    secret_key: str
    encryption_key: str

    def address(self, role: str, database: str = "gridport") -> str:
        """Return the ``postgres://`` address of ``database`` for ``role``: owner, app or superuser."""
        user, password = {
            "owner": ("gridport_owner", self.owner_password),
            "app": ("gridport_app", self.app_password),
            "superuser": ("postgres", self.superuser_password),
        }[role]
        return f"postgres://{user}:{password}@127.0.0.1:{self.port}/{database}"


def new_installation(server_folder: Path, port: int) -> Installation:
    """Return an installation with fresh passwords and keys."""
    return Installation(
        server_folder=str(server_folder),
        port=port,
        superuser_password=secrets.token_urlsafe(24),
        owner_password=secrets.token_urlsafe(24),
        app_password=secrets.token_urlsafe(24),
        secret_key=secrets.token_urlsafe(48),
        encryption_key=urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    )


def read_installation(data: Path) -> Installation | None:
    """Return what ``data/installation.json`` says, or None where there is none yet."""
    try:
        return Installation(**json.loads((data / "installation.json").read_text()))
    except FileNotFoundError:
        return None


def write_installation(data: Path, installation: Installation) -> None:
    """Write ``installation`` in one step, readable by its owner alone."""
    data.mkdir(mode=0o700, exist_ok=True)
    target = data / "installation.json"
    fresh = target.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps(asdict(installation), indent=2))
    os.replace(fresh, target)  # noqa: PTH105 - one atomic step, in the words of the operating system


def keep_signing_key(data: Path) -> None:
    """Make the key that signs the archive's seals where there is none: in a file of its own, since the web process is not to
    hold it."""
    target = data / "seal-signing-key"
    if target.exists():
        return
    fresh = target.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text(urlsafe_b64encode(secrets.token_bytes(32)).decode())
    os.replace(fresh, target)  # noqa: PTH105 - one atomic step, in the words of the operating system
