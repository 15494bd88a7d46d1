"""The environment that settings are read from."""

from __future__ import annotations

import environ
from environ.fileaware_mapping import FileAwareMapping


class _Values(FileAwareMapping):  # type: ignore[misc]
    """Variables, and for ``NAME_FILE`` what the named file holds; without the newline that ends most files.

    A key with a newline at its end would be another key.
    """

    def __getitem__(self, name: str) -> str:
        return str(super().__getitem__(name)).strip()


class _Environment(environ.FileAwareEnv):  # type: ignore[misc]
    ENVIRON = _Values()


env = _Environment()
