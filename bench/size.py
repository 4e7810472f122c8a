"""What age costs: the same journey, and the sweep, beside 10 thousand to a million accounts."""

import asyncio
import subprocess
import sys
import time
from typing import Any

from bench.driver import drive
from bench.figures import in_ms, percentile
from bench.kauth import KAuth
from bench.site import ROOT, Site, Stores

# No device may say more than 30 things in 10 s.
PAUSE = 0.5
OVERDUE = """
INSERT INTO twofactor_challenge (id, user_id, purpose, match, number, state, binding, epoch,
    context, browser, created_at, expires_at)
SELECT md5(u.id::text || clock_timestamp()::text) || 'bbbbbbbbbbb', u.id, 'login', 'tap', '',
    'pending', '', 0, '', '', now() - interval '1 hour', now() - interval '58 minutes'
FROM accounts_user u WHERE u.login_id LIKE 'old%@example.org' LIMIT {count}
"""


async def growth(
    site: Site, known: list[dict[str, Any]], sizes: list[int], journeys: int
) -> list[dict[str, Any]]:
    """The journey of one person beside `sizes` accounts, devices and old questions."""
    rows = []
    for size in sizes:
        site.run("-m", "bench.seed", "grow", str(size), "/dev/null")
        product = KAuth(site, known)
        try:
            figures = await drive(product, 1, journeys, site.roots)
        finally:
            await product.close()
        rows.append({"accounts": size, **figures})
    return rows


async def sweep(
    site: Site, around: Stores, known: list[dict[str, Any]], count: int, journeys: int
) -> dict[str, Any]:
    """Expires `count` overdue questions while somebody signs in; before that, the same without."""
    product = KAuth(site, known)
    try:
        calm = await drive(product, 1, journeys, site.roots)
        around.sql(OVERDUE.format(count=count), database=site.database)
        await product.prepare(product.people[0], journeys * 4)
        began = time.perf_counter()
        sweeper = subprocess.Popen(
            [sys.executable, "manage.py", "expire_challenges", "--json"],
            cwd=ROOT, env=site.environment, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        meanwhile: list[float] = []
        while sweeper.poll() is None and product.people[0].waiting:
            meanwhile += (await drive(product, 1, 1, site.roots))["samples_ms"]
            await asyncio.sleep(PAUSE)
        said = (await asyncio.to_thread(sweeper.communicate))[0]
        took = time.perf_counter() - began
    finally:
        await product.close()
    return {
        "overdue": count,
        "seconds": round(took, 2),
        "said": said.strip(),
        "calm_ms": calm["whole_ms"],
        "meanwhile_ms": in_ms([value / 1000 for value in meanwhile]),
        "slower": round(percentile(meanwhile, 0.5) / calm["whole_ms"]["p50"], 2),
    }
