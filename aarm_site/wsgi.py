"""The synchronous door, for `POST /decide` under a process-per-request server."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aarm_site.settings.prod")
application = get_wsgi_application()
