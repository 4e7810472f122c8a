"""The settings of the site: one file, in sections, with safe defaults.

With no environment at all this is the embedded mode: SQLite, one process, local addresses.
DATABASE_URL and REDIS_URL make it the full mode. Nothing here forks on DEBUG, which is never on.
"""

import ssl
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from csp.constants import NONE, SELF

from kauth_site import env, metrics_folder, secret_files

# --- Where things are ---------------------------------------------------------------------

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = env.path("KAUTH_DATA_DIR", BASE_DIR / "var")
DATABASE_URL = env.text("DATABASE_URL")
REDIS_URL = env.text("REDIS_URL")
PORT = env.integer("PORT", 8000, low=1, high=65535)

# --- Who we are to the outside ------------------------------------------------------------

KAUTH_ORIGIN = env.origin("KAUTH_ORIGIN", f"http://localhost:{PORT}".removesuffix(":80"))
KAUTH_HOST = urlsplit(KAUTH_ORIGIN).netloc
KAUTH_SERVICE_NAME = env.text("KAUTH_SERVICE_NAME", "kAuth")
KAUTH_TRUSTED_PROXIES = env.integer("KAUTH_TRUSTED_PROXIES", 0, low=0, high=10)
SECURE = KAUTH_ORIGIN.startswith("https://")

# --- Secrets: one key per purpose (docs/operations.md has the inventory) -------------------

if not DATABASE_URL:
    # The embedded mode makes its own. Where several processes share a database they must share
    # the secrets too, so there nothing is made up on the quiet.
    secret_files.ensure(DATA_DIR)


def _secret(variable: str, file_name: str) -> str:
    return env.text(variable) or secret_files.read(DATA_DIR, file_name)


SECRET_KEY = _secret("KAUTH_SECRET_KEY", "secret_key")
KAUTH_FIELD_KEYS = _secret("KAUTH_FIELD_KEYS", "field_keys")
KAUTH_CODE_PEPPER = _secret("KAUTH_CODE_PEPPER", "code_pepper")
KAUTH_ROW_MAC_KEY = _secret("KAUTH_ROW_MAC_KEY", "row_mac_key")
KAUTH_AUDIT_KEY = _secret("KAUTH_AUDIT_KEY", "audit_key")
KAUTH_SERVER_KEY = _secret("KAUTH_SERVER_KEY", "server_key")
KAUTH_CHANNEL_KEY = _secret("KAUTH_CHANNEL_KEY", "channel_key")
# Empty where nobody has made one: then the app's notifications cannot be turned on.
KAUTH_VAPID_KEY = env.text("KAUTH_VAPID_KEY") or secret_files.read_if_made(DATA_DIR, "vapid_key")

# --- How the product behaves ---------------------------------------------------------------

KAUTH_SIGNUP = env.choice("KAUTH_SIGNUP", "closed", among=("open", "closed"))
KAUTH_NUMBER_MATCHING = env.choice(
    "KAUTH_NUMBER_MATCHING", "new-browser", among=("new-browser", "always", "never")
)
KAUTH_NUMBER_DIGITS = env.integer("KAUTH_NUMBER_DIGITS", 2, low=2, high=6)
# The push services of browsers: nothing is sent to any other host that a device may name.
KAUTH_PUSH_HOSTS = env.hosts(
    "KAUTH_PUSH_HOSTS",
    "fcm.googleapis.com,updates.push.services.mozilla.com,web.push.apple.com,.notify.windows.com",
)
# For tests: one more, at an origin on this machine, without TLS.
KAUTH_PUSH_TEST_SERVICE = env.local_origin("KAUTH_PUSH_TEST_SERVICE")
# Whether a notification may have YES and NO where no number is asked for.
KAUTH_ANSWER_IN_NOTIFICATION = env.boolean("KAUTH_ANSWER_IN_NOTIFICATION", default=True)
KAUTH_CHALLENGE_LIFETIME = timedelta(
    seconds=env.integer("KAUTH_CHALLENGE_SECONDS", 120, low=30, high=600)
)
KAUTH_REDEEM_LIFETIME = timedelta(seconds=60)
KAUTH_OFFER_LIFETIME = timedelta(seconds=300)
KAUTH_PENDING_LOGIN_LIFETIME = timedelta(minutes=10)
KAUTH_RECENT_LOGIN = timedelta(minutes=5)
# How long a session lasts from the sign-in on, and how long while nothing is done in it.
KAUTH_SESSION_LENGTH = timedelta(hours=24)
KAUTH_SESSION_IDLE = timedelta(hours=1)
KAUTH_STAFF_SESSION_LENGTH = timedelta(hours=12)
KAUTH_STAFF_SESSION_IDLE = timedelta(minutes=15)
KAUTH_DEVICES_PER_ACCOUNT = 5
# OTP apps, and security keys.
KAUTH_METHODS_PER_KIND = 5
KAUTH_KEY_CEREMONY_LIFETIME = timedelta(minutes=5)
KAUTH_OTP_SETUP_LIFETIME = timedelta(minutes=10)
KAUTH_BACKUP_CODES_READABLE = timedelta(minutes=10)
KAUTH_RECOVERY_CODE_LIFETIME = timedelta(hours=1)
KAUTH_NEW_DEVICE_TIME = timedelta(hours=24)
KAUTH_CHALLENGES_KEPT = timedelta(days=30)
# For `create_account` in scripts.
KAUTH_NEW_ACCOUNT_PASSWORD = env.text("KAUTH_PASSWORD")

