from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('integration', '0008_reprocessing'),
    ]

    operations = [
        migrations.AlterField(
            model_name='storeeffect',
            name='kind',
            field=models.CharField(choices=[('status', "Set the order's status"), ('metafield', 'Write the acknowledgment metafield'), ('note', 'Add a line to the staff notes')], max_length=9),
        ),
    ]
