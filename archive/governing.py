"""What the database itself decides: which payloads are kept and why, and the one function that destroys one.

``gridport_governed`` is the only place where rules and holds are weighed; lists and sentences ask it
(``archive.governance``), and so do ``gridport_dispose`` and ``gridport_erase`` (integration's migrations) in the transaction that
destroys. Whoever takes a hold, lists a document under one, or writes a revision of a rule holds the lock of
``gridport_wait_for_disposals`` until the commit; one who destroys takes it alone, and looks only then. Temporary tables are
searched last, else whoever calls could put one of his own in the place of a hold or a decision. So of a hold and a disposal or
an erasure at the same moment either the hold is first, and the other is refused, or nothing of what the hold finds is
destroyed any more.
"""

from __future__ import annotations

from django.db.migrations.operations import RunSQL

NOT_APPROVED, KEPT = "GP001", "GP002"
"""SQLSTATE of a refusal of ``gridport_dispose``; with the second ``gridport_erase`` refuses too."""

TIES = RunSQL(
    # The archive knows no orders: whoever links documents to them says here how (integration's migrations).
    sql="""
    CREATE VIEW archive_tie AS
        SELECT NULL::bigint AS document_id, NULL::bigint AS order_id, NULL::bigint AS store_id, '[]'::jsonb AS countries
         WHERE false;
    CREATE VIEW archive_payloaddocument AS
        SELECT i.payload_id, d.id AS document_id
          FROM archive_interchange i JOIN archive_document d ON d.interchange_id = i.id
        UNION
        SELECT t.payload_id, d.id
          FROM archive_transmission t JOIN archive_interchange i ON i.transmission_id = t.id
          JOIN archive_document d ON d.interchange_id = i.id
        UNION
        SELECT i.payload_id, d.id
          FROM archive_interchange i JOIN archive_interchange beside ON beside.transmission_id = i.transmission_id
          JOIN archive_document d ON d.interchange_id = beside.id;
    REVOKE INSERT, UPDATE, DELETE ON archive_tie, archive_payloaddocument FROM gridport_app;
    """,
    reverse_sql="DROP VIEW archive_payloaddocument; DROP VIEW archive_tie;",
)
"""Two views: which documents belong to which orders, and which documents a payload speaks of.

A file and the interchanges cut out of it hold the same bytes, so that all of them speak of all its documents: they are kept,
and may go, together.
"""

FILE_TIES = RunSQL(
    # As with documents: whoever puts files with orders says here how (integration's migrations).
    sql="""
    CREATE VIEW archive_filetie AS
        SELECT NULL::bigint AS payload_id, NULL::bigint AS partner_id, NULL::bigint AS order_id, NULL::bigint AS store_id,
               '[]'::jsonb AS countries
         WHERE false;
    REVOKE INSERT, UPDATE, DELETE ON archive_filetie FROM gridport_app;
    GRANT SELECT ON archive_filetie TO gridport_disposer;
    """,
    reverse_sql="DROP VIEW archive_filetie;",
)
"""A view: which payloads that are no documents belong to which orders, and to whom."""

