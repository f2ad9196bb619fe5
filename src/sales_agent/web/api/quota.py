"""How many emails may still be sent."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Security
from pydantic import BaseModel, ConfigDict

from sales_agent.sending.limits import RateLimiter
from sales_agent.web.api.drafts import READ, Services
from sales_agent.web.auth import BEARER, GuardedRoute
from sales_agent.web.fields import Address, Moment
from sales_agent.web.problems import InvalidInput, answers

router = APIRouter(route_class=GuardedRoute, tags=["Operator"], dependencies=[Security(BEARER)])


class QuotaOut(BaseModel):
    """What is left; null where there is no limit. `retry_at` is null when one may be sent now, or never."""

    model_config = ConfigDict(from_attributes=True)

    remaining_today: int | None
    remaining_this_week: int | None
    remaining_for_contact: int | None
    retry_at: Moment | None


@router.get("/api/operator/quota/{contact_email}", responses=answers(*READ, InvalidInput))
async def read_quota(services: Services, contact_email: Annotated[Address, Path()]) -> QuotaOut:
    limiter = RateLimiter(services.settings.sending, services.database, services.clock)
    return QuotaOut.model_validate(await limiter.quota(contact_email))
