"""A pytest plugin (`-p tests.start_engines`): importing it starts the engines.

It has to be one, and not the conftest: pytest-django reads the settings before any conftest is loaded.
"""

from tests.engines import prepare_environment

prepare_environment()
