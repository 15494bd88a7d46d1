"""The window: settings, admin, pages, commands, checks."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """The portal application."""

    name = "portal"
    verbose_name = "Gridport"
