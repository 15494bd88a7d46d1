"""What is only asked for whole loses the second index that Django makes for asking how a text begins.

Two of a payload's five indexes were such. The others are renamed as the models now call them, not built anew, so an
archive of any size changes at once.
"""

from django.db import migrations, models

RENAMED = {
    "archive_payload_address_key": "payload_address_once",
    "archive_payload_fingerprint_1cc250a1": "payload_fingerprint",
    "archive_event_subject_429fd4b1": "event_subject",
    "archive_accessrecord_subject_0529e6ff": "accessrecord_subject",
}
"""Indexes by the names that PostgreSQL and Django gave them; a constraint is renamed with its index."""
DROPPED = {
    "archive_payload_address_564735c4_like": ("archive_payload", "address"),
    "archive_payload_fingerprint_1cc250a1_like": ("archive_payload", "fingerprint"),
    "archive_event_subject_429fd4b1_like": ("archive_event", "subject"),
    "archive_accessrecord_subject_0529e6ff_like": ("archive_accessrecord", "subject"),
}

SLIMMED = migrations.RunSQL(
    sql=[
        *(f"ALTER INDEX {old} RENAME TO {new}" for old, new in RENAMED.items()),
        *(f"DROP INDEX {name}" for name in DROPPED),
    ],
    reverse_sql=[
        *(
            f"CREATE INDEX {name} ON {table} ({column} varchar_pattern_ops)"
            for name, (table, column) in DROPPED.items()
        ),
        *(f"ALTER INDEX {new} RENAME TO {old}" for old, new in RENAMED.items()),
    ],
)


class Migration(migrations.Migration):
    dependencies = [("archive", "0016_erasure_certificates")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[SLIMMED],
            state_operations=[
                migrations.AlterField("payload", "address", models.CharField(max_length=64)),
                migrations.AlterField("payload", "fingerprint", models.CharField(max_length=64)),
                migrations.AlterField("event", "subject", models.CharField(max_length=60)),
                migrations.AlterField(
                    "accessrecord", "subject", models.CharField(blank=True, db_default="", max_length=60)
                ),
                migrations.AddConstraint(
                    "payload", models.UniqueConstraint(fields=["address"], name="payload_address_once")
                ),
                migrations.AddIndex("payload", models.Index(fields=["fingerprint"], name="payload_fingerprint")),
                migrations.AddIndex("event", models.Index(fields=["subject"], name="event_subject")),
                migrations.AddIndex("accessrecord", models.Index(fields=["subject"], name="accessrecord_subject")),
            ],
        )
    ]
