"""All settings, from the environment; ``NAME_FILE`` names a file that holds the value (mounted secrets).

Without ``DATABASE_URL`` the private installation below ``.data/`` is used (see ``portal.installation``);
nothing is created or started by importing this file.
"""

from __future__ import annotations

import os
from pathlib import Path

from django.templatetags.static import static
from django.urls import reverse_lazy

from portal.environment import env
from portal.installation import read_installation
from portal.storage import ObjectLock, archive_storage

BASE_DIR = Path(__file__).resolve().parent.parent

DATA_FOLDER = Path(env.str("GRIDPORT_DATA", default=str(BASE_DIR / ".data")))
INSTALLATION = read_installation(DATA_FOLDER)
BACKUP_FOLDER = Path(env.str("BACKUP_FOLDER", default=str(DATA_FOLDER / "backups")))
USES_PRIVATE_SERVER = not (os.environ.get("DATABASE_URL") or os.environ.get("DATABASE_URL_FILE"))

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default=INSTALLATION.secret_key if INSTALLATION else "")
# Fernet keys (32 bytes, URL-safe base64), newest first: secrets and payloads are written under the first
# and read under any.
ENCRYPTION_KEYS = [
    key.strip()
    for key in env.list("ENCRYPTION_KEYS", default=[INSTALLATION.encryption_key] if INSTALLATION else [])
]
# Ed25519 (32 bytes, URL-safe base64): signs the seals of the archive. For the worker alone; the web process refuses it.
SEAL_SIGNING_KEY = env.str("SEAL_SIGNING_KEY", default="")
# Where a private installation keeps its own; read by whoever signs, when it signs.
KEPT_SIGNING_KEY = DATA_FOLDER / "seal-signing-key"
# Where the roots of the seals are published as a file; keep copies of it where nobody can write who can write here.
PUBLISHED_ROOTS = Path(env.str("PUBLISHED_ROOTS", default=str(DATA_FOLDER / "seals" / "roots.txt")))
# Who is mailed each root: an auditor, who then holds what nobody here can change. Empty: nobody.
SEAL_AUDITOR = env.str("SEAL_AUDITOR", default="").strip()
ALLOWED_HOSTS = [host.strip() for host in env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])]
# Under which address the internet reaches the portal, ``https://edi.example.com``: stores call it. Without it, stores
# are asked for changes alone.
PUBLIC_URL = env.str("PUBLIC_URL", default="").strip()
CSRF_TRUSTED_ORIGINS = [origin.strip() for origin in env.list("CSRF_TRUSTED_ORIGINS", default=[])]

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_q",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "partners",
    "archive",
    "integration",
    "portal",
]

CSRF_FAILURE_VIEW = "portal.error_pages.stale_form"
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "portal.policy.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.logs.CorrelationMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "portal.people.sessions.TimeOutMiddleware",
    "portal.access.ReachMiddleware",
    "portal.people.zones.TimeZoneMiddleware",
    "portal.readings.ReadingMiddleware",
]

ROOT_URLCONF = "portal.urls"
ASGI_APPLICATION = "portal.asgi.application"
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
                "portal.admin.bell.bell",
            ],
        },
    },
]


def _database(name: str, role: str) -> dict[str, object]:
    """Return Django's dictionary for the address in ``name``, else for the private server's ``role``."""
    if name in os.environ or f"{name}_FILE" in os.environ:
        database: dict[str, object] = env.db_url(name)
    elif USES_PRIVATE_SERVER and INSTALLATION is not None:
        database = env.db_url_config(INSTALLATION.address(role))
    else:
        return {"ENGINE": "django.db.backends.dummy"}
    # Never Django's pool: worker processes fork, and forked pools share sockets. And kept for no next request: under
    # ASGI each has a thread of its own, and a connection kept by a thread that ended stays until garbage is collected.
    return {**database, "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": True}


# ``default`` is gridport_app, which serves and works; ``owner`` is for migrate, backup, restore and tests.
DATABASES = {
    "default": _database("DATABASE_URL", "app"),
    "owner": _database("DATABASE_OWNER_URL", "owner"),
}
DATABASE_ROUTERS = ["portal.databases.ApplicationRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

AUTHENTICATION_BACKENDS = ["portal.people.locking.LockingBackend"]
# How long a link that sets a password works.
PASSWORD_RESET_TIMEOUT = 3 * 86_400
# Somebody is logged out after so long without use, and so long after logging in whatever they do.
SESSION_IDLE_MINUTES = env.int("SESSION_IDLE_MINUTES", default=60)
SESSION_HOURS = env.int("SESSION_HOURS", default=12)
SESSION_COOKIE_AGE = SESSION_HOURS * 3600

LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", default="UTC")

# Where copies of the archive's payloads stand: a folder, or with ARCHIVE_STORAGE_BUCKET a bucket of S3 or its kin
# (archive.storages). Without access key the client looks where its library looks: the machine's role, a profile.
ARCHIVE_STORAGE_FOLDER = env.str("ARCHIVE_STORAGE_FOLDER", default=str(DATA_FOLDER / "archive"))
ARCHIVE_STORAGE_BUCKET = env.str("ARCHIVE_STORAGE_BUCKET", default="").strip()
# For how long a bucket's Object Lock keeps each copy: 0 leaves it to the bucket's own default. GOVERNANCE can be lifted
# by who has the right to, COMPLIANCE by nobody.
ARCHIVE_STORAGE_LOCK = ObjectLock(
    env.int("ARCHIVE_STORAGE_LOCK_DAYS", default=0),
    env.str("ARCHIVE_STORAGE_LOCK_MODE", default="GOVERNANCE"),
)
# Roots of seals are small, and anchors only as long as nobody can take them back: COMPLIANCE, for ten years or as long as
# copies, in every bucket that has Object Lock. 0 leaves them to its own default too.
ARCHIVE_ROOTS_LOCK = ObjectLock(
    env.int("ARCHIVE_ROOTS_LOCK_DAYS", default=max(3650, ARCHIVE_STORAGE_LOCK.days)), "COMPLIANCE"
)
# So many payloads may wait to be copied before people are told; nothing else changes by it.
ARCHIVE_WAITING_LIMIT = env.int("ARCHIVE_WAITING_LIMIT", default=100_000)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "archive": archive_storage(ARCHIVE_STORAGE_FOLDER, ARCHIVE_STORAGE_BUCKET),
}

