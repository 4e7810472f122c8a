"""What a journey writes, as PostgreSQL counts it, and what a password hash and a claim cost."""

import subprocess
import sys
import time
from typing import Any

from bench.driver import drive
from bench.kauth import KAuth
from bench.site import Site, Stores

WRITTEN = """
SELECT tup_inserted + tup_updated + tup_deleted FROM pg_stat_database WHERE datname = '{database}'
"""
# A transaction that writes has an id of its own; one that reads has none.
WRITERS = "SELECT txid_snapshot_xmax(txid_current_snapshot())"

HASH = """
import time, resource, django, os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kauth_site.settings")
django.setup()
from django.contrib.auth.hashers import make_password
took = []
for _ in range(20):
    began = time.process_time()
    make_password("correct horse battery")
    took.append(time.process_time() - began)
print(sorted(took)[10])
"""


async def writes(
    site: Site, around: Stores, known: list[dict[str, Any]], journeys: int
) -> dict[str, float]:
    """Write transactions and rows written of one journey, after the password step."""
    product = KAuth(site, known)
    try:
        await product.prepare(product.people[0], journeys)
        rows, writers = _counters(around, site.database)
        await drive(product, 1, journeys, site.roots)
        rows_after, writers_after = _counters(around, site.database)
    finally:
        await product.close()
    return {
        "write_transactions": round((writers_after - writers) / journeys, 2),
        "rows_written": round((rows_after - rows) / journeys, 2),
    }


def _counters(around: Stores, database: str) -> tuple[int, int]:
    time.sleep(1.2)  # idle backends tell their statistics within a second
    rows = int(around.sql(WRITTEN.format(database=database)))
    return rows, int(around.sql(WRITERS, database=database))


def password_hash_ms(site: Site) -> float:
    """CPU of one hash at the cost that a new site has."""
    environment = {k: v for k, v in site.environment.items() if k != "KAUTH_PASSWORD_HASH_MEMORY"}
    done = subprocess.run(
        [sys.executable, "-c", HASH], env=environment, check=True, capture_output=True, text=True
    )
    return round(1000 * float(done.stdout), 1)


def claim_ms(site: Site) -> float:
    """A device claims a link: the median of the server's own time for it."""
    return round(1000 * float(site.run("-m", "bench.claims")), 2)
