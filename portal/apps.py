"""The window: settings, admin, pages, commands, checks."""

from django.apps import AppConfig

from portal import checks


class PortalConfig(AppConfig):
    """The portal application; importing its checks registers them."""

    name = "portal"
    verbose_name = "Gridport"
    checks = checks
