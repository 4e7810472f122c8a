"""The site: joins the apps and owns no model."""

from kauth_site.celery import app as celery_app

__all__ = ["celery_app"]
