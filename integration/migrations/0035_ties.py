"""Which documents belong to which orders, for the archive's rules and holds by order, store and country."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('archive', '0014_governance'),
        ('integration', '0034_archive_cases'),
    ]

    operations = [
        migrations.RunSQL(
            sql="""
            CREATE OR REPLACE VIEW archive_tie AS
                SELECT link.document_id, o.id AS order_id, o.store_id,
                       jsonb_path_query_array(o.content, 'lax $.addresses[*].country_iso2 ? (@ != "")')
                       || jsonb_path_query_array(o.content, 'lax $.billing_address.country_iso2 ? (@ != "")') AS countries
                  FROM integration_orderdocument link JOIN integration_order o ON o.id = link.order_id;
            """,
            reverse_sql="""
            CREATE OR REPLACE VIEW archive_tie AS
                SELECT NULL::bigint AS document_id, NULL::bigint AS order_id, NULL::bigint AS store_id,
                       '[]'::jsonb AS countries
                 WHERE false;
            """,
        ),
    ]
