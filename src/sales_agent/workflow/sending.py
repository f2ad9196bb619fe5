"""Opens the one door: puts its guards, its adapters and its sender together, for the API and for workers."""

from __future__ import annotations

from sales_agent.connectors.registry import Connections, connect_sender
from sales_agent.core.clock import Clock
from sales_agent.core.database import Database
from sales_agent.core.keys import load_keys
from sales_agent.core.settings import Settings
from sales_agent.sending.door import Door
from sales_agent.sending.means import Means, means_for
from sales_agent.sending.reconciler import Reconciler


def open_means(settings: Settings, database: Database, clock: Clock, connections: Connections) -> Means:
    """Raises ConfigurationError when the keys or the safety policy cannot be used."""
    return means_for(settings, database, clock, load_keys(settings.runtime), connections.mailbox, connections.calendar)


def open_door(settings: Settings, database: Database, clock: Clock, connections: Connections) -> Door:
    """Raises ConfigurationError when the sender, the keys or the safety policy cannot be used."""
    return Door(open_means(settings, database, clock, connections), connect_sender(settings, database, clock))


def open_reconciler(settings: Settings, clock: Clock, door: Door) -> Reconciler:
    """Its sender is one of its own: it only ever asks."""
    return Reconciler(door.means, connect_sender(settings, door.means.database, clock))
