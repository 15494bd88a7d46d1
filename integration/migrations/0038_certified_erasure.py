"""Forgetting a person leaves a certificate, in the transaction that destroys the keys."""

from django.db import migrations

from archive.subjects import LOCK

ERASE = migrations.RunSQL(
    sql=f"""
    GRANT SELECT (id, username) ON auth_user TO gridport_disposer;
    CREATE OR REPLACE FUNCTION gridport_erase(erasure bigint) RETURNS integer
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
        agreed record;
        asked bigint[];
        going bigint[];
        gone integer;
        person bigint;
    BEGIN
        SELECT e.plan, first.username AS proposed_by, second.username AS approved_by INTO agreed
          FROM integration_erasure e JOIN auth_user first ON first.id = e.proposed_by_id
          JOIN auth_user second ON second.id = e.decided_by_id
         WHERE e.id = erasure AND e.state = 'approved' AND e.decided_by_id <> e.proposed_by_id;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'erasure % is not decided by two people', erasure USING ERRCODE = '42501';
        END IF;
        SELECT array_agg(datasubject_id ORDER BY datasubject_id) INTO asked
          FROM integration_erasure_persons WHERE erasure_id = erasure;
        FOREACH person IN ARRAY asked LOOP
            PERFORM pg_advisory_xact_lock({LOCK}, (person % 2147483648)::integer);
        END LOOP;
        SELECT coalesce(array_agg(each::bigint), '{{}}') INTO going
          FROM jsonb_array_elements_text(agreed.plan -> 'payloads') AS each;
        IF EXISTS (SELECT 1 FROM archive_payloadsubject
                    WHERE payload_id = ANY (going) AND subject_id <> ALL (asked)) THEN
            RAISE EXCEPTION 'erasure % would take what speaks of others', erasure USING ERRCODE = '42501';
        END IF;
        IF EXISTS (SELECT unnest(going) EXCEPT
                   SELECT payload_id FROM archive_payloadsubject WHERE subject_id = ANY (asked)) THEN
            RAISE EXCEPTION 'erasure % would take what does not speak of them', erasure USING ERRCODE = '42501';
        END IF;
        WITH destroyed AS (
            DELETE FROM archive_payloadkey WHERE payload_id = ANY (going) OR under_id = ANY (asked)
            RETURNING payload_id
        ), certified AS (
            INSERT INTO archive_erasurecertificate
                   (erasure, orders, persons, payloads, keys_destroyed, digest, proposed_by, approved_by)
            SELECT erasure, coalesce(agreed.plan -> 'orders', '[]'), to_jsonb(asked),
                   coalesce(jsonb_agg(payload_id ORDER BY payload_id), '[]'), count(*),
                   encode(sha256(convert_to(agreed.plan::text, 'UTF8')), 'hex'), agreed.proposed_by, agreed.approved_by
              FROM destroyed RETURNING keys_destroyed
        )
        SELECT keys_destroyed INTO gone FROM certified;
        DELETE FROM archive_subjectkey WHERE subject_id = ANY (asked);
        RETURN gone;
    END $$;
    """,
    reverse_sql="REVOKE ALL ON auth_user FROM gridport_disposer;",
)
"""As before; and it writes which keys went, whose, and by whose decision."""


class Migration(migrations.Migration):

    dependencies = [
        ('archive', '0016_erasure_certificates'),
        ('auth', '0012_alter_user_first_name_max_length'),
        ('integration', '0037_events_out'),
    ]

    operations = [ERASE]
