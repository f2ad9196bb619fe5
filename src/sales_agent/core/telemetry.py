"""Logs and metrics. Neither may hold personal data or secrets: ids, states and counts only."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any

import structlog
from prometheus_client import Counter, Histogram

JOBS_ENDED = Counter("sales_agent_jobs_ended_total", "Attempts at background jobs by outcome", ["kind", "outcome"])
STEP_SECONDS = Histogram("sales_agent_step_seconds", "Duration of workflow steps", ["step"],
                         buckets=(0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60))
LEADS_ACCEPTED = Counter("sales_agent_leads_accepted_total", "Accepted submissions", ["source", "duplicate"])


def configure_logging(level: str, log_format: str) -> None:
    """One line an event, on stderr, so that stdout stays free for what a command answers."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()))
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    # The in-process broker has no host, and kombu warns of that at every start.
    logging.getLogger("kombu.connection").setLevel(logging.ERROR)


def described(error: BaseException) -> dict[str, Any]:
    """What may be logged of an exception: its kind and where it came from, never its text, which may
    quote rows and forms."""
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    return {"error": type(error).__name__, "cause": type(error.__cause__).__name__ if error.__cause__ else None,
            "at": [f"{frame.name} ({frame.filename.rpartition('/')[2]}:{frame.lineno})" for frame in frames]}
