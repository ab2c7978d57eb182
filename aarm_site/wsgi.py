"""The synchronous door, for agents alone: `/decide` and what belongs to it, without pages and their middleware."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aarm_site.settings.prod")
os.environ.setdefault("AARM_TIER", "decide")
application = get_wsgi_application()
