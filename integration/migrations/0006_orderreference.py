"""Orders get references of their own, of the shape that documents have."""

import archive.facts
import django.db.models.deletion
from django.db import migrations, models

from archive.facts import stamp_changes


class Migration(migrations.Migration):

    dependencies = [
        ('integration', '0005_hooks'),
    ]

    operations = [
        migrations.CreateModel(
            name='OrderReference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('changed_xid', archive.facts.TransactionIdField(db_default=archive.facts.CurrentTransaction(), editable=False)),
                ('kind', models.CharField(max_length=40)),
                ('value', models.CharField(help_text='As written.', max_length=100)),
                ('normal', models.CharField(db_collation='C', help_text='One of its forms.', max_length=100)),
                ('rank', models.PositiveSmallIntegerField(default=0, help_text='Nearness of the form, then kind.')),
                ('order', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='references', to='integration.order')),
            ],
            options={
                'indexes': [models.Index(fields=['normal', '-rank', '-order'], name='orderreference_found')],
                'constraints': [models.UniqueConstraint(fields=('order', 'kind', 'normal'), name='orderreference_once')],
            },
        ),
        stamp_changes("integration_orderreference"),
    ]
