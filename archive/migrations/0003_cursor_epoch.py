"""Cursors of incremental readers belong to an epoch, which only the owner begins."""

import django.contrib.postgres.functions
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("archive", "0002_guards")]
    operations = [
        migrations.CreateModel(
            name="CursorEpoch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID(), editable=False, unique=True)),
                ("began_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ("origin", models.CharField(help_text="Why it began.", max_length=200)),
            ],
        ),
        migrations.RunSQL(
            sql="""
            REVOKE INSERT, UPDATE, DELETE ON archive_cursorepoch FROM gridport_app;
            INSERT INTO archive_cursorepoch (origin) VALUES ('installed');
            """,
            reverse_sql="DELETE FROM archive_cursorepoch; GRANT INSERT, UPDATE, DELETE ON archive_cursorepoch TO gridport_app;",
        ),
    ]
