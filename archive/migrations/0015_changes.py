"""Which reported rows changed in which transaction."""

import archive.facts
import django.db.models.functions.datetime
from django.db import migrations, models

from archive.facts import stamp_changes


class Migration(migrations.Migration):

    dependencies = [
        ('archive', '0014_governance'),
    ]

    operations = [
        migrations.CreateModel(
            name='TrimmedChanges',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('resource', models.CharField(max_length=24, unique=True)),
                ('epoch', models.UUIDField()),
                ('transaction', models.BigIntegerField(help_text='Every entry up to this transaction was looked at …')),
                ('row', models.BigIntegerField(help_text='… and of it those up to this row.')),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Change',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('changed_xid', archive.facts.TransactionIdField(db_default=archive.facts.CurrentTransaction(), editable=False)),
                ('resource', models.CharField(max_length=24)),
                ('row_id', models.BigIntegerField()),
                ('changed_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, help_text='When its transaction began.')),
            ],
            options={
                'default_permissions': (),
                'indexes': [models.Index(fields=['resource', 'changed_xid', 'row_id'], name='change_order'), models.Index(fields=['resource', 'row_id', 'changed_xid'], name='change_newest'), models.Index(fields=['resource', 'changed_at'], name='change_time')],
            },
        ),
        stamp_changes('archive_change'),
    ]
