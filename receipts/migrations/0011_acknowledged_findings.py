"""What an alarm found, and when its subject was sound again: an acknowledgement holds for that and no longer."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('receipts', '0010_exported_contexts'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='alarm',
            name='alarm_once_for_each_subject',
        ),
        migrations.AddField(
            model_name='alarm',
            name='found',
            field=models.CharField(blank=True, default='', max_length=71),
        ),
        migrations.AddField(
            model_name='alarm',
            name='sound_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name='alarm',
            index=models.Index(fields=['subject', 'code', 'id'], name='alarm_of_subject'),
        ),
        migrations.AddConstraint(
            model_name='alarm',
            constraint=models.UniqueConstraint(condition=models.Q(('acknowledged_at', None)), fields=('code', 'subject'), name='alarm_open_once'),
        ),
    ]
