"""Where a bucket keeps versions, a publication of a root says which of them it is."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("archive", "0019_lost_certificates")]

    operations = [
        migrations.AddField(
            "sealpublication",
            "version",
            models.CharField(blank=True, db_default="", help_text="Of a bucket that keeps versions.", max_length=1024),
        ),
    ]
