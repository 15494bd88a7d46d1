"""Leaves, roots and checks; facts are found by the transaction that wrote them."""

import archive.facts
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from archive.facts import INDEX_CHANGES, protect_fact


class Migration(migrations.Migration):

    dependencies = [
        ('archive', '0011_access_log'),
    ]

    operations = [
        migrations.CreateModel(
            name='SealCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('started_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('finished_at', models.DateTimeField(null=True)),
                ('share', models.PositiveSmallIntegerField(help_text='Empty: everything was looked at.', null=True)),
                ('asked_by', models.CharField(blank=True, help_text='Empty: it was time for it.', max_length=150)),
                ('counts', models.JSONField(default=dict)),
                ('found', models.PositiveIntegerField(default=0)),
                ('findings', models.JSONField(default=list)),
            ],
            options={
                'verbose_name': 'archive check',
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='SealRoot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('changed_xid', archive.facts.TransactionIdField(db_default=archive.facts.CurrentTransaction(), editable=False)),
                ('tree', models.PositiveIntegerField(unique=True)),
                ('name', models.CharField(max_length=30, unique=True)),
                ('day', models.DateField()),
                ('closed_at', models.DateTimeField()),
                ('size', models.PositiveIntegerField()),
                ('root', models.CharField(max_length=64)),
                ('previous', models.CharField(help_text='Chain value of the tree before; of none, zeros.', max_length=64)),
                ('chain', models.CharField(help_text='SHA-256 of what is signed.', max_length=64, unique=True)),
                ('signature', models.CharField(blank=True, help_text='Ed25519, in hex; empty: there was no key.', max_length=128)),
                ('key', models.CharField(blank=True, help_text='The public key that checks it, in hex.', max_length=64)),
            ],
            options={
                'ordering': ['-tree'],
            },
        ),
        migrations.CreateModel(
            name='SealHorizon',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('epoch', models.UUIDField()),
                ('before', models.BigIntegerField(help_text='Every row of an older transaction is sealed.')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('pk', 1)), name='sealhorizon_only_one')],
            },
        ),
        migrations.CreateModel(
            name='SealLeaf',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('changed_xid', archive.facts.TransactionIdField(db_default=archive.facts.CurrentTransaction(), editable=False)),
                ('table_name', models.CharField(max_length=63)),
                ('row_id', models.BigIntegerField()),
                ('leaf', models.BinaryField(max_length=32)),
                ('tree', models.PositiveIntegerField()),
                ('place', models.PositiveIntegerField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('table_name', 'row_id'), name='sealleaf_row_once'), models.UniqueConstraint(fields=('tree', 'place'), name='sealleaf_place_once')],
            },
        ),
        migrations.CreateModel(
            name='SealPublication',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('changed_xid', archive.facts.TransactionIdField(db_default=archive.facts.CurrentTransaction(), editable=False)),
                ('place', models.CharField(choices=[('file', 'File'), ('bucket', 'Bucket'), ('mail', 'Mail to the auditor')], max_length=6)),
                ('reference', models.CharField(blank=True, help_text='By what it is found there; no address of a person.', max_length=300)),
                ('root', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='publications', to='archive.sealroot')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('root', 'place', 'reference'), name='sealpublication_once')],
            },
        ),
        protect_fact("archive_sealleaf"),
        protect_fact("archive_sealroot"),
        protect_fact("archive_sealpublication"),
        INDEX_CHANGES,
    ]
