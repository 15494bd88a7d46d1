"""Agreements say what a purchase order tells, and whether unlisted items go."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('partners', '0009_tolerances'),
    ]

    operations = [
        migrations.AddField(
            model_name='agreement',
            name='cancel_after_days',
            field=models.PositiveSmallIntegerField(blank=True, help_text='What is not shipped by then is cancelled; likewise.', null=True, verbose_name='cancelled after (days)'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='deliver_within_days',
            field=models.PositiveSmallIntegerField(blank=True, help_text='Likewise.', null=True, verbose_name='wanted delivered within (days)'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='ship_within_days',
            field=models.PositiveSmallIntegerField(blank=True, help_text='Counted from the day on which the purchase order is made; empty: not told.', null=True, verbose_name='wanted shipped within (days)'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='takes_unlisted_items',
            field=models.BooleanField(default=False, help_text='What a routing rule sends here and the items do not list goes out with our SKU alone, by the piece. Otherwise it is a case.', verbose_name='takes items that are not listed'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='tells_customer_number',
            field=models.BooleanField(default=False, help_text='As a reference (REF), kind IT.', verbose_name="the store's number of the customer"),
        ),
        migrations.AddField(
            model_name='agreement',
            name='tells_discounts',
            field=models.BooleanField(default=False, help_text='Of the lines told, as one allowance (SAC).', verbose_name='what the shopper got off'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='tells_email',
            field=models.BooleanField(default=True, verbose_name='the e-mail address of the ship-to'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='tells_gift_wrapping',
            field=models.BooleanField(default=False, help_text='As remarks of the line.', verbose_name='gift wrapping and its message'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='tells_message',
            field=models.BooleanField(default=True, verbose_name="the shopper's message"),
        ),
        migrations.AddField(
            model_name='agreement',
            name='tells_phone',
            field=models.BooleanField(default=True, verbose_name='the phone number of the ship-to'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='tells_taxes',
            field=models.BooleanField(default=False, help_text='Of the lines told, as one tax (TXI).', verbose_name="the shopper's sales tax"),
        ),
        migrations.AddField(
            model_name='agreement',
            name='unit_price',
            field=models.CharField(choices=[('cost', "What we pay: the item's unit cost, else the line's cost price"), ('shopper', 'What the shopper pays for one, without tax'), ('none', 'None')], default='cost', max_length=7),
        ),
    ]
