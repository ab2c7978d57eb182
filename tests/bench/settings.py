"""Production's settings with the yardsticks beside the product's own addresses: same middleware, same connections."""

from __future__ import annotations

from aarm_site.settings.base import INSTALLED_APPS
from aarm_site.settings.prod import *  # noqa: F403

ROOT_URLCONF = "tests.bench.urls"
INSTALLED_APPS = [*INSTALLED_APPS, "tests.bench"]
