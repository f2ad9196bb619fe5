"""Tables that the database itself keeps from being changed: rows are added, never altered, never removed.

Whoever may alter the schema can take this away again; what shows that is the seal (core/audit_seal.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import DDL, Table, event

_REFUSAL = "the audit trail is append-only"
_FUNCTION = "refuse_to_change_the_audit_trail"


def keep_append_only(table: Table) -> None:
    """Put the triggers on whenever the table is created from its model; migrations execute `triggers` themselves."""
    for dialect in ("sqlite", "postgresql"):
        for statement in triggers(table.name, dialect):
            event.listen(table, "after_create", DDL(statement).execute_if(dialect=dialect))  # type: ignore[no-untyped-call]


def triggers(table: str, dialect: str) -> Iterator[str]:
    """The statements that make the table append-only. A migration that recreates the table must execute them again."""
    if dialect == "sqlite":
        for change in ("UPDATE", "DELETE"):
            yield (f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
                   f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END")
        return
    yield (f"CREATE OR REPLACE FUNCTION {_FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS "
           f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$")
    yield (f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
           f"FOR EACH ROW EXECUTE FUNCTION {_FUNCTION}()")
    yield f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {_FUNCTION}()"
