"""How gunicorn serves the pages and calls of kAuth; see docs/operations.md.

    gunicorn --config deploy/gunicorn.py --bind 127.0.0.1:8100 --workers 2

SIGHUP starts new workers and lets the old ones finish what they began.
"""

wsgi_app = "kauth_site.wsgi"
worker_class = "gthread"
threads = 4
# A worker that is told to stop may finish the longest thing that a page does: hand over a mail.
graceful_timeout = 30

# kAuth counts its proxies itself (KAUTH_TRUSTED_PROXIES): by default gunicorn would believe what
# a caller on the same machine says in X-Forwarded-Proto and SCRIPT_NAME.
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""

# Signals are all that steers it.
control_socket_disable = True

# The proxy writes the access log, without what is secret in an address.
accesslog = None
