"""Sets the stage before Django reads its settings; pytest loads it by -p, conftest.py is too late.

Every run has a data directory of its own and none of the developer's settings. With
KAUTH_TEST_DATABASE=postgresql it runs on a private PostgreSQL instead of a SQLite file.
"""

import atexit
import os
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from kauth_site import secret_files
from tests.services import postgresql

_stack = ExitStack()
atexit.register(_stack.close)

# A run that is told to stop still tears down what it started. One that began in the background may
# ignore Ctrl-C, and so would all that it starts, whose answer to Ctrl-C is tested.
signal.signal(signal.SIGTERM, signal.default_int_handler)
signal.signal(signal.SIGINT, signal.default_int_handler)

_database = os.environ.pop("KAUTH_TEST_DATABASE", "sqlite")
for _name in list(os.environ):
    if _name.startswith("KAUTH_") or _name in {"DATABASE_URL", "REDIS_URL", "PORT"}:
        del os.environ[_name]

# Where nothing may be written beside the sources, each of the many processes that tests start would
# compile them all anew, for seconds. They share a folder of the run's cache instead.
if sys.dont_write_bytecode:
    sys.dont_write_bytecode = False
    sys.pycache_prefix = str(Path(__file__).resolve().parents[1] / ".pytest_cache" / "bytecode")
    os.environ |= {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": sys.pycache_prefix}

# The cheapest hash that the settings allow: its cost is no behaviour.
os.environ["KAUTH_PASSWORD_HASH_MEMORY"] = str(19 * 1024)
os.environ["KAUTH_DATA_DIR"] = _stack.enter_context(TemporaryDirectory(prefix="kauth-test-"))
if _database == "postgresql":
    secret_files.ensure(Path(os.environ["KAUTH_DATA_DIR"]))  # the full mode makes none itself
    os.environ["DATABASE_URL"] = _stack.enter_context(postgresql.running())
