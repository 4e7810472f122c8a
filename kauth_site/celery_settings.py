"""Where Celery finds its settings, once a worker or the beat asks for them."""

from kauth_site import starting

settings = starting.read_settings()
