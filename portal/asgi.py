"""The ASGI application: chunked requests arrive whole here, and not under WSGI."""

import os

from django.core.asgi import get_asgi_application

from portal.hooks.door import Door

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
application = Door(get_asgi_application())
