"""The archive's storage as Django wants it in ``STORAGES``, from the environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from portal.environment import env


@dataclass(frozen=True)
class ObjectLock:
    """How long a bucket is asked to keep each copy from being deleted, and how strictly; 0 days: it is not asked."""

    days: int
    mode: str


def archive_storage(folder: str, bucket: str) -> dict[str, Any]:
    """Return the entry of ``STORAGES`` for ``bucket`` of S3, or for ``folder`` where none is named.

    The bucket is reached as ARCHIVE_STORAGE_ENDPOINT, _REGION, _PREFIX, _ACCESS_KEY and _SECRET_KEY say.
    """
    if not bucket:
        return {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {
                "location": folder,
                "file_permissions_mode": 0o600,
                "directory_permissions_mode": 0o700,
            },
        }
    options = {
        "bucket_name": bucket,
        "location": env.str("ARCHIVE_STORAGE_PREFIX", default=""),
        "endpoint_url": env.str("ARCHIVE_STORAGE_ENDPOINT", default="") or None,
        "region_name": env.str("ARCHIVE_STORAGE_REGION", default="") or None,
        "access_key": env.str("ARCHIVE_STORAGE_ACCESS_KEY", default="") or None,
        "secret_key": env.str("ARCHIVE_STORAGE_SECRET_KEY", default="") or None,
    }
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {name: value for name, value in options.items() if value is not None},
    }
