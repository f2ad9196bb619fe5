"""Puts together what the steps work with, from the settings."""

from __future__ import annotations

from datetime import timedelta

from sales_agent.approvals.engine import AutoApprovalEngine
from sales_agent.connectors.registry import connect, fallback_writer
from sales_agent.core.clock import Clock
from sales_agent.core.database import Database
from sales_agent.core.errors import ConfigurationError
from sales_agent.core.settings import Settings
from sales_agent.drafts.voice import load_voice
from sales_agent.leads.icp_criteria import Criteria, load_criteria
from sales_agent.leads.throttle import Throttle
from sales_agent.ports.writer import Voice
from sales_agent.workflow.step import Tools


def build_tools(settings: Settings, database: Database, clock: Clock) -> Tools:
    """Raises ConfigurationError when a provider is unknown or a voice or criteria file is malformed."""
    return Tools(
        settings=settings,
        clock=clock,
        connections=connect(settings, database, clock),
        fallback_writer=fallback_writer(),
        throttle=Throttle(database, timedelta(seconds=settings.intake.lead_throttle_seconds)),
        engine=AutoApprovalEngine(settings.approval),
        voice=_voice(settings),
        criteria=_criteria(settings),
    )


def _voice(settings: Settings) -> Voice:
    try:
        return load_voice(settings.sender.voice_file)
    except (ValueError, OSError) as error:
        raise ConfigurationError(f"VOICE_FILE: {error}") from error


def _criteria(settings: Settings) -> Criteria:
    try:
        return load_criteria(settings.sender.icp_file)
    except (ValueError, OSError) as error:
        raise ConfigurationError(f"ICP_FILE: {error}") from error
