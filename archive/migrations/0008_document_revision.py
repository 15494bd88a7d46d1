"""Which guide read a document that was read again."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('archive', '0007_acknowledgments'),
    ]

    operations = [
        migrations.AddField(
            model_name='reprocessing',
            name='guide',
            field=models.CharField(blank=True, help_text='The guide that read it then.', max_length=60),
        ),
    ]
