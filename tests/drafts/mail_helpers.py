"""Threads for tests, in few words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sales_agent.ports.mail import MailMessage, MailThread

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
US, THEM = "robin@northwind.example", "ada@acme.example"


def thread(*messages: tuple[str, str], subject: str = "Data residency", them: str = THEM,
           thread_id: str = "t1") -> MailThread:
    """("us"|"them"|"auto", text) each, one day apart, the last one a day ago."""
    built = []
    for number, (who, text) in enumerate(messages, 1):
        ours = who == "us"
        built.append(MailMessage(
            id=f"m{number}", thread_id=thread_id, message_id=f"<m{number}@x.example>",
            direction="sent" if ours else "received",
            sender=US if ours else them, sender_name="", recipients=(them if ours else US,), subject=subject,
            date=NOW - timedelta(days=len(messages) - number + 1), text=text,
            references=tuple(f"<m{earlier}@x.example>" for earlier in range(1, number)), automatic=who == "auto"))
    return MailThread(thread_id, subject, tuple(built))
