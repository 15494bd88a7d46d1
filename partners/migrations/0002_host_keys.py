"""Pinned host keys become rows with the times between which they are accepted; files that end early have a wait."""

import django.db.models.deletion
from django.db import migrations, models


def move_to_rows(apps, schema_editor):
    # The owner's connection: the application's would wait for the lock that this transaction holds.
    alias = schema_editor.connection.alias
    host_key = apps.get_model("partners", "HostKey")
    for mailbox in apps.get_model("partners", "Mailbox").objects.using(alias).exclude(pinned_lines=""):
        lines = [line.strip() for line in mailbox.pinned_lines.splitlines() if line.strip()]
        # What stands behind the kind and the key is a comment.
        rows = [(" ".join(line.split()[:2]), " ".join(line.split()[2:])[:200]) for line in lines]
        host_key.objects.using(alias).bulk_create(
            host_key(mailbox=mailbox, key=key, note=note) for key, note in rows
        )


def move_to_lines(apps, schema_editor):
    alias = schema_editor.connection.alias
    for mailbox in apps.get_model("partners", "Mailbox").objects.using(alias):
        keys = mailbox.host_keys.using(alias).order_by("pk")
        mailbox.pinned_lines = "\n".join(keys.values_list("key", flat=True))
        mailbox.save(using=alias)


class Migration(migrations.Migration):

    dependencies = [
        ('partners', '0001_initial'),
    ]

    operations = [
        # The old name is the rows' accessor from here on.
        migrations.RenameField(model_name='mailbox', old_name='host_keys', new_name='pinned_lines'),
        migrations.CreateModel(
            name='HostKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.TextField(help_text='A public key line: its kind and the key.')),
                ('valid_from', models.DateTimeField(blank=True, null=True)),
                ('valid_until', models.DateTimeField(blank=True, null=True)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('mailbox', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='host_keys', to='partners.mailbox')),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.AddConstraint(
            model_name='hostkey',
            constraint=models.CheckConstraint(
                condition=models.Q(valid_from=None) | models.Q(valid_until=None) | models.Q(valid_from__lt=models.F('valid_until')),
                name='hostkey_ends_after_it_begins',
                violation_error_message='This key would end before it begins: correct one of its two times.',
            ),
        ),
        migrations.RunPython(move_to_rows, move_to_lines),
        migrations.RemoveField(model_name='mailbox', name='pinned_lines'),
        migrations.AddField(
            model_name='mailbox',
            name='unfinished_minutes',
            field=models.PositiveIntegerField(default=30, help_text='A file that begins as X12 and ends before its IEA is taken, as a case, once unchanged for this long.'),
        ),
        migrations.AlterField(
            model_name='mailbox',
            name='settle_seconds',
            field=models.PositiveIntegerField(default=120, help_text='A file that is not X12 is taken once unchanged for this long.'),
        ),
        migrations.AlterField(
            model_name='mailbox',
            name='upload_mode',
            field=models.CharField(choices=[('rename', 'Upload under a temporary name, then rename'), ('direct', 'Upload under the final name')], default='rename', help_text='Under the final name, a file whose sending was interrupted may have been taken already. It is then sent again under the same name and number, by which the partner knows a second one.', max_length=6),
        ),
    ]
