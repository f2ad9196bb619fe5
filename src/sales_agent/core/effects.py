"""Orders to other systems as jobs of their own: tried again by themselves, idempotent by their key."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sales_agent.core.jobs import Job, new_job
from sales_agent.core.rows import Row

DELIVER_EFFECT = "deliver_effect_async"


def effect_job(effect: str, key: str, arguments: Mapping[str, Any], *, workflow_id: str, now: datetime) -> Row:
    """The job that delivers an effect; one for each key, however often it is written."""
    payload = json.dumps({"effect": effect, "key": key, "arguments": dict(arguments)})
    job_id = f"effect-{uuid.uuid5(uuid.NAMESPACE_URL, key)}"
    return Row(Job, new_job(job_id, DELIVER_EFFECT, now, workflow_id=workflow_id, payload=payload))