# How the lower apps reach the higher ones: by the name of a page, never by an import.
LOGIN_SECOND_STEP_URL = "twofactor:verify"
AFTER_LINK_URL = "twofactor:backup_codes"
TWO_FACTOR_URL = "twofactor:overview"
ADDRESS_URL = "accounts:address_link"
NOT_ME_URL = "twofactor:not_me"

# --- Monitoring: closed until one of these opens it ---------------------------------------

KAUTH_METRICS_NETWORKS = env.networks("KAUTH_METRICS_NETWORKS")
KAUTH_METRICS_TOKEN = env.text("KAUTH_METRICS_TOKEN")
KAUTH_METRICS = bool(KAUTH_METRICS_NETWORKS or KAUTH_METRICS_TOKEN)
KAUTH_METRICS_FOLDER = DATA_DIR / "metrics"
if KAUTH_METRICS:
    metrics_folder.prepare(KAUTH_METRICS_FOLDER)

# --- Django ----------------------------------------------------------------------------------

DEBUG = False
ALLOWED_HOSTS = [urlsplit(KAUTH_ORIGIN).hostname or "localhost"]
ROOT_URLCONF = "kauth_site.urls"
ASGI_APPLICATION = "kauth_site.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
# No page takes a file.
DATA_UPLOAD_MAX_NUMBER_FILES = 0
FILE_UPLOAD_HANDLERS: list[str] = []

INSTALLED_APPS = [
    "kauth_site.apps.KauthAdminConfig",
    "kauth_site.apps.KauthSiteConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_otp",
    "csp",
    "channels",
    "accounts",
    "devices",
    "twofactor",
]

MIDDLEWARE = [
    "kauth_site.middleware.request_id",
    "kauth_site.middleware.health",
    *(["kauth_site.middleware.metrics"] if KAUTH_METRICS else []),
    "kauth_site.middleware.one_origin",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "kauth_site.middleware.private_pages",
    "kauth_site.middleware.utf8_forms",
    "accounts.sessions.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "kauth_site.middleware.last_seen",
    "kauth_site.middleware.first_things_first",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "kauth_site.views.site_words",
            ],
        },
    },
]

# --- Databases, sockets, tasks -----------------------------------------------------------

SQLITE_OPTIONS = {
    # IMMEDIATE takes the write lock at BEGIN, so that a transaction that reads and then writes
    # waits its turn instead of failing with "database is locked".
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": ("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"),
}


DATABASE_POOL = {
    "min_size": 2,
    "max_size": 20,
    # After a restart of the database the first request may find it away, and none waits long.
    # A pool that gives up trying begins anew with the next request; else it would pause longer
    # and longer.
    "timeout": 5,
    "reconnect_timeout": 3,
}


def _databases() -> dict[str, Any]:
    if DATABASE_URL:
        # Under ASGI every request may run in a thread of its own: a pool serves them,
        # persistent connections (which belong to a thread) would not.
        database = dj_database_url.parse(DATABASE_URL, conn_max_age=0)
        if database["ENGINE"] == "django.db.backends.postgresql":
            database["ENGINE"] = "kauth_site.postgresql"
            database.setdefault("OPTIONS", {})["pool"] = DATABASE_POOL
            database["CONN_HEALTH_CHECKS"] = True
    else:
        database = dj_database_url.parse(f"sqlite:///{DATA_DIR / 'kauth.sqlite3'}")
    if database["ENGINE"] == "django.db.backends.sqlite3":
        database["OPTIONS"] = SQLITE_OPTIONS
        # Races cannot be seen in memory: tests run on a file, as the product does.
        database["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
    return {"default": database}


DATABASES = _databases()

CHANNEL_LAYERS: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "kauth_site.redis_layer.RedisLayer",
        "CONFIG": {"url": REDIS_URL, "symmetric_encryption_keys": [KAUTH_CHANNEL_KEY]},
    }
    if REDIS_URL
    else {"BACKEND": "kauth_site.embedded.EmbeddedChannelLayer"}
}

