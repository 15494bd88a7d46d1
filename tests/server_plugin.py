"""Loaded with ``-p`` before settings are: without DATABASE_URL, the tests run on the private server."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from portal.localdb import PrivateServer

if not os.environ.get("DATABASE_URL"):
    data = Path(os.environ.get("GRIDPORT_DATA", Path(__file__).resolve().parent.parent / ".data"))
    installation = PrivateServer(data).start()
    os.environ["DATABASE_URL"] = installation.address("app")
    os.environ["DATABASE_OWNER_URL"] = installation.address("owner")
    os.environ.setdefault("SECRET_KEY", installation.secret_key)
    os.environ.setdefault("ENCRYPTION_KEYS", installation.encryption_key)
if not os.environ.get("ARCHIVE_STORAGE_FOLDER"):
    folder = os.environ["ARCHIVE_STORAGE_FOLDER"] = tempfile.mkdtemp(prefix="gridport-archive-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
os.environ.setdefault("HTTPS", "false")
os.environ.setdefault("LOG_LEVEL", "WARNING")
