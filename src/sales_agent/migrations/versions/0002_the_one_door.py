"""The one door: attempts, scheduled sends, the emergency stop."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('approved_recipients',
    sa.Column('email', sa.String(length=320), nullable=False),
    sa.Column('sends', sa.Integer(), nullable=False),
    sa.Column('last_sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('email', name=op.f('pk_approved_recipients'))
    )
    op.create_table('emergency_stop',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('scope', sa.String(length=10), nullable=True),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by', sa.String(length=120), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_emergency_stop'))
    )
    op.create_table('scheduled_sends',
    sa.Column('id', sa.String(length=80), nullable=False),
    sa.Column('draft_id', sa.String(length=40), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('send_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('requested_by', sa.String(length=120), nullable=False),
    sa.Column('requested_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['draft_id'], ['drafts.id'], name=op.f('fk_scheduled_sends_draft_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_scheduled_sends'))
    )
    with op.batch_alter_table('scheduled_sends', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_scheduled_sends_draft_id'), ['draft_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_scheduled_sends_send_at'), ['send_at'], unique=False)
        batch_op.create_index('uq_scheduled_sends_one_waiting', ['draft_id'], unique=True, postgresql_where=sa.text("state = 'WAITING'"), sqlite_where=sa.text("state = 'WAITING'"))

    op.create_table('send_attempts',
    sa.Column('id', sa.String(length=60), nullable=False),
    sa.Column('draft_id', sa.String(length=40), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('recipient', sa.String(length=320), nullable=False),
    sa.Column('actor', sa.String(length=120), nullable=False),
    sa.Column('mailbox', sa.Text(), nullable=False),
    sa.Column('fingerprint', sa.String(length=64), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('settle_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('settles', sa.Integer(), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('message_id', sa.Text(), nullable=True),
    sa.Column('thread_id', sa.Text(), nullable=True),
    sa.Column('headers', sa.Text(), nullable=False),
    sa.Column('error', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['draft_id'], ['drafts.id'], name=op.f('fk_send_attempts_draft_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_send_attempts')),
    sa.UniqueConstraint('draft_id', 'number', name=op.f('uq_send_attempts_draft_id_number'))
    )
    with op.batch_alter_table('send_attempts', schema=None) as batch_op:
        batch_op.create_index('ix_send_attempts_recipient_started_at', ['recipient', 'started_at'], unique=False)
        batch_op.create_index('ix_send_attempts_settle_at', ['settle_at'], unique=False, postgresql_where=sa.text('settle_at IS NOT NULL'), sqlite_where=sa.text('settle_at IS NOT NULL'))
        batch_op.create_index(batch_op.f('ix_send_attempts_started_at'), ['started_at'], unique=False)
        batch_op.create_index('uq_send_attempts_one_counted', ['draft_id'], unique=True, postgresql_where=sa.text("state IN ('STARTED', 'SENT', 'UNKNOWN')"), sqlite_where=sa.text("state IN ('STARTED', 'SENT', 'UNKNOWN')"))

    with op.batch_alter_table('send_reservations', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_send_reservations_recipient_reserved_at'))
        batch_op.drop_index(batch_op.f('ix_send_reservations_reserved_at'))

    op.drop_table('send_reservations')
    with op.batch_alter_table('drafts', schema=None) as batch_op:
        batch_op.add_column(sa.Column('conversation_seen_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('sent_by', sa.String(length=120), nullable=True))

    with op.batch_alter_table('audit_events', schema=None) as batch_op:
        batch_op.add_column(sa.Column('before', sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column('after', sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column('reason', sa.Text(), nullable=True))

    with op.batch_alter_table('crm_tasks', schema=None) as batch_op:
        batch_op.add_column(sa.Column('completed_at', sa.DateTime(timezone=True), nullable=True))



def downgrade() -> None:
    with op.batch_alter_table('crm_tasks', schema=None) as batch_op:
        batch_op.drop_column('completed_at')

    with op.batch_alter_table('audit_events', schema=None) as batch_op:
        batch_op.drop_column('reason')
        batch_op.drop_column('after')
        batch_op.drop_column('before')

    with op.batch_alter_table('drafts', schema=None) as batch_op:
        batch_op.drop_column('sent_by')
        batch_op.drop_column('conversation_seen_at')

    op.create_table('send_reservations',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('draft_id', sa.String(length=40), nullable=False),
    sa.Column('recipient', sa.String(length=320), nullable=False),
    sa.Column('reserved_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('released_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['draft_id'], ['drafts.id'], name=op.f('fk_send_reservations_draft_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_send_reservations')),
    sa.UniqueConstraint('draft_id', name=op.f('uq_send_reservations_draft_id'))
    )
    with op.batch_alter_table('send_reservations', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_send_reservations_reserved_at'), ['reserved_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_send_reservations_recipient_reserved_at'), ['recipient', 'reserved_at'], unique=False)

    with op.batch_alter_table('send_attempts', schema=None) as batch_op:
        batch_op.drop_index('uq_send_attempts_one_counted', postgresql_where=sa.text("state IN ('STARTED', 'SENT', 'UNKNOWN')"), sqlite_where=sa.text("state IN ('STARTED', 'SENT', 'UNKNOWN')"))
        batch_op.drop_index(batch_op.f('ix_send_attempts_started_at'))
        batch_op.drop_index('ix_send_attempts_settle_at', postgresql_where=sa.text('settle_at IS NOT NULL'), sqlite_where=sa.text('settle_at IS NOT NULL'))
        batch_op.drop_index('ix_send_attempts_recipient_started_at')

    op.drop_table('send_attempts')
    with op.batch_alter_table('scheduled_sends', schema=None) as batch_op:
        batch_op.drop_index('uq_scheduled_sends_one_waiting', postgresql_where=sa.text("state = 'WAITING'"), sqlite_where=sa.text("state = 'WAITING'"))
        batch_op.drop_index(batch_op.f('ix_scheduled_sends_send_at'))
        batch_op.drop_index(batch_op.f('ix_scheduled_sends_draft_id'))

    op.drop_table('scheduled_sends')
    op.drop_table('emergency_stop')
    op.drop_table('approved_recipients')
