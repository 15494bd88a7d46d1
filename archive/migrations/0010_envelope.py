"""Keys of payloads and of persons; a payload's bytes, and nothing else, may go."""

import archive.facts
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from archive.facts import GUARD_THAT_LETS_BYTES_GO, protect_fact, protect_keys


class Migration(migrations.Migration):

    dependencies = [
        ('archive', '0009_lists'),
    ]

    operations = [
        migrations.CreateModel(
            name='DataSubject',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('changed_xid', archive.facts.TransactionIdField(db_default=archive.facts.CurrentTransaction(), editable=False)),
                ('lookup', models.CharField(help_text='Keyed hash of what names the person.', max_length=64, unique=True)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.AddField(
            model_name='payload',
            name='commitment',
            field=models.CharField(blank=True, help_text='Empty: from before there were any.', max_length=64),
        ),
        migrations.AlterField(
            model_name='payload',
            name='ciphertext',
            field=models.BinaryField(help_text='Empty: it was moved to the storages, or disposed of.'),
        ),
        migrations.AlterField(
            model_name='payload',
            name='key_id',
            field=models.CharField(blank=True, help_text='Empty: the payload has its own key.', max_length=16),
        ),
        migrations.CreateModel(
            name='SubjectKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('wrapped', models.BinaryField(help_text='Nonce and AES-256-GCM of the 32 bytes.')),
                ('store_key', models.CharField(max_length=16)),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('subject', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='key', to='archive.datasubject')),
            ],
        ),
        migrations.CreateModel(
            name='PayloadKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('wrapped', models.BinaryField(help_text='Nonce and AES-256-GCM of the 32 bytes.')),
                ('store_key', models.CharField(blank=True, help_text="Empty: it lies under a person's key.", max_length=16)),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('payload', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='key', to='archive.payload')),
                ('under', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='payload_keys', to='archive.datasubject')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('store_key', ''), ('under', None), _connector='XOR'), name='payload_key_under_one_key')],
            },
        ),
        migrations.CreateModel(
            name='PayloadSubject',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('changed_xid', archive.facts.TransactionIdField(db_default=archive.facts.CurrentTransaction(), editable=False)),
                ('payload', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='subjects', to='archive.payload')),
                ('subject', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payloads', to='archive.datasubject')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('payload', 'subject'), name='payload_subject_once')],
            },
        ),
        GUARD_THAT_LETS_BYTES_GO,
        protect_fact("archive_datasubject"),
        protect_fact("archive_payloadsubject"),
        protect_keys("archive_subjectkey"),
        protect_keys("archive_payloadkey"),
    ]