# In PL/pgSQL, which keeps its plan: planning takes longer than looking. OFFSET 0 keeps what is asked of each payload from
# becoming a join with the whole archive, whatever the planner thinks of how many are asked for.
GOVERNED = """
    CREATE OR REPLACE FUNCTION gridport_governed(payloads bigint[])
        RETURNS TABLE (payload_id bigint, because text, hold_id bigint, revision_id bigint, until timestamptz)
        LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    #variable_conflict use_column
    BEGIN RETURN QUERY
    WITH asked AS (SELECT DISTINCT unnest(payloads) AS payload_id),
    things AS (
        SELECT a.payload_id, each.document_id, each.kind, each.partner_id, each.recorded_at
          FROM asked a CROSS JOIN LATERAL (
            SELECT d.id AS document_id, d.transaction_set AS kind, d.partner_id, d.recorded_at
              FROM archive_payloaddocument pd JOIN archive_document d ON d.id = pd.document_id
             WHERE pd.payload_id = a.payload_id
            UNION ALL
            SELECT NULL, 'FILE', whose.partner_id, t.recorded_at
              FROM archive_transmission t JOIN partners_mailbox m ON m.id = t.mailbox_id
              LEFT JOIN LATERAL (
                SELECT m.partner_id WHERE m.partner_id IS NOT NULL
                UNION
                SELECT f.partner_id FROM archive_filetie f WHERE f.payload_id = a.payload_id) whose ON true
             WHERE t.payload_id = a.payload_id AND t.direction = 'in'
               AND NOT EXISTS (SELECT FROM archive_interchange i WHERE i.transmission_id = t.id)
            UNION ALL
            SELECT NULL, 'FILE', f.partner_id, p.recorded_at
              FROM archive_filetie f JOIN archive_payload p ON p.id = f.payload_id
             WHERE f.payload_id = a.payload_id
               AND NOT EXISTS (SELECT FROM archive_transmission t WHERE t.payload_id = f.payload_id)
               AND NOT EXISTS (SELECT FROM archive_interchange i WHERE i.payload_id = f.payload_id)
            OFFSET 0) each
    ),
    ruled AS (
        SELECT th.payload_id, longest.revision_id, longest.until
          FROM things th LEFT JOIN LATERAL (
            SELECT r.id AS revision_id, make_interval(years => r.years) + CASE r.starts
                     WHEN 'year_end' THEN date_trunc('year', th.recorded_at, 'UTC') + interval '1 year'
                     ELSE th.recorded_at END AS until
              FROM archive_retentionrevision r
             WHERE NOT r.is_retired
               AND NOT EXISTS (SELECT FROM archive_retentionrevision later
                                WHERE later.rule_id = r.rule_id AND later.number > r.number)
               AND (r.kinds = '[]'::jsonb OR r.kinds ? th.kind)
               AND (r.partner_id IS NULL OR r.partner_id = th.partner_id)
               AND (r.store IS NULL
                OR EXISTS (SELECT FROM archive_tie t
                            WHERE t.document_id = th.document_id AND t.store_id = r.store OFFSET 0)
                OR EXISTS (SELECT FROM archive_filetie f
                            WHERE f.payload_id = th.payload_id AND f.store_id = r.store OFFSET 0))
               AND (r.country = ''
                OR EXISTS (SELECT FROM archive_tie t
                            WHERE t.document_id = th.document_id
                              AND (t.countries ? r.country OR t.countries = '[]'::jsonb) OFFSET 0)
                OR EXISTS (SELECT FROM archive_filetie f
                            WHERE f.payload_id = th.payload_id
                              AND (f.countries ? r.country OR f.countries = '[]'::jsonb) OFFSET 0))
             ORDER BY 2 DESC, 1 LIMIT 1) longest ON true
    ),
    summed AS (
        SELECT payload_id, bool_or(revision_id IS NULL) AS is_unruled, max(until) AS until,
               (array_agg(revision_id ORDER BY until DESC NULLS LAST, revision_id))[1] AS revision_id
          FROM ruled GROUP BY payload_id
    ),
    held AS (
        SELECT th.payload_id, min(h.id) AS hold_id
          FROM things th JOIN archive_hold h
            ON (h.partner_id IS NULL OR h.partner_id = th.partner_id)
           AND (h.begins_at IS NULL OR th.recorded_at >= h.begins_at)
           AND (h.ends_at IS NULL OR th.recorded_at < h.ends_at)
           AND (h."order" IS NULL
                OR EXISTS (SELECT FROM archive_tie t
                            WHERE t.document_id = th.document_id AND t.order_id = h."order" OFFSET 0)
                OR EXISTS (SELECT FROM archive_filetie f
                            WHERE f.payload_id = th.payload_id AND f.order_id = h."order" OFFSET 0))
           AND (NOT h.is_list OR EXISTS (SELECT FROM archive_holddocument listed
                                WHERE listed.hold_id = h.id AND listed.document_id = th.document_id))
         WHERE NOT EXISTS (
            SELECT FROM archive_holdrelease r JOIN archive_holdreleasedecision d ON d.proposal_id = r.id
             WHERE r.hold_id = h.id AND d.approved AND d.user_id <> r.user_id)
         GROUP BY th.payload_id
    )
    SELECT a.payload_id,
           CASE WHEN held.hold_id IS NOT NULL THEN 'hold'
                WHEN coalesce(summed.is_unruled, true) THEN 'no_rule'
                WHEN summed.until > clock_timestamp() THEN 'rule'
                ELSE 'due' END,
           held.hold_id, summed.revision_id, summed.until
      FROM asked a LEFT JOIN summed USING (payload_id) LEFT JOIN held USING (payload_id);
    END $$;
    """
