"""Puts together what the steps work with, from the settings."""

from __future__ import annotations

from datetime import timedelta

import structlog

from sales_agent.approvals.engine import AutoApprovalEngine
from sales_agent.connectors.registry import connect, fallback_writer
from sales_agent.core.clock import Clock
from sales_agent.core.database import Database
from sales_agent.core.errors import ConfigurationError, ConnectorError
from sales_agent.core.settings import Settings
from sales_agent.drafts.slots import propose_slots
from sales_agent.drafts.voice import load_voice
from sales_agent.leads.addresses import parse_address
from sales_agent.leads.icp import LeadFacts, score
from sales_agent.leads.icp_criteria import Criteria, load_criteria
from sales_agent.leads.language import detect_language
from sales_agent.leads.text import looks_hostile
from sales_agent.leads.throttle import Throttle
from sales_agent.leads.timezones import lead_timezone
from sales_agent.ports.writer import VoiceProfile
from sales_agent.workflow.sending import open_means
from sales_agent.workflow.step import Tools

log = structlog.get_logger()


def build_tools(settings: Settings, database: Database, clock: Clock) -> Tools:
    """Raises ConfigurationError when a provider is unknown or a voice, criteria or safety file is malformed."""
    connections = connect(settings, database, clock)
    return Tools(
        settings=settings,
        clock=clock,
        connections=connections,
        means=open_means(settings, database, clock, connections),
        fallback_writer=fallback_writer(),
        throttle=Throttle(database, timedelta(seconds=settings.intake.lead_throttle_seconds)),
        engine=AutoApprovalEngine(settings.approval),
        voice=_voice(settings),
        criteria=_criteria(settings),
    )


async def warm_up(tools: Tools) -> None:
    """Load word lists, holidays and folders now, so that the first lead does not wait for them.

    A connection that is not ready is said so in the log; leads go on without it, degraded.
    """
    sender, now = tools.settings.sender, tools.clock.now()
    address = parse_address("someone@example.com")
    looks_hostile("warm-up")
    detect_language("warm-up")
    lead_timezone("", "Germany", "+49 30 901820", address.domain, "en", sender.business_timezone)
    score(tools.criteria, LeadFacts(address=address, message="a demo, and pricing"))
    propose_slots([], now, sender.business_timezone, sender.business_hours, sender.holiday_country,
                  sender.business_timezone)
    connections = tools.connections
    for connection in (connections.crm, connections.mailbox, connections.calendar, connections.assets,
                       connections.writer):
        try:
            await connection.check()
        except ConnectorError as error:
            log.warning("connection.not_ready", problem=str(error))


def _voice(settings: Settings) -> VoiceProfile:
    try:
        return load_voice(settings.sender.voice_file)
    except (ValueError, OSError) as error:
        raise ConfigurationError(f"VOICE_FILE: {error}") from error


def _criteria(settings: Settings) -> Criteria:
    try:
        return load_criteria(settings.sender.icp_file)
    except (ValueError, OSError) as error:
        raise ConfigurationError(f"ICP_FILE: {error}") from error
