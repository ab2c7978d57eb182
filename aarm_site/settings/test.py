"""What pytest uses: the production engine, which `tests/conftest.py` has started and named in DATABASE_URL."""

from aarm_site.settings.base import *  # noqa: F403

SECRET_KEY = "tests-only-" + "x" * 40
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AARM_TAINT_CARRY_SECONDS = 0
AARM_TURNED_DOWN_SECONDS = 0
AARM_MAY_SEED_DEMO = True
# Files are served by an asynchronous middleware, for which every request of a synchronous client would start a thread.
MIDDLEWARE = [name for name in MIDDLEWARE if not name.startswith("servestatic.")]  # noqa: F405
