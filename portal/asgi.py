"""The ASGI application: chunked requests arrive whole here, and not under WSGI."""

import os

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.exceptions import ImproperlyConfigured

from portal.hooks.door import Door

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
application = Door(get_asgi_application())

if settings.SEAL_SIGNING_KEY:
    # Who takes this process over must not be able to sign another history.
    raise ImproperlyConfigured(
        "SEAL_SIGNING_KEY is set for the web process, which must not hold it: give it to `manage.py worker` alone."
    )
