"""What places outside say of the checkpoints that they were given."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("receipts", "0002_log")]

    operations = [
        migrations.AddField(model_name="checkpointcopy", name="evidence", field=models.BinaryField(null=True)),
    ]