# What Redis calls a unix socket has another name in Celery, which warns where a queue has no host.
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1) or "memory://here"
# Celery by itself would encrypt and not ask with whom.
CELERY_BROKER_USE_SSL = (
    {"ssl_cert_reqs": ssl.CERT_REQUIRED} if REDIS_URL.startswith("rediss://") else False
)
# A page that hands over a mail does not wait for a Redis that is away or says nothing.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 3,
    "socket_connect_timeout": 2,
    "max_retries": 0,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_ALWAYS_EAGER = not REDIS_URL
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# Who waits for a push waits for no mail server. A worker that is given no queue serves both.
CELERY_TASK_QUEUES = {name: {"exchange": name, "routing_key": name} for name in ("celery", "push")}
CELERY_TASK_ROUTES = {"devices.tasks.wake": {"queue": "push"}}
KAUTH_EXPIRY_INTERVAL = timedelta(seconds=10)
KAUTH_SEAL_INTERVAL = timedelta(seconds=5)
KAUTH_REMINDER_INTERVAL = timedelta(hours=1)
CELERY_BEAT_SCHEDULE = {
    "expire-overdue-challenges": {
        "task": "twofactor.tasks.expire_overdue_challenges",
        "schedule": KAUTH_EXPIRY_INTERVAL,
        "options": {"expires": KAUTH_EXPIRY_INTERVAL.total_seconds()},
    },
    "seal-the-log": {
        "task": "accounts.tasks.seal_log",
        "schedule": KAUTH_SEAL_INTERVAL,
        "options": {"expires": KAUTH_SEAL_INTERVAL.total_seconds()},
    },
    "remind-of-policies": {
        "task": "twofactor.tasks.send_policy_reminders",
        "schedule": KAUTH_REMINDER_INTERVAL,
        "options": {"expires": KAUTH_REMINDER_INTERVAL.total_seconds()},
    },
}

# --- Accounts and sessions -------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "manager"
OTP_LOGIN_URL = "accounts:second_factor"
PASSWORD_HASHERS = ["accounts.hashers.SitePasswordHasher"]
KAUTH_PASSWORD_HASH_MEMORY = env.integer(
    "KAUTH_PASSWORD_HASH_MEMORY", 46 * 1024, low=19 * 1024, high=1024 * 1024
)
KAUTH_PASSWORD_HASH_TIME = env.integer("KAUTH_PASSWORD_HASH_TIME", 1, low=1, high=20)
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["login_id"]},
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 3600

SESSION_ENGINE = "accounts.sessions"
SESSION_SERIALIZER = "django.contrib.sessions.serializers.JSONSerializer"
SESSION_COOKIE_AGE = int(KAUTH_SESSION_LENGTH.total_seconds())
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
CSRF_COOKIE_HTTPONLY = True
COOKIE_PREFIX = "__Host-" if SECURE else ""
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}session"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrf"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- What browsers are told --------------------------------------------------------------------

SECURE_SSL_REDIRECT = SECURE
# Only a proxy that the operator counted may say that the visitor came by https.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if KAUTH_TRUSTED_PROXIES else None
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
        "require-trusted-types-for": ["'script'"],
        # The one policy: it makes the address of the app's service worker, and nothing else.
        "trusted-types": ["kauth-worker"],
        # The second for browsers that do not know the first.
        "report-to": "policy",
        "report-uri": ["/csp-report"],
    },
}

# --- Files, language, mail, logs ----------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
# Installed by npm, never copied into the repository. Without it only the app's camera is missing.
QR_PACKAGE = BASE_DIR / "node_modules" / "qr"
KAUTH_QR_DECODER = "qr/decode.js" if (QR_PACKAGE / "decode.js").is_file() else ""
STATICFILES_DIRS = [BASE_DIR / "static", *([("qr", QR_PACKAGE)] if KAUTH_QR_DECODER else [])]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "kauth_site.staticfiles.HashedStorage"},
}

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True

EMAIL_HOST = env.text("KAUTH_EMAIL_HOST")
EMAIL_PORT = env.integer("KAUTH_EMAIL_PORT", 587, low=1, high=65535)
EMAIL_HOST_USER = env.text("KAUTH_EMAIL_USER")
EMAIL_HOST_PASSWORD = env.text("KAUTH_EMAIL_PASSWORD")
EMAIL_USE_TLS = env.boolean("KAUTH_EMAIL_TLS", default=True)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("KAUTH_EMAIL_FROM", f"kauth@{ALLOWED_HOSTS[0]}")
EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend"
    if EMAIL_HOST
    else "kauth_site.console.EmailBackend"
)

KAUTH_LOG_LEVEL = env.choice(
    "KAUTH_LOG_LEVEL", "WARNING", among=("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
)
KAUTH_LOG_FORMAT = env.choice("KAUTH_LOG_FORMAT", "line", among=("line", "json"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "kauth_site.logs.SafeLine"},
        "json": {"()": "kauth_site.logs.SafeJson"},
    },
    "filters": {
        "request_id": {"()": "kauth_site.logs.RequestId"},
        "callers_fault": {"()": "kauth_site.logs.CallersFault"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": KAUTH_LOG_FORMAT,
            "filters": ["request_id", "callers_fault"],
        }
    },
    "root": {"handlers": ["console"], "level": KAUTH_LOG_LEVEL},
    "loggers": {name: {"handlers": [], "propagate": True} for name in ("django", "gunicorn.error")},
}
