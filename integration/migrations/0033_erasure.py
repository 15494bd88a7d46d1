"""Whose order it is; persons to be forgotten, by one function that two people let run; restores that were tried out."""

import archive.facts
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from archive.facts import stamp_changes
from archive.subjects import LOCK

ERASE = migrations.RunSQL(
    sql=f"""
    GRANT CREATE ON SCHEMA public TO gridport_disposer;
    GRANT SELECT ON integration_erasure, integration_erasure_persons, archive_payloadsubject TO gridport_disposer;
    CREATE FUNCTION gridport_erase(erasure bigint) RETURNS integer
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
        agreed jsonb;
        asked bigint[];
        going bigint[];
        gone integer;
        person bigint;
    BEGIN
        SELECT plan INTO agreed FROM integration_erasure
         WHERE id = erasure AND state = 'approved' AND decided_by_id <> proposed_by_id;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'erasure % is not decided by two people', erasure USING ERRCODE = '42501';
        END IF;
        SELECT array_agg(datasubject_id ORDER BY datasubject_id) INTO asked
          FROM integration_erasure_persons WHERE erasure_id = erasure;
        FOREACH person IN ARRAY asked LOOP
            PERFORM pg_advisory_xact_lock({LOCK}, (person % 2147483648)::integer);
        END LOOP;
        SELECT coalesce(array_agg(each::bigint), '{{}}') INTO going
          FROM jsonb_array_elements_text(agreed -> 'payloads') AS each;
        IF EXISTS (SELECT 1 FROM archive_payloadsubject
                    WHERE payload_id = ANY (going) AND subject_id <> ALL (asked)) THEN
            RAISE EXCEPTION 'erasure % would take what speaks of others', erasure USING ERRCODE = '42501';
        END IF;
        IF EXISTS (SELECT unnest(going) EXCEPT
                   SELECT payload_id FROM archive_payloadsubject WHERE subject_id = ANY (asked)) THEN
            RAISE EXCEPTION 'erasure % would take what does not speak of them', erasure USING ERRCODE = '42501';
        END IF;
        DELETE FROM archive_payloadkey WHERE payload_id = ANY (going) OR under_id = ANY (asked);
        GET DIAGNOSTICS gone = ROW_COUNT;
        DELETE FROM archive_subjectkey WHERE subject_id = ANY (asked);
        RETURN gone;
    END $$;
    ALTER FUNCTION gridport_erase(bigint) OWNER TO gridport_disposer;
    REVOKE ALL ON FUNCTION gridport_erase(bigint) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION gridport_erase(bigint) TO gridport_app;
    REVOKE CREATE ON SCHEMA public FROM gridport_disposer;
    """,
    reverse_sql="DROP FUNCTION gridport_erase(bigint);",
)
"""Destroys the keys of the persons of an erasure and of the payloads that its plan names: only what speaks of nobody else."""


class Migration(migrations.Migration):

    dependencies = [
        ('archive', '0011_access_log'),
        ('integration', '0032_notices'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='RestoreDrill',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('changed_xid', archive.facts.TransactionIdField(db_default=archive.facts.CurrentTransaction(), editable=False)),
                ('file', models.CharField(help_text="The backup's name, without its folder.", max_length=300)),
                ('backup_made_at', models.DateTimeField(help_text='None: it could not be read.', null=True)),
                ('began_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('seconds', models.DecimalField(decimal_places=1, help_text='How long it took until it was verified.', max_digits=9)),
                ('rows', models.PositiveBigIntegerField(default=0)),
                ('passed', models.BooleanField()),
                ('detail', models.TextField(help_text='What was found, in sentences.')),
            ],
            options={
                'ordering': ['-pk'],
                'default_permissions': ('view',),
            },
        ),
        migrations.AddField(
            model_name='order',
            name='erased_at',
            field=models.DateTimeField(editable=False, help_text='Since when it tells no more whose it was.', null=True),
        ),
        migrations.AddField(
            model_name='order',
            name='person',
            field=models.ForeignKey(editable=False, help_text='Whose order it is.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='archive.datasubject'),
        ),
        migrations.CreateModel(
            name='Erasure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('changed_xid', archive.facts.TransactionIdField(db_default=archive.facts.CurrentTransaction(), editable=False)),
                ('state', models.CharField(choices=[('proposed', 'Proposed'), ('approved', 'Approved'), ('done', 'Carried out'), ('withdrawn', 'Withdrawn')], default='proposed', max_length=9)),
                ('reason', models.TextField()),
                ('plan', models.JSONField(help_text='What goes and what stays, as it was shown.')),
                ('proposed_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('decided_at', models.DateTimeField(null=True)),
                ('decided_because', models.TextField(blank=True)),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('orders', models.ManyToManyField(related_name='erasures', to='integration.order')),
                ('persons', models.ManyToManyField(related_name='+', to='archive.datasubject')),
                ('proposed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-pk'],
                'permissions': [('erase', 'Can have persons forgotten, together with a second person')],
                'default_permissions': ('view',),
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('decided_by', None), ('state', 'proposed')), models.Q(('decided_by__isnull', False), ('state', 'withdrawn')), models.Q(('decided_by__isnull', False), ('state__in', ['approved', 'done']), models.Q(('decided_by', models.F('proposed_by')), _negated=True)), _connector='OR'), name='erasure_by_two')],
            },
        ),
        stamp_changes("integration_erasure"),
        stamp_changes("integration_restoredrill"),
        ERASE,
    ]
