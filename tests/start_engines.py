"""A pytest plugin (`-p tests.start_engines`): importing it starts the engines.

It has to be one, and not the conftest: pytest-django reads the settings before any conftest is loaded.
"""

import signal

from tests.engines import prepare_environment

# A shell's background jobs ignore Ctrl-C and so would every process that a test starts, and means to interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)
prepare_environment()