STATIC_URL = "static/"
# Where `collectstatic` puts the files for a web server of its own; without it they are served from the packages.
STATIC_ROOT = env.str("STATIC_ROOT", default="") or None
STATICFILES_DIRS = [BASE_DIR / "portal" / "static"]
WHITENOISE_USE_FINDERS = True

LOGIN_URL = reverse_lazy("admin:login")
# A production site sits behind TLS; the demo, on loopback without it, says HTTPS=false.
HTTPS = env.bool("HTTPS", default=True)
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
# Who calls a hook, or the API, in clear is refused by its page: led to https, he would go on telling its secrets in clear.
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^hooks/", r"^api/", r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# django-q2 only knocks; our Work table is the queue (integration.work). Its settings keep it out of the way:
# knocks that are taken once, no schedules, no kept results, and a time-out no step reaches: each is ended with its lease.
# They wait for stores and mailboxes more than they compute, and one store never has all of them (integration.claimable).
WORKERS = env.int("WORKERS", default=4)
Q_CLUSTER = {
    "name": "gridport",
    "orm": "default",
    "broker_class": "integration.knocks.KnockBroker",
    "scheduler": False,
    "workers": WORKERS,
    "queue_limit": WORKERS,
    "bulk": 1,
    "poll": 0.2,
    "timeout": 600,
    "retry": 900,
    "max_attempts": 1,
    "ack_failures": True,
    "save_limit": -1,
    "catch_up": False,
    "recycle": 500,
    "label": "Background knocks",
}

# Who opens the login page itself is led to the dashboard; Django's own default does not exist here.
LOGIN_REDIRECT_URL = "admin:index"

# Who may be told of what, where notices go out: the flows lie below the window, which keeps how far each one sees.
REACH_OF = "portal.access.reach_of"

# Sending many documents again: how many at most at once, and how many one person may send without a second one.
BULK_LIMIT = env.int("BULK_LIMIT", default=500)
BULK_ALONE = env.int("BULK_ALONE", default=20)
# For how many days lines of stock feeds are kept on which nothing stands any more; what was sent is kept by retention rules.
STOCK_LINES_DAYS = env.int("STOCK_LINES_DAYS", default=400)
# Lists taken out as files: rows within 24 hours and files within an hour, for each member of staff; from how many rows on
# the administrators are told of a file.
EXPORT_ROWS_A_DAY = env.int("EXPORT_ROWS_A_DAY", default=50_000)
EXPORTS_AN_HOUR = env.int("EXPORTS_AN_HOUR", default=30)
EXPORT_TOLD_FROM = env.int("EXPORT_TOLD_FROM", default=1_000)
# The reporting API: so many requests within a minute for each token.
API_REQUESTS_A_MINUTE = env.int("API_REQUESTS_A_MINUTE", default=600)
# Who writes large exports of the API, for the step that the table of steps names: integration/flows/exporting.py.
EXPORTS = "portal.exports.writing.EXPORTS"
# Views name what they use; nothing of the API works by a session, so no page of another site can ask it.
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_SCHEMA_CLASS": "portal.api.description.Described",
    "SCHEMA_COERCE_PATH_PK": False,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Gridport",
    "DESCRIPTION": "What was exchanged with trading partners, and what came of it: for reporting tools and other systems.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": True,
    "SORT_OPERATIONS": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "portal.api.description.exact",
    ],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}
# Whoever brings it reads /metrics and /health/deep; without it there are no such pages.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="").strip()
# For how long what a decision writes to a store waits, so that it can be undone with nothing of it out.
UNDO_SECONDS = env.int("UNDO_SECONDS", default=30)

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"correlation": {"()": "portal.logs.CorrelationFilter"}},
    "formatters": {"json": {"()": "portal.logs.JsonLines"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["correlation"]}
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django-q": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "paramiko": {"level": "WARNING"},
        "urllib3": {"level": "ERROR"},  # what breaks is told by whoever asked
        "uvicorn.access": {"level": "WARNING"},
    },
}

UNFOLD = {
    "SITE_TITLE": "Gridport",
    "SITE_HEADER": "Gridport",
    "SITE_SUBHEADER": "Store to network, and back",
    "SITE_URL": None,
    "SITE_SYMBOL": "sync_alt",
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "LOGIN": {"form": "portal.people.locking.LoginForm"},
    "ACCOUNT": {
        "navigation": [
            {"title": "My settings", "link": reverse_lazy("my_settings")},
            {"title": "Change password", "link": reverse_lazy("admin:password_change")},
        ]
    },
    "STYLES": [lambda request: static("portal/gridport.css")],
    "SCRIPTS": [lambda request: static("portal/names.js")],
    "DASHBOARD_CALLBACK": "portal.admin.dashboard.fill",
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": "portal.admin.navigation.sections",
    },
}
