from django.db import migrations


def end(apps, schema_editor):
    """Single codes of a reset lived an hour; without the columns that say so they would be backup codes."""
    apps.get_model("twofactor", "BackupCodeSet").objects.filter(recovery=True).delete()


class Migration(migrations.Migration):
    dependencies = [("twofactor", "0006_absence")]
    operations = [migrations.RunPython(end, migrations.RunPython.noop)]
