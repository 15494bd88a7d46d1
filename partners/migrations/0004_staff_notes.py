from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('partners', '0003_sessions'),
    ]

    operations = [
        migrations.AddField(
            model_name='agreement',
            name='writes_staff_notes',
            field=models.BooleanField(default=False, help_text='Once a purchase order is accepted or cancelled. What staff wrote there is kept.', verbose_name="write a line into the order's staff notes in the store"),
        ),
    ]
