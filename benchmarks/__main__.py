"""python -m benchmarks [all | intake | worker | overhead | slow-adapters | memory | safety | sending | audit] ..."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from benchmarks import audit, intake, memory, overhead, safety, sending, slow_adapters, worker
from benchmarks.site import pin_load

BENCHMARKS: Mapping[str, Callable[[], bool]] = {
    "intake": intake.main, "worker": worker.main, "overhead": overhead.main, "slow-adapters": slow_adapters.main,
    "memory": memory.main, "safety": safety.main, "sending": sending.main, "audit": audit.main}


def main(names: list[str]) -> None:
    """Run them in order; exit code 1 when a promise was missed."""
    chosen = list(BENCHMARKS) if names in ([], ["all"]) else names
    if unknown := set(chosen) - set(BENCHMARKS):
        raise SystemExit(f"no such benchmark: {', '.join(unknown)}; there are: all, {', '.join(BENCHMARKS)}")
    pin_load()
    held = [BENCHMARKS[name]() for name in chosen]  # all of them, whatever the first one says
    if not all(held):
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
