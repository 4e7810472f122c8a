"""Asks one account's devices, and prints the moment just before: `python -m bench.rings LOGIN_ID`.

Runs under a site's settings, as `manage.py send_challenge` does.
"""

import os
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kauth_site.settings")
django.setup()

from accounts import audit, people
from twofactor import challenges
from twofactor.models import Purpose

if __name__ == "__main__":
    user = people.by_login_id(sys.argv[1])
    began = time.time()
    challenges.issue(
        user=user, purpose=Purpose.ACTION, binding="", visitor=audit.NOBODY, known_browser=None
    )
    print(began)
