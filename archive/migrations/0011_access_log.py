"""Readings of pages, lists, searches and files, beside those of content."""

import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('archive', '0010_envelope'),
    ]

    operations = [
        migrations.AddField(
            model_name='accessrecord',
            name='hits',
            field=models.JSONField(blank=True, db_default=models.Value([], models.JSONField()), default=list),
        ),
        migrations.AddField(
            model_name='accessrecord',
            name='kind',
            field=models.CharField(choices=[('content', 'Content'), ('page', 'Page'), ('list', 'List'), ('search', 'Search'), ('download', 'Download'), ('export', 'Export')], db_default='content', default='content', max_length=8),
        ),
        migrations.AddField(
            model_name='accessrecord',
            name='subject',
            field=models.CharField(blank=True, db_default='', db_index=True, max_length=60),
        ),
        migrations.AddField(
            model_name='accessrecord',
            name='term',
            field=models.CharField(blank=True, db_default='', help_text='Keyed hash of what was looked for.', max_length=64),
        ),
        migrations.AlterField(
            model_name='accessrecord',
            name='payload',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='accesses', to='archive.payload'),
        ),
        migrations.AddIndex(
            model_name='accessrecord',
            index=models.Index(fields=['actor', '-id'], name='accessrecord_actor'),
        ),
        migrations.AddIndex(
            model_name='accessrecord',
            index=django.contrib.postgres.indexes.GinIndex(condition=models.Q(('kind__in', ['list', 'search', 'export'])), fields=['hits'], name='accessrecord_hits', opclasses=['jsonb_path_ops']),
        ),
    ]
