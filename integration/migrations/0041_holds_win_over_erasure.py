"""A hold wins over the erasure of a person too; and what is put with an order is held with it, also where it is no document."""

from django.db import migrations

from archive.governing import KEPT
from archive.subjects import LOCK

FILE_TIES = migrations.RunSQL(
    sql="""
    CREATE OR REPLACE VIEW archive_filetie AS
        SELECT file.payload_id, agreed.partner_id, o.id AS order_id, o.store_id,
               jsonb_path_query_array(o.content, 'lax $.addresses[*].country_iso2 ? (@ != "")')
               || jsonb_path_query_array(o.content, 'lax $.billing_address.country_iso2 ? (@ != "")') AS countries
          FROM integration_shipmentfile link JOIN archive_transmission file ON file.id = link.transmission_id
          JOIN integration_purchaseorder po ON po.id = link.purchase_order_id
          JOIN partners_agreement agreed ON agreed.id = po.agreement_id
          JOIN integration_order o ON o.id = po.order_id
        UNION ALL
        SELECT link.payload_id, back.partner_id, o.id, o.store_id,
               jsonb_path_query_array(o.content, 'lax $.addresses[*].country_iso2 ? (@ != "")')
               || jsonb_path_query_array(o.content, 'lax $.billing_address.country_iso2 ? (@ != "")')
          FROM integration_returnfile link JOIN integration_returncase back ON back.id = link.case_id
          JOIN integration_order o ON o.id = back.order_id;
    """,
    reverse_sql="""
    CREATE OR REPLACE VIEW archive_filetie AS
        SELECT NULL::bigint AS payload_id, NULL::bigint AS partner_id, NULL::bigint AS order_id, NULL::bigint AS store_id,
               '[]'::jsonb AS countries
         WHERE false;
    """,
)
"""Files beside ship notices, and photos and forms of returns."""

ERASE = migrations.RunSQL(
    sql=f"""
    CREATE OR REPLACE FUNCTION gridport_erase(erasure bigint) RETURNS integer
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
        agreed record;
        asked bigint[];
        going bigint[];
        gone integer;
        kept record;
        person bigint;
    BEGIN
        IF current_setting('transaction_isolation') <> 'read committed' THEN
            RAISE EXCEPTION 'what is destroyed is looked at anew: use READ COMMITTED' USING ERRCODE = '25001';
        END IF;
        PERFORM pg_advisory_xact_lock(hashtext('gridport.disposal'));
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
        SELECT g.payload_id, g.because INTO kept
          FROM gridport_governed(ARRAY(SELECT payload_id FROM archive_payloadkey
                                        WHERE payload_id = ANY (going) OR under_id = ANY (asked))) AS g
         WHERE g.because IN ('hold', 'rule') ORDER BY g.payload_id LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'payload % is kept: %', kept.payload_id, kept.because USING ERRCODE = '{KEPT}';
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
    reverse_sql=f"""
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
)
"""As before; and it waits for holds that are being taken, and refuses where a hold or a rule keeps what would go."""


class Migration(migrations.Migration):

    dependencies = [
        ('archive', '0018_files_of_orders'),
        ('integration', '0040_figure_moments'),
    ]

    operations = [FILE_TIES, ERASE]
