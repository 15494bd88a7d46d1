"""Copies of payloads in the storages, and the one way by which bytes leave the database for them."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


MOVE_OUT = """
    REVOKE INSERT, UPDATE, DELETE ON archive_moveout FROM gridport_app;
    GRANT SELECT ON archive_moveout, archive_payloadcopy TO gridport_disposer;
    GRANT UPDATE (state, note) ON archive_payloadcopy TO gridport_disposer;
    CREATE FUNCTION gridport_move_out(which bigint) RETURNS boolean
        -- Temporary tables last: else the caller could put one of his own in the place of a rule.
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        UPDATE archive_payload p
           SET ciphertext = ''::bytea
          FROM archive_moveout rule
         WHERE p.id = which AND octet_length(p.ciphertext) > 0
           AND p.recorded_at < clock_timestamp() - make_interval(days => rule.after_days)
           AND EXISTS (SELECT FROM archive_payloadcopy c WHERE c.payload_id = p.id AND c.state = 'copied');
        RETURN FOUND;
    END $$;
    GRANT CREATE ON SCHEMA public TO gridport_disposer;
    ALTER FUNCTION gridport_move_out(bigint) OWNER TO gridport_disposer;
    REVOKE CREATE ON SCHEMA public FROM gridport_disposer;
    REVOKE ALL ON FUNCTION gridport_move_out(bigint) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION gridport_move_out(bigint) TO gridport_app;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('archive', '0012_seals'),
    ]

    operations = [
        migrations.CreateModel(
            name='MoveOut',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('after_days', models.PositiveIntegerField()),
                ('since', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
            ],
            options={
                'default_permissions': (),
                'constraints': [models.CheckConstraint(condition=models.Q(('pk', 1)), name='move_out_one_rule')],
            },
        ),
        migrations.CreateModel(
            name='PayloadCopy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('storage', models.CharField(max_length=300)),
                ('key', models.CharField(help_text='What it stands under there: sha256/ab/cd/abcd….', max_length=100)),
                ('version', models.CharField(blank=True, help_text='Of a bucket that keeps versions.', max_length=1024)),
                ('etag', models.CharField(blank=True, max_length=200)),
                ('state', models.CharField(choices=[('waiting', 'Waiting to be copied'), ('copied', 'Copied and compared'), ('damaged', 'Not what was copied'), ('again', 'To be copied again'), ('to_remove', 'To be removed'), ('removed', 'Removed')], db_default='waiting', default='waiting', max_length=9)),
                ('note', models.TextField(blank=True, db_default='', help_text='Why it is not as it should be.')),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('copied_at', models.DateTimeField(null=True)),
                ('checked_at', models.DateTimeField(null=True)),
                ('payload', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='copies', to='archive.payload')),
            ],
            options={
                'verbose_name_plural': 'payload copies',
                'permissions': [('copy_again', 'Can have payloads copied again')],
                'default_permissions': ('view',),
                'indexes': [models.Index(condition=models.Q(('state__in', ['waiting', 'again'])), fields=['storage', 'id'], name='payload_copy_waiting'), models.Index(condition=models.Q(('state__in', ['damaged', 'to_remove'])), fields=['state', 'id'], name='payload_copy_trouble'), models.Index(condition=models.Q(('state', 'copied')), fields=['storage', 'checked_at'], name='payload_copy_checked')],
                'constraints': [models.UniqueConstraint(fields=('payload', 'storage'), name='payload_copy_once'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'copied'), _negated=True), models.Q(('checked_at__isnull', False), ('copied_at__isnull', False)), _connector='OR'), name='payload_copy_copied_is_checked')],
            },
        ),
        migrations.RunSQL(MOVE_OUT, "DROP FUNCTION gridport_move_out(bigint)"),
    ]
