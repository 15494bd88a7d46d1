"""How documents move between the store and the network."""

from django.apps import AppConfig


class IntegrationConfig(AppConfig):
    """The integration application."""

    name = "integration"
    verbose_name = "Orders"
