#!/usr/bin/env python
"""Django's command line; `./run COMMAND` calls it inside the project's environment."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aarm_site.settings.dev")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        # Written for whoever set the environment up; a traceback would bury it.
        sys.exit(str(error))
