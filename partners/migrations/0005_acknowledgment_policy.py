"""Which acknowledgments we send: a choice for each kind, in place of one switch for the 997."""

from django.db import migrations, models


def switch_to_choice(apps, schema_editor):
    Agreement = apps.get_model("partners", "Agreement")
    Agreement.objects.using(schema_editor.connection.alias).filter(sends_functional_acknowledgments=False).update(functional_acknowledgment="none")


def choice_to_switch(apps, schema_editor):
    Agreement = apps.get_model("partners", "Agreement")
    Agreement.objects.using(schema_editor.connection.alias).filter(functional_acknowledgment="none").update(sends_functional_acknowledgments=False)


class Migration(migrations.Migration):

    dependencies = [
        ('partners', '0004_staff_notes'),
    ]

    operations = [
        migrations.AddField(
            model_name='agreement',
            name='functional_acknowledgment',
            field=models.CharField(choices=[('none', 'None'), ('997', 'Functional acknowledgment (997)'), ('999', 'Implementation acknowledgment (999)')], default='997', help_text='None where the network answers for us. The 999 exists from version 005010 on: groups of 004010 are answered with 997 all the same. Acknowledgments are never answered.', max_length=4, verbose_name='we answer groups with'),
        ),
        migrations.RunPython(switch_to_choice, choice_to_switch),
        migrations.RemoveField(model_name='agreement', name='sends_functional_acknowledgments'),
        # Agreements that stand have never answered interchanges, and go on so; new ones answer when they are asked.
        migrations.AddField(
            model_name='agreement',
            name='interchange_acknowledgment',
            field=models.CharField(choices=[('never', 'Never'), ('asked', 'When the partner asks for it (ISA14)'), ('always', 'Always')], default='never', help_text='Says whether the envelope could be used, also of an interchange that was refused. Interchanges that only acknowledge are never answered.', max_length=6, verbose_name='we answer interchanges (TA1)'),
        ),
        migrations.AlterField(
            model_name='agreement',
            name='interchange_acknowledgment',
            field=models.CharField(choices=[('never', 'Never'), ('asked', 'When the partner asks for it (ISA14)'), ('always', 'Always')], default='asked', help_text='Says whether the envelope could be used, also of an interchange that was refused. Interchanges that only acknowledge are never answered.', max_length=6, verbose_name='we answer interchanges (TA1)'),
        ),
    ]