"""For each payload: ``hold``, ``rule`` (not over), ``no_rule``, or ``due``; the hold; the rule that keeps it the longest.

A file without a document is whose its mailbox is, and of whom the orders say that it is put with.
"""

TURNS = RunSQL(
    sql="""
    CREATE FUNCTION gridport_wait_for_disposals() RETURNS trigger
        LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        PERFORM pg_advisory_xact_lock_shared(hashtext('gridport.disposal'));
        RETURN NULL;
    END $$;
    CREATE FUNCTION gridport_second_person() RETURNS trigger
        LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE first_person bigint;
    BEGIN
        EXECUTE format('SELECT user_id FROM %I WHERE id = $1', TG_ARGV[0]) INTO first_person USING NEW.proposal_id;
        IF NEW.approved AND NEW.user_id = first_person THEN
            RAISE EXCEPTION 'refused: a second person has to approve' USING ERRCODE = '42501';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER wait_for_disposals BEFORE INSERT ON archive_hold
        FOR EACH STATEMENT EXECUTE FUNCTION gridport_wait_for_disposals();
    CREATE TRIGGER wait_for_disposals BEFORE INSERT ON archive_holddocument
        FOR EACH STATEMENT EXECUTE FUNCTION gridport_wait_for_disposals();
    CREATE TRIGGER wait_for_disposals BEFORE INSERT ON archive_retentionrevision
        FOR EACH STATEMENT EXECUTE FUNCTION gridport_wait_for_disposals();
    CREATE TRIGGER second_person BEFORE INSERT ON archive_holdreleasedecision
        FOR EACH ROW EXECUTE FUNCTION gridport_second_person('archive_holdrelease');
    CREATE TRIGGER second_person BEFORE INSERT ON archive_disposaldecision
        FOR EACH ROW EXECUTE FUNCTION gridport_second_person('archive_disposalrun');
    """,
    reverse_sql="""
    DROP TRIGGER second_person ON archive_disposaldecision;
    DROP TRIGGER second_person ON archive_holdreleasedecision;
    DROP TRIGGER wait_for_disposals ON archive_retentionrevision;
    DROP TRIGGER wait_for_disposals ON archive_holddocument;
    DROP TRIGGER wait_for_disposals ON archive_hold;
    DROP FUNCTION gridport_second_person();
    DROP FUNCTION gridport_wait_for_disposals();
    """,
)

_READ = (
    "archive_payloaddocument, archive_tie, archive_document, archive_interchange, archive_transmission,"
    " archive_retentionrevision, archive_hold, archive_holddocument, archive_holdrelease, archive_holdreleasedecision,"
    " archive_disposalrun, archive_disposalitem, archive_disposaldecision, archive_disposalcertificate"
)

