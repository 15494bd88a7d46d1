"""References are kept in every form in which they are looked for; a prefix of a form is a range of the index."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models.functions import Collate, Upper


class Migration(migrations.Migration):

    dependencies = [
        ('archive', '0004_resubmission'),
    ]

    operations = [
        migrations.RemoveConstraint(model_name='documentreference', name='documentreference_once'),
        migrations.RemoveIndex(model_name='documentreference', name='reference_normal'),
        migrations.AlterField(
            model_name='documentreference',
            name='document',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='references', to='archive.document'),
        ),
        migrations.AlterField(
            model_name='documentreference',
            name='normal',
            field=models.CharField(db_collation='C', help_text='One of its forms.', max_length=100),
        ),
        migrations.AlterField(
            model_name='documentreference',
            name='rank',
            field=models.PositiveSmallIntegerField(default=0, help_text='Nearness of the form, then kind.'),
        ),
        migrations.AlterField(
            model_name='documentreference',
            name='value',
            field=models.CharField(help_text='As written.', max_length=100),
        ),
        migrations.AddIndex(
            model_name='documentreference',
            index=models.Index(fields=['normal', '-rank', '-document'], name='documentreference_found'),
        ),
        migrations.AddConstraint(
            model_name='documentreference',
            constraint=models.UniqueConstraint(fields=('document', 'kind', 'normal'), name='documentreference_once'),
        ),
        migrations.AddIndex(
            model_name='interchange',
            index=models.Index(fields=['control_number'], name='interchange_control_number'),
        ),
        migrations.AddIndex(
            model_name='transmission',
            index=models.Index(Collate(Upper('name'), 'C'), name='transmission_upper_name'),
        ),
    ]
