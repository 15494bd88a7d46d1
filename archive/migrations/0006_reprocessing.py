"""Documents and files that a person had read once more."""

import archive.facts
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from archive.facts import protect_fact


class Migration(migrations.Migration):

    dependencies = [
        ('archive', '0005_references'),
    ]

    operations = [
        migrations.CreateModel(
            name='Reprocessing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('changed_xid', archive.facts.TransactionIdField(db_default=archive.facts.CurrentTransaction(), editable=False)),
                ('reading', models.PositiveIntegerField()),
                ('key', models.CharField(help_text="The form's: posting it twice reads once.", max_length=64, unique=True)),
                ('actor', models.CharField(max_length=150)),
                ('reason', models.TextField()),
                ('document', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reprocessings', to='archive.document')),
                ('restarts_at', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='restarts', to='archive.interchange')),
                ('transmission', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reprocessings', to='archive.transmission')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('document', 'reading'), name='reprocessing_of_document_once'), models.UniqueConstraint(fields=('transmission', 'reading'), name='reprocessing_of_file_once'), models.CheckConstraint(condition=models.Q(('document', None), ('transmission', None), _connector='XOR'), name='reprocessing_of_one_thing')],
            },
        ),
        protect_fact("archive_reprocessing"),
    ]
