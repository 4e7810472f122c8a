"""Celery for the full mode: `celery -A kauth_site worker` and `celery -A kauth_site beat`."""

import os

from celery import Celery
from celery.signals import task_prerun

from kauth_site import request_ids

# Celery looks here whether it works for Django; where nothing is named it finds no task of ours.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kauth_site.settings")

app = Celery("kauth", task_cls="kauth_site.background:SiteTask")
app.config_from_object("kauth_site.celery_settings:settings", namespace="CELERY")
app.autodiscover_tasks()
task_prerun.connect(request_ids.of_task)
