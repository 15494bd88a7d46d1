"""What forgetting a person destroyed is a fact of its own, and so sealed."""

import archive.facts
import django.db.models.functions.datetime
from django.db import migrations, models

from archive.facts import protect_fact

CERTIFY = migrations.RunSQL(
    sql="""
    CREATE OR REPLACE FUNCTION gridport_certify() RETURNS trigger
        LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        IF current_user <> 'gridport_disposer' THEN
            RAISE EXCEPTION 'refused: certificates are written by what destroys' USING ERRCODE = '42501';
        END IF;
        RETURN NEW;
    END $$;
    GRANT SELECT, INSERT ON archive_erasurecertificate TO gridport_disposer;
    CREATE TRIGGER certify BEFORE INSERT ON archive_erasurecertificate
        FOR EACH ROW EXECUTE FUNCTION gridport_certify();
    """,
    reverse_sql="""
    DROP TRIGGER certify ON archive_erasurecertificate;
    REVOKE ALL ON archive_erasurecertificate FROM gridport_disposer;
    """,
)


class Migration(migrations.Migration):

    dependencies = [
        ('archive', '0015_changes'),
    ]

    operations = [
        migrations.CreateModel(
            name='ErasureCertificate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('changed_xid', archive.facts.TransactionIdField(db_default=archive.facts.CurrentTransaction(), editable=False)),
                ('erasure', models.BigIntegerField(unique=True)),
                ('orders', models.JSONField()),
                ('persons', models.JSONField()),
                ('payloads', models.JSONField(help_text='Of which keys were destroyed.')),
                ('keys_destroyed', models.PositiveIntegerField()),
                ('digest', models.CharField(help_text='SHA-256 of the plan, as both people were shown it.', max_length=64)),
                ('proposed_by', models.CharField(max_length=150)),
                ('approved_by', models.CharField(max_length=150)),
            ],
            options={
                'verbose_name': 'erasure certificate',
                'default_permissions': (),
            },
        ),
        protect_fact("archive_erasurecertificate"),
        CERTIFY,
    ]
