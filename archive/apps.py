"""What was exchanged."""

from django.apps import AppConfig


class ArchiveConfig(AppConfig):
    """The archive application."""

    name = "archive"
    verbose_name = "Archive"
