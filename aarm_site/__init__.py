"""Wires the three apps together and decides nothing."""

from aarm_site.celery import app as celery_app

__all__ = ["celery_app"]
