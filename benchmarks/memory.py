"""How much memory a worker process holds after a thousand leads."""

from __future__ import annotations

from benchmarks.backlog import accept_leads, plant_world, wait_until_done
from benchmarks.report import Promise, promises, table
from benchmarks.site import site

STAGES = (10, 500, 1_000)


def main() -> bool:
    with site("postgresql") as here:
        plant_world(here)
        sizes: list[float] = []
        with here.product("worker") as worker:
            for done, until in zip((0, *STAGES), STAGES, strict=False):
                accept_leads(here, until - done)
                wait_until_done(here, worker, until)
                sizes.append(worker.rss_bytes / 2**20)
    table("One worker process on postgresql and redis", ["after leads", "RSS MiB"],
          list(zip(STAGES, sizes, strict=True)))
    return promises([Promise("memory after 1,000 leads", sizes[-1], 200, at_least=False, unit=" MiB")])
