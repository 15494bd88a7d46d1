"""Our answers to interchanges (TA1), and what advices and messages of partners speak of."""

import archive.facts
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from archive.facts import protect_fact


class Migration(migrations.Migration):

    dependencies = [
        ('archive', '0006_reprocessing'),
    ]

    operations = [
        migrations.CreateModel(
            name='InterchangeAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('changed_xid', archive.facts.TransactionIdField(db_default=archive.facts.CurrentTransaction(), editable=False)),
                ('code', models.CharField(help_text='TA104: A E R', max_length=1)),
                ('note', models.CharField(help_text='TA105', max_length=3)),
                ('answer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='answers_interchanges', to='archive.document')),
                ('source', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='answered_by', to='archive.interchange')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Mention',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('changed_xid', archive.facts.TransactionIdField(db_default=archive.facts.CurrentTransaction(), editable=False)),
                ('said', models.CharField(blank=True, help_text='The outcome, in the words of the advice.', max_length=60)),
                ('document', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='mentions', to='archive.document')),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='mentioning', to='archive.document')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('document', 'source'), name='mention_once')],
            },
        ),
        protect_fact("archive_interchangeanswer"),
        protect_fact("archive_mention"),
    ]
