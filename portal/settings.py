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

BASE_DIR = Path(__file__).resolve().parent.parent

DATA_FOLDER = Path(env.str("GRIDPORT_DATA", default=str(BASE_DIR / ".data")))
INSTALLATION = read_installation(DATA_FOLDER)
USES_PRIVATE_SERVER = not (os.environ.get("DATABASE_URL") or os.environ.get("DATABASE_URL_FILE"))

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default=INSTALLATION.secret_key if INSTALLATION else "")
# Fernet keys (32 bytes, URL-safe base64), newest first: secrets and payloads are written under the first
# and read under any.
ENCRYPTION_KEYS = [
    key.strip()
    for key in env.list("ENCRYPTION_KEYS", default=[INSTALLATION.encryption_key] if INSTALLATION else [])
]
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
    "partners",
    "archive",
    "integration",
    "portal",
]

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

LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", default="UTC")

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
# Who calls a hook in clear is refused by its page: led to https, he would go on telling its secrets in clear.
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^hooks/"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", default=False) else None
)
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

# Sending many documents again: how many at most at once, and how many one person may send without a second one.
BULK_LIMIT = env.int("BULK_LIMIT", default=500)
BULK_ALONE = env.int("BULK_ALONE", default=20)

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
    "STYLES": [lambda request: static("portal/gridport.css")],
    "DASHBOARD_CALLBACK": "portal.admin.dashboard.fill",
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": "portal.admin.navigation.sections",
    },
}