DISPOSE = RunSQL(
    # The statements are put together of names of ours alone. Items count that were written in one transaction with their run: after what was approved nothing is slipped in.
    sql=f"""
    GRANT SELECT ON {_READ} TO gridport_disposer;
    GRANT SELECT (id, partner_id) ON partners_mailbox TO gridport_disposer;
    GRANT INSERT ON archive_disposalcertificate TO gridport_disposer;
    CREATE FUNCTION gridport_certify() RETURNS trigger
        LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        IF current_user <> 'gridport_disposer' THEN
            RAISE EXCEPTION 'refused: certificates are written by gridport_dispose' USING ERRCODE = '42501';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER certify BEFORE INSERT ON archive_disposalcertificate
        FOR EACH ROW EXECUTE FUNCTION gridport_certify();
    CREATE FUNCTION gridport_dispose(payload bigint, run bigint) RETURNS bigint
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
        approved record;
        governed record;
        keys integer;
        certificate bigint;
    BEGIN
        IF current_setting('transaction_isolation') <> 'read committed' THEN
            RAISE EXCEPTION 'what is destroyed is looked at anew: use READ COMMITTED' USING ERRCODE = '25001';
        END IF;
        PERFORM pg_advisory_xact_lock(hashtext('gridport.disposal'));
        PERFORM FROM archive_payload p WHERE p.id = payload FOR UPDATE;
        SELECT c.id INTO certificate FROM archive_disposalcertificate c WHERE c.payload_id = payload;
        IF FOUND THEN
            RETURN certificate;
        END IF;
        SELECT i.id AS item, d.id AS decision INTO approved
          FROM archive_disposalitem i JOIN archive_disposalrun r ON r.id = i.run_id
          JOIN archive_disposaldecision d ON d.proposal_id = r.id
         WHERE i.payload_id = payload AND r.id = run AND i.changed_xid = r.changed_xid
           AND d.approved AND d.user_id <> r.user_id;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'payload % is not on the list of disposal % as two people approved it', payload, run
                  USING ERRCODE = '{NOT_APPROVED}';
        END IF;
        SELECT * INTO governed FROM gridport_governed(ARRAY[payload]);
        IF governed.because <> 'due' THEN
            RAISE EXCEPTION 'payload % is kept: %', payload, governed.because USING ERRCODE = '{KEPT}';
        END IF;
        DELETE FROM archive_payloadkey k WHERE k.payload_id = payload;
        GET DIAGNOSTICS keys = ROW_COUNT;
        UPDATE archive_payload p SET ciphertext = '' WHERE p.id = payload;
        IF to_regclass('public.archive_payloadcopy') IS NOT NULL THEN
            UPDATE archive_payloadcopy c SET state = 'to_remove' WHERE c.payload_id = payload AND c.state <> 'removed';
        END IF;
        INSERT INTO archive_disposalcertificate (payload_id, item_id, decision_id, key_destroyed)
             VALUES (payload, approved.item, approved.decision, keys > 0) RETURNING id INTO certificate;
        RETURN certificate;
    END $$;
    REVOKE ALL ON FUNCTION gridport_dispose(bigint, bigint) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION gridport_dispose(bigint, bigint) TO gridport_app;
    GRANT CREATE ON SCHEMA public TO gridport_disposer;
    ALTER FUNCTION gridport_dispose(bigint, bigint) OWNER TO gridport_disposer;
    REVOKE CREATE ON SCHEMA public FROM gridport_disposer;
    """,  # noqa: S608
    reverse_sql=f"""
    DROP FUNCTION gridport_dispose(bigint, bigint);
    DROP TRIGGER certify ON archive_disposalcertificate;
    DROP FUNCTION gridport_certify();
    REVOKE ALL ON partners_mailbox, {_READ} FROM gridport_disposer;
    """,
)
"""Destroys key and bytes of a payload that is due, on the list of an approved run; returns the certificate's id.

A second call returns the same certificate. Refusals: ``NOT_APPROVED``, ``KEPT``. The hash, the commitment, the seal and
everything that was recorded about it stay.
"""
