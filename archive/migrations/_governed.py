"""The text of ``gridport_governed`` as migration 0014 made it, which knows of no files of orders; 0018 goes back to it."""

OF_DOCUMENTS_ALONE = """
    CREATE OR REPLACE FUNCTION gridport_governed(payloads bigint[])
        RETURNS TABLE (payload_id bigint, because text, hold_id bigint, revision_id bigint, until timestamptz)
        LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    #variable_conflict use_column
    BEGIN RETURN QUERY
    WITH asked AS (SELECT DISTINCT unnest(payloads) AS payload_id),
    things AS (
        SELECT a.payload_id, d.id AS document_id, d.transaction_set AS kind, d.partner_id, d.recorded_at
          FROM asked a JOIN archive_payloaddocument pd USING (payload_id)
          JOIN archive_document d ON d.id = pd.document_id
        UNION ALL
        SELECT a.payload_id, NULL, 'FILE', m.partner_id, t.recorded_at
          FROM asked a JOIN archive_transmission t ON t.payload_id = a.payload_id AND t.direction = 'in'
          JOIN partners_mailbox m ON m.id = t.mailbox_id
         WHERE NOT EXISTS (SELECT FROM archive_interchange i WHERE i.transmission_id = t.id)
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
               AND (r.store IS NULL OR EXISTS (SELECT FROM archive_tie t
                                WHERE t.document_id = th.document_id AND t.store_id = r.store))
               AND (r.country = '' OR EXISTS (SELECT FROM archive_tie t
                                WHERE t.document_id = th.document_id
                                  AND (t.countries ? r.country OR t.countries = '[]'::jsonb)))
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
           AND (h."order" IS NULL OR EXISTS (SELECT FROM archive_tie t
                                WHERE t.document_id = th.document_id AND t.order_id = h."order"))
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
