"""One consistent copy of the whole database in one file, and the way back: ``manage.py backup`` and ``restore``.

The file is a plain tar of ``database.dump`` (pg_dump's custom format) and ``manifest.json``: one thing to copy
away and to hash, and without Gridport ``tar x`` and ``pg_restore`` still read it. What that leaves undone is what
``load`` does around it: rows stamped anew, grants as they were, control numbers left out, everything paused.
"""


class BackupError(Exception):
    """Nothing was written or changed; the text says why and what to do."""


class FaultsAfterRestore(Exception):
    """The data is restored, and what keeps history safe is not as it should be; the text lists what."""
