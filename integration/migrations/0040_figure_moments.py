"""When the first and the last document of a figure came; of the days that silences are told by, it is looked up once."""

from django.db import migrations, models

LOOK_UP = """
    UPDATE integration_dailyfigure figure SET first_at = told.first_at, last_at = told.last_at
      FROM (SELECT (d.recorded_at AT TIME ZONE 'UTC')::date AS day, d.partner_id, d.transaction_set, d.direction,
                   min(d.recorded_at) AS first_at, max(d.recorded_at) AS last_at
              FROM archive_document d WHERE d.recorded_at >= now() - interval '92 days' GROUP BY 1, 2, 3, 4) told
     WHERE figure.day = told.day AND figure.partner_id IS NOT DISTINCT FROM told.partner_id
       AND figure.transaction_set = told.transaction_set AND figure.direction = told.direction
"""


class Migration(migrations.Migration):

    dependencies = [
        ('integration', '0039_archive_cases_in_one_kind'),
    ]

    operations = [
        migrations.AddField(
            model_name='dailyfigure',
            name='first_at',
            field=models.DateTimeField(help_text='When the first of them came; of old days it is not known.', null=True),
        ),
        migrations.AddField(
            model_name='dailyfigure',
            name='last_at',
            field=models.DateTimeField(help_text='When the last of them came.', null=True),
        ),
        migrations.RunSQL(LOOK_UP, migrations.RunSQL.noop),
    ]
