"""The audit trail: append-only, and sealed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sales_agent.core.append_only import triggers

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

_TABLES = ('audit_events', 'audit_seals', 'audit_sealed_events')


def upgrade() -> None:
    op.create_table('audit_seals',
    sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('events', sa.Integer(), nullable=False),
    sa.Column('key_id', sa.String(length=16), nullable=False),
    sa.Column('previous', sa.String(length=64), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('number', name=op.f('pk_audit_seals'))
    )
    op.create_table('audit_sealed_events',
    sa.Column('event_id', sa.String(length=40), nullable=False),
    sa.Column('seal', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('event_id', name=op.f('pk_audit_sealed_events'))
    )
    with op.batch_alter_table('audit_sealed_events', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_audit_sealed_events_seal'), ['seal'], unique=False)

    for table in _TABLES:
        for statement in triggers(table, op.get_bind().dialect.name):
            op.execute(statement)


def downgrade() -> None:
    op.drop_table('audit_sealed_events')
    op.drop_table('audit_seals')
    changes = ('no_update', 'no_delete') if op.get_bind().dialect.name == 'sqlite' else ('no_change', 'no_truncate')
    for change in changes:
        op.execute(f'DROP TRIGGER audit_events_{change}' + ('' if changes[0] == 'no_update' else ' ON audit_events'))
