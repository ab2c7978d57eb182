"""The benchmark's settings, with decisions that nothing proves."""

from __future__ import annotations

from aarm_site.settings.base import INSTALLED_APPS as PRODUCT
from tests.bench.settings import *  # noqa: F403

INSTALLED_APPS = [*PRODUCT, "tests.bench", "tests.bench.unproven.apps.UnprovenConfig"]
