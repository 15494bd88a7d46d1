"""Large exports of the API: what was asked for, and its parts."""


import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('portal', '0004_reporting_views'),
    ]

    operations = [
        migrations.CreateModel(
            name='Export',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('resource', models.CharField(max_length=40)),
                ('filters', models.JSONField(default=dict)),
                ('fields', models.JSONField(default=list, help_text='The columns that are wanted; none named: all.')),
                ('format', models.CharField(max_length=10)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('running', 'Being written'), ('done', 'Ready'), ('stopped', 'Stopped'), ('failed', 'Failed'), ('removed', 'Removed')], default='waiting', max_length=10)),
                ('sentence', models.TextField(blank=True, help_text='Why it ended without a file.')),
                ('rows_done', models.PositiveBigIntegerField(default=0)),
                ('rows_expected', models.PositiveBigIntegerField(help_text='About; null: nobody can say.', null=True)),
                ('parts_done', models.PositiveIntegerField(default=0)),
                ('transaction', models.BigIntegerField(default=0)),
                ('row', models.BigIntegerField(default=0)),
                ('horizon', models.BigIntegerField()),
                ('epoch', models.UUIDField()),
                ('sight', models.CharField(max_length=64)),
                ('complete_until', models.DateTimeField()),
                ('size', models.PositiveBigIntegerField(default=0)),
                ('packed', models.PositiveBigIntegerField(default=0)),
                ('checksum', models.PositiveBigIntegerField(default=0)),
                ('digest', models.CharField(blank=True, max_length=64)),
                ('wrapped', models.BinaryField()),
                ('store_key', models.CharField(max_length=16)),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('ended_at', models.DateTimeField(null=True)),
                ('expires_at', models.DateTimeField(help_text='From then on the file is removed.', null=True)),
                ('token', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='exports', to='portal.apitoken')),
            ],
            options={
                'verbose_name': 'API export',
                'ordering': ['-pk'],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='ExportPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(help_text='From 1.')),
                ('rows', models.PositiveIntegerField()),
                ('nonce', models.BinaryField()),
                ('content', models.BinaryField()),
                ('export', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='portal.export')),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.AddIndex(
            model_name='export',
            index=models.Index(condition=models.Q(('state__in', ['waiting', 'running', 'done'])), fields=['token'], name='export_held'),
        ),
        migrations.AddIndex(
            model_name='export',
            index=models.Index(fields=['made_at'], name='export_age'),
        ),
        migrations.AddConstraint(
            model_name='export',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'running', 'done', 'stopped', 'failed', 'removed'])), name='export_state_known'),
        ),
        migrations.AddConstraint(
            model_name='exportpart',
            constraint=models.UniqueConstraint(fields=('export', 'number'), name='exportpart_once'),
        ),
    ]
