"""What the dashboard's charts show, counted by day; indexes for lists of very many orders."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('archive', '0009_lists'),
        ('integration', '0028_rights'),
        ('partners', '0014_return_terms'),
    ]

    operations = [
        migrations.CreateModel(
            name='DailyFigure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('transaction_set', models.CharField(max_length=6)),
                ('direction', models.CharField(choices=[('in', 'Received'), ('out', 'Sent')], max_length=3)),
                ('documents', models.PositiveIntegerField()),
                ('failed', models.PositiveIntegerField()),
                ('answered', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveIntegerField(), help_text='How many functional acknowledgments came within how long (ANSWERED_WITHIN).', size=None)),
                ('counted_at', models.DateTimeField()),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.AddIndex(
            model_name='invoice',
            index=models.Index(fields=['currency'], name='invoice_currency'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['-placed_at', '-id'], name='order_placed'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('state__in', ['held', 'settling'])), fields=['state', '-placed_at'], name='order_not_routed'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['number'], name='order_number'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['status_id', '-placed_at'], name='order_status'),
        ),
        migrations.AddIndex(
            model_name='purchaseorder',
            index=models.Index(fields=['-created_at', '-id'], name='purchaseorder_created'),
        ),
        migrations.AddField(
            model_name='dailyfigure',
            name='partner',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='partners.tradingpartner'),
        ),
        migrations.AddConstraint(
            model_name='dailyfigure',
            constraint=models.UniqueConstraint(fields=('day', 'partner', 'transaction_set', 'direction'), name='dailyfigure_once', nulls_distinct=False),
        ),
    ]
