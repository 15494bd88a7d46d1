"""Loaded with ``-p`` before settings are: without DATABASE_URL, the tests run on the private server."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from portal.localdb import PrivateServer

_STARTED_HERE = "GRIDPORT_TESTS_STARTED_SERVER"

FOR_THE_RUN = ("fsync=off", "full_page_writes=off")
"""Settings of servers that need not outlive the machine: their processes may die as they like, and nobody waits for the disk."""

if not os.environ.get("DATABASE_URL") or os.environ.get(_STARTED_HERE):
    data = Path(os.environ.get("GRIDPORT_DATA", Path(__file__).resolve().parent.parent / ".data"))
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        # A server for each: readers are given what is older than every transaction of their server, and the tests of
        # another worker hold theirs open for as long as they run.
        data = data / "workers" / worker
        data.mkdir(parents=True, exist_ok=True)
        os.environ["GRIDPORT_DATA"] = str(data)
        server = PrivateServer(data, *FOR_THE_RUN)
        atexit.register(server.stop)
    else:
        server = PrivateServer(data)
    installation = server.start()
    os.environ[_STARTED_HERE] = "1"
    os.environ["DATABASE_URL"] = installation.address("app")
    os.environ["DATABASE_OWNER_URL"] = installation.address("owner")
    os.environ["SECRET_KEY"] = installation.secret_key
    os.environ["ENCRYPTION_KEYS"] = installation.encryption_key
if not os.environ.get("ARCHIVE_STORAGE_FOLDER"):
    folder = os.environ["ARCHIVE_STORAGE_FOLDER"] = tempfile.mkdtemp(prefix="gridport-archive-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
os.environ.setdefault("HTTPS", "false")
os.environ.setdefault("LOG_LEVEL", "WARNING")
