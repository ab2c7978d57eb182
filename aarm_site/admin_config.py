"""Tells Django which admin is this product's."""

from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class RecordingAdminConfig(AdminConfig):
    default_site = "aarm_site.administration.RecordingSite"
