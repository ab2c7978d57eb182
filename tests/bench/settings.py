"""Production's settings with the yardsticks beside the product's own addresses: same middleware, same connections."""

from __future__ import annotations

from aarm_site.settings.base import INSTALLED_APPS
from aarm_site.settings.base import ROOT_URLCONF as PRODUCT_URLCONF
from aarm_site.settings.prod import *  # noqa: F403

# The product has fewer addresses where it serves agents alone, and the yardsticks stand beside those that it has.
BENCH_PRODUCT_URLCONF = PRODUCT_URLCONF
ROOT_URLCONF = "tests.bench.urls"
INSTALLED_APPS = [*INSTALLED_APPS, "tests.bench"]
