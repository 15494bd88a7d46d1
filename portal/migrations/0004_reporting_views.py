"""The reporting tables: what tools that read databases are shown."""

from django.db import migrations

from portal.reporting.declaring import create_views
from portal.reporting.v1 import V1


class Migration(migrations.Migration):

    dependencies = [
        ('archive', '0014_governance'),
        ('integration', '0035_ties'),
        ('partners', '0015_onboarding'),
        ('portal', '0003_api'),
    ]

    operations = [create_views(V1)]
