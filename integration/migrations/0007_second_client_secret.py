"""Stores keep their former client secret for a while, so that calls under way while it is changed are taken."""

import partners.secrets
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('integration', '0006_orderreference'),
    ]

    operations = [
        migrations.AddField(
            model_name='store',
            name='former_client_secret',
            field=partners.secrets.EncryptedTextField(blank=True, editable=False),
        ),
        migrations.AddField(
            model_name='store',
            name='former_secret_until',
            field=models.DateTimeField(editable=False, help_text='Until then calls signed with the former secret are taken.', null=True),
        ),
    ]
