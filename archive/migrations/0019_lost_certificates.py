"""What was disposed of since a backup is known in what is restored from it, though the certificate is lost."""

import archive.facts
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from archive.facts import protect_fact

CERTIFY = migrations.RunSQL(
    sql="""
    GRANT SELECT, INSERT ON archive_lostcertificate TO gridport_disposer;
    CREATE TRIGGER certify BEFORE INSERT ON archive_lostcertificate
        FOR EACH ROW EXECUTE FUNCTION gridport_certify();
    """,
    reverse_sql="""
    DROP TRIGGER certify ON archive_lostcertificate;
    REVOKE ALL ON archive_lostcertificate FROM gridport_disposer;
    """,
)


class Migration(migrations.Migration):
    dependencies = [("archive", "0018_files_of_orders")]

    operations = [
        migrations.CreateModel(
            name="LostCertificate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("recorded_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ("changed_xid", archive.facts.TransactionIdField(db_default=archive.facts.CurrentTransaction(), editable=False)),
                ("number", models.BigIntegerField(help_text="Of the certificate, in the database that was lost.")),
                ("destroyed_at", models.DateTimeField()),
                ("payload", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="lost_certificate", to="archive.payload")),
            ],
            options={"verbose_name": "lost certificate of a disposal", "default_permissions": ()},
        ),
        protect_fact("archive_lostcertificate"),
        CERTIFY,
    ]
