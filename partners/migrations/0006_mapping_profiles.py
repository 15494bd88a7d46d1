"""Mapping profiles with their rows, samples and revisions; a revision is written once, as facts are."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import partners.secrets

# As the archive guards its facts, which this layer does not know: whoever tries, the owner included, is refused.
GUARD_REVISIONS = migrations.RunSQL(
    sql="""
    CREATE FUNCTION gridport_guard_revision() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'INSERT' THEN
            NEW.released_at := clock_timestamp();
            RETURN NEW;
        END IF;
        RAISE EXCEPTION '% on % refused: revisions are written once', TG_OP, TG_TABLE_NAME USING ERRCODE = '42501';
    END $$;
    CREATE TRIGGER guard_rows BEFORE INSERT OR UPDATE OR DELETE ON partners_mappingrevision
        FOR EACH ROW EXECUTE FUNCTION gridport_guard_revision();
    CREATE TRIGGER guard_table BEFORE TRUNCATE ON partners_mappingrevision
        FOR EACH STATEMENT EXECUTE FUNCTION gridport_guard_revision();
    ALTER TABLE partners_mappingrevision ENABLE ALWAYS TRIGGER guard_rows;
    ALTER TABLE partners_mappingrevision ENABLE ALWAYS TRIGGER guard_table;
    REVOKE UPDATE, DELETE, TRUNCATE ON partners_mappingrevision FROM gridport_app;
    """,
    reverse_sql="""
    DROP TRIGGER guard_rows ON partners_mappingrevision;
    DROP TRIGGER guard_table ON partners_mappingrevision;
    DROP FUNCTION gridport_guard_revision();
    GRANT UPDATE, DELETE ON partners_mappingrevision TO gridport_app;
    """,
)


class Migration(migrations.Migration):

    dependencies = [
        ('partners', '0005_acknowledgment_policy'),
    ]

    operations = [
        migrations.CreateModel(
            name='MappingProfile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True)),
                ('transaction_set', models.CharField(choices=[('850', 'Purchase order (850)'), ('855', 'Purchase order acknowledgment (855)'), ('860', 'Purchase order change (860)'), ('865', 'Purchase order change acknowledgment (865)'), ('856', 'Ship notice (856)'), ('810', 'Invoice (810)'), ('812', 'Credit or debit adjustment (812)'), ('846', 'Stock advice (846)'), ('180', 'Return document (180)'), ('824', 'Application advice (824)')], max_length=3, verbose_name='document')),
                ('version', models.CharField(choices=[('004010', '004010'), ('005010', '005010')], default='004010', help_text='Of X12.', max_length=6)),
                ('note', models.TextField(blank=True, help_text="Where its rules stand: the partner's guide, its date.")),
                ('retired_at', models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                'ordering': ['name'],
                'permissions': [('release_mapping', 'Can release mapping profiles and give them to agreements')],
            },
        ),
        migrations.RemoveField(
            model_name='agreementdocument',
            name='guide',
        ),
        migrations.AlterField(
            model_name='agreementdocument',
            name='transaction_set',
            field=models.CharField(choices=[('850', 'Purchase order (850)'), ('855', 'Purchase order acknowledgment (855)'), ('860', 'Purchase order change (860)'), ('865', 'Purchase order change acknowledgment (865)'), ('856', 'Ship notice (856)'), ('810', 'Invoice (810)'), ('812', 'Credit or debit adjustment (812)'), ('846', 'Stock advice (846)'), ('180', 'Return document (180)'), ('824', 'Application advice (824)')], max_length=3),
        ),
        migrations.AddField(
            model_name='agreementdocument',
            name='profile',
            field=models.ForeignKey(blank=True, editable=False, help_text='Empty: the shipped guide as it is.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='used_by', to='partners.mappingprofile'),
        ),
        migrations.CreateModel(
            name='MappingOverride',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveIntegerField()),
                ('operation', models.CharField(max_length=20)),
                ('address', models.CharField(max_length=200)),
                ('value', models.TextField(blank=True)),
                ('was', models.TextField(blank=True)),
                ('note', models.TextField(help_text='Why: the last reason that was given for the row.')),
                ('author', models.CharField(max_length=150)),
                ('changed_at', models.DateTimeField(auto_now=True)),
                ('profile', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='overrides', to='partners.mappingprofile')),
            ],
            options={
                'ordering': ['position', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('profile', 'position'), name='mappingoverride_position_once')],
            },
        ),
        migrations.CreateModel(
            name='MappingRevision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('base', models.TextField()),
                ('overrides', models.JSONField(default=list)),
                ('samples', models.JSONField(default=list)),
                ('author', models.CharField(max_length=150)),
                ('reason', models.TextField()),
                ('released_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('profile', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='revisions', to='partners.mappingprofile')),
            ],
            options={
                'ordering': ['-number'],
                'constraints': [models.UniqueConstraint(fields=('profile', 'number'), name='mappingrevision_once')],
            },
        ),
        migrations.CreateModel(
            name='MappingSample',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80)),
                ('direction', models.CharField(choices=[('in', 'Received'), ('out', 'Sent')], max_length=3)),
                ('given', partners.secrets.EncryptedTextField()),
                ('expected', partners.secrets.EncryptedTextField()),
                ('separators', models.CharField(default='*~>', help_text='Of elements, segments, components and repetitions.', max_length=4)),
                ('codes', models.JSONField(default=dict)),
                ('author', models.CharField(max_length=150)),
                ('accepted_at', models.DateTimeField(auto_now=True)),
                ('profile', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='samples', to='partners.mappingprofile')),
            ],
            options={
                'ordering': ['pk'],
                'constraints': [models.UniqueConstraint(fields=('profile', 'name'), name='mappingsample_unique', violation_error_message='The profile has a sample of that name already.')],
            },
        ),
        GUARD_REVISIONS,
    ]
