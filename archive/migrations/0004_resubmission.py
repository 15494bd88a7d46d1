"""Documents that a person sent again, each in an interchange of its own."""

import archive.facts
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from archive.facts import protect_fact


class Migration(migrations.Migration):

    dependencies = [
        ('archive', '0003_cursor_epoch'),
    ]

    operations = [
        migrations.CreateModel(
            name='Resubmission',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('changed_xid', archive.facts.TransactionIdField(db_default=archive.facts.CurrentTransaction(), editable=False)),
                ('key', models.CharField(help_text="The form's: posting it twice sends once.", max_length=64, unique=True)),
                ('actor', models.CharField(max_length=150)),
                ('reason', models.TextField()),
                ('document', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='resubmission', to='archive.document')),
                ('original', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='sent_again_as', to='archive.document')),
            ],
            options={
                'abstract': False,
            },
        ),
        protect_fact("archive_resubmission"),
    ]
