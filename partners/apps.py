"""With whom we trade, and what was agreed."""

from django.apps import AppConfig


class PartnersConfig(AppConfig):
    """The partners application."""

    name = "partners"
    verbose_name = "Partners"
