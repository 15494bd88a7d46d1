"""Entries of the ledger name the reading that they come from; jobs that send many documents again."""

import archive.facts
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from archive.facts import stamp_changes


class Migration(migrations.Migration):

    dependencies = [
        ('archive', '0006_reprocessing'),
        ('integration', '0007_second_client_secret'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='BulkItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('changed_xid', archive.facts.TransactionIdField(db_default=archive.facts.CurrentTransaction(), editable=False)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('done', 'Sent again'), ('refused', 'Not sent'), ('stopped', 'Stopped before it was sent')], default='waiting', max_length=7)),
                ('warnings', models.JSONField(default=list)),
                ('sentence', models.TextField(blank=True, help_text='Why it was not sent.')),
            ],
            options={
                'ordering': ['pk'],
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='BulkJob',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('changed_xid', archive.facts.TransactionIdField(db_default=archive.facts.CurrentTransaction(), editable=False)),
                ('key', models.CharField(help_text="The form's: posting it twice starts one job.", max_length=64, unique=True)),
                ('state', models.CharField(choices=[('proposed', 'Waiting for a second person'), ('running', 'Approved'), ('stopped', 'Stopped'), ('declined', 'Declined')], max_length=8)),
                ('scope', models.TextField(help_text='Which documents were meant, in words.')),
                ('reason', models.TextField()),
                ('warnings', models.JSONField(default=list, help_text='What partners had answered already, as it was shown.')),
                ('started_by', models.CharField(max_length=150)),
                ('user', models.ForeignKey(help_text='In whose rights it runs.', on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('decided_by', models.CharField(blank=True, help_text='The second person, who approved or declined.', max_length=150)),
                ('decided_because', models.TextField(blank=True)),
                ('decided_at', models.DateTimeField(null=True)),
                ('stopped_by', models.CharField(blank=True, max_length=150)),
                ('stopped_because', models.TextField(blank=True)),
                ('stopped_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'bulk job',
                'ordering': ['-pk'],
                'default_permissions': ('view',),
            },
        ),
        migrations.RemoveConstraint(
            model_name='lineentry',
            name='lineentry_once_per_document',
        ),
        migrations.AddField(
            model_name='lineentry',
            name='reading',
            field=models.PositiveIntegerField(default=0, help_text='Which reading of the document it comes from: 0, or that of a reprocessing.'),
        ),
        migrations.AlterField(
            model_name='exceptioncase',
            name='decision',
            field=models.CharField(blank=True, choices=[('settled', 'Settled outside; nothing more to do'), ('accepted', 'Accepted as acknowledged'), ('rejected', "The partner's answer rejected"), ('matched', 'Matched to another purchase order'), ('not_ours', 'Not ours'), ('retry', 'Try again'), ('read_again', 'Read again'), ('released', 'The cause is gone')], max_length=24),
        ),
        migrations.AddConstraint(
            model_name='lineentry',
            constraint=models.UniqueConstraint(condition=models.Q(('reverses', None)), fields=('line', 'kind', 'document', 'position', 'reading'), name='lineentry_once_per_document'),
        ),
        migrations.AddField(
            model_name='bulkitem',
            name='document',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='bulk_items', to='archive.document'),
        ),
        migrations.AddField(
            model_name='bulkitem',
            name='result',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='archive.document'),
        ),
        migrations.AddConstraint(
            model_name='bulkjob',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['proposed', 'running', 'stopped', 'declined'])), name='bulkjob_state_known'),
        ),
        migrations.AddField(
            model_name='bulkitem',
            name='job',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='integration.bulkjob'),
        ),
        migrations.AddConstraint(
            model_name='bulkitem',
            constraint=models.UniqueConstraint(fields=('job', 'document'), name='bulkitem_once'),
        ),
        migrations.AddConstraint(
            model_name='bulkitem',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'done', 'refused', 'stopped'])), name='bulkitem_state_known'),
        ),
        stamp_changes("integration_bulkjob"),
        stamp_changes("integration_bulkitem"),
    ]
