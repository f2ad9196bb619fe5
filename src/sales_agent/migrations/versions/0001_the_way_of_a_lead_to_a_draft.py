"""The way of a lead to a draft."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('address_throttles',
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('submission_id', sa.String(length=40), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('email', name=op.f('pk_address_throttles'))
    )
    op.create_table('api_tokens',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('role', sa.String(length=20), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_tokens')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_api_tokens_token_hash'))
    )
    op.create_table('audit_events',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('actor', sa.String(length=120), nullable=False),
    sa.Column('action', sa.String(length=60), nullable=False),
    sa.Column('subject', sa.String(length=120), nullable=False),
    sa.Column('details', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_events'))
    )
    with op.batch_alter_table('audit_events', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_audit_events_at'), ['at'], unique=False)
        batch_op.create_index(batch_op.f('ix_audit_events_subject'), ['subject'], unique=False)

    op.create_table('crm_companies',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('match_key', sa.String(length=260), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('domain', sa.String(length=253), nullable=False),
    sa.Column('industry', sa.String(length=100), nullable=False),
    sa.Column('employees', sa.Integer(), nullable=True),
    sa.Column('country', sa.String(length=80), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_crm_companies')),
    sa.UniqueConstraint('match_key', name=op.f('uq_crm_companies_match_key'))
    )
    op.create_table('crm_contacts',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('first_name', sa.String(length=80), nullable=False),
    sa.Column('last_name', sa.String(length=80), nullable=False),
    sa.Column('job_title', sa.String(length=200), nullable=False),
    sa.Column('phone', sa.String(length=40), nullable=False),
    sa.Column('country', sa.String(length=80), nullable=False),
    sa.Column('timezone', sa.String(length=60), nullable=False),
    sa.Column('lifecycle_stage', sa.String(length=40), nullable=False),
    sa.Column('owner_id', sa.String(length=40), nullable=False),
    sa.Column('owner_name', sa.String(length=120), nullable=False),
    sa.Column('company_id', sa.String(length=40), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_crm_contacts')),
    sa.UniqueConstraint('email', name=op.f('uq_crm_contacts_email'))
    )
    with op.batch_alter_table('crm_contacts', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_crm_contacts_company_id'), ['company_id'], unique=False)

    op.create_table('crm_notes',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('key', sa.String(length=200), nullable=False),
    sa.Column('contact_id', sa.String(length=40), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_crm_notes')),
    sa.UniqueConstraint('key', name=op.f('uq_crm_notes_key'))
    )
    with op.batch_alter_table('crm_notes', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_crm_notes_contact_id'), ['contact_id'], unique=False)

    op.create_table('crm_tasks',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('key', sa.String(length=200), nullable=False),
    sa.Column('contact_id', sa.String(length=40), nullable=False),
    sa.Column('owner_id', sa.String(length=40), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_crm_tasks')),
    sa.UniqueConstraint('key', name=op.f('uq_crm_tasks_key'))
    )
    with op.batch_alter_table('crm_tasks', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_crm_tasks_contact_id'), ['contact_id'], unique=False)

    op.create_table('drafts',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('workflow_id', sa.String(length=80), nullable=True),
    sa.Column('submission_id', sa.String(length=80), nullable=True),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('recipient', sa.String(length=320), nullable=False),
    sa.Column('recipient_name', sa.Text(), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('content_hash', sa.String(length=64), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('icp_score', sa.Float(), nullable=True),
    sa.Column('degraded', sa.Text(), nullable=False),
    sa.Column('context', sa.Text(), nullable=False),
    sa.Column('safety', sa.Text(), nullable=False),
    sa.Column('thread_id', sa.String(length=200), nullable=True),
    sa.Column('in_reply_to', sa.Text(), nullable=True),
    sa.Column('references', sa.Text(), nullable=False),
    sa.Column('language', sa.String(length=10), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('approved_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('approved_by', sa.String(length=120), nullable=True),
    sa.Column('approved_hash', sa.String(length=64), nullable=True),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('message_id', sa.Text(), nullable=True),
    sa.Column('rejected_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('rejected_by', sa.String(length=120), nullable=True),
    sa.Column('rejected_reason', sa.Text(), nullable=True),
    sa.Column('send_errors', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_drafts')),
    sa.UniqueConstraint('workflow_id', name=op.f('uq_drafts_workflow_id'))
    )
    with op.batch_alter_table('drafts', schema=None) as batch_op:
        batch_op.create_index('ix_drafts_newest', [sa.literal_column('created_at DESC'), 'id'], unique=False)
        batch_op.create_index('ix_drafts_queue', [sa.literal_column('coalesce(icp_score, -1.0) DESC'), 'created_at', 'id'], unique=False, postgresql_where=sa.text("status = 'PENDING_APPROVAL'"), sqlite_where=sa.text("status = 'PENDING_APPROVAL'"))
        batch_op.create_index(batch_op.f('ix_drafts_recipient'), ['recipient'], unique=False)
        batch_op.create_index('ix_drafts_status_newest', ['status', sa.literal_column('created_at DESC'), 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_drafts_submission_id'), ['submission_id'], unique=False)

    op.create_table('failed_tasks',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('task_id', sa.String(length=80), nullable=False),
    sa.Column('workflow_id', sa.String(length=80), nullable=False),
    sa.Column('task_type', sa.String(length=60), nullable=False),
    sa.Column('payload', sa.Text(), nullable=False),
    sa.Column('error', sa.Text(), nullable=False),
    sa.Column('retry_count', sa.Integer(), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('resolution_notes', sa.Text(), nullable=True),
    sa.Column('resolved_by', sa.String(length=120), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('resolved_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_failed_tasks'))
    )
    with op.batch_alter_table('failed_tasks', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_failed_tasks_status'), ['status'], unique=False)
        batch_op.create_index(batch_op.f('ix_failed_tasks_task_id'), ['task_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_failed_tasks_workflow_id'), ['workflow_id'], unique=False)

    op.create_table('jobs',
    sa.Column('id', sa.String(length=80), nullable=False),
    sa.Column('kind', sa.String(length=60), nullable=False),
    sa.Column('workflow_id', sa.String(length=80), nullable=False),
    sa.Column('payload', sa.Text(), nullable=False),
    sa.Column('status', sa.String(length=10), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('retries', sa.Integer(), nullable=False),
    sa.Column('crashes', sa.Integer(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('wake_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('lease_owner', sa.String(length=80), nullable=True),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('result', sa.Text(), nullable=True),
    sa.Column('error_type', sa.String(length=80), nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_jobs'))
    )
    with op.batch_alter_table('jobs', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_jobs_created_at'), ['created_at'], unique=False)
        batch_op.create_index('ix_jobs_wake_at', ['wake_at'], unique=False, postgresql_where=sa.text('wake_at IS NOT NULL'), sqlite_where=sa.text('wake_at IS NOT NULL'))
        batch_op.create_index(batch_op.f('ix_jobs_workflow_id'), ['workflow_id'], unique=False)

    op.create_table('operators',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('password_hash', sa.Text(), nullable=False),
    sa.Column('role', sa.String(length=20), nullable=False),
    sa.Column('disabled', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_operators')),
    sa.UniqueConstraint('name', name=op.f('uq_operators_name'))
    )
    op.create_table('step_results',
    sa.Column('workflow_id', sa.String(length=80), nullable=False),
    sa.Column('step', sa.String(length=40), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('result', sa.Text(), nullable=True),
    sa.Column('detail', sa.Text(), nullable=True),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('workflow_id', 'step', name=op.f('pk_step_results'))
    )
    op.create_table('submissions',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('workflow_id', sa.String(length=80), nullable=False),
    sa.Column('source', sa.String(length=20), nullable=False),
    sa.Column('portal_id', sa.String(length=40), nullable=False),
    sa.Column('external_id', sa.String(length=240), nullable=False),
    sa.Column('form_id', sa.String(length=200), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=True),
    sa.Column('payload', sa.Text(), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_submissions')),
    sa.UniqueConstraint('portal_id', 'external_id', name=op.f('uq_submissions_portal_id_external_id')),
    sa.UniqueConstraint('workflow_id', name=op.f('uq_submissions_workflow_id'))
    )
    with op.batch_alter_table('submissions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_submissions_email'), ['email'], unique=False)
        batch_op.create_index(batch_op.f('ix_submissions_received_at'), ['received_at'], unique=False)

    op.create_table('auto_approval_log',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('draft_id', sa.String(length=40), nullable=False),
    sa.Column('workflow_id', sa.String(length=80), nullable=True),
    sa.Column('decision', sa.String(length=20), nullable=False),
    sa.Column('matched_rule', sa.String(length=80), nullable=True),
    sa.Column('confidence', sa.Float(), nullable=False),
    sa.Column('reasoning', sa.Text(), nullable=False),
    sa.Column('inputs', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['draft_id'], ['drafts.id'], name=op.f('fk_auto_approval_log_draft_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_auto_approval_log'))
    )
    with op.batch_alter_table('auto_approval_log', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_auto_approval_log_created_at'), ['created_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_auto_approval_log_draft_id'), ['draft_id'], unique=False)

    op.create_table('draft_revisions',
    sa.Column('draft_id', sa.String(length=40), nullable=False),
    sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('content_hash', sa.String(length=64), nullable=False),
    sa.Column('author', sa.String(length=120), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['draft_id'], ['drafts.id'], name=op.f('fk_draft_revisions_draft_id')),
    sa.PrimaryKeyConstraint('draft_id', 'version', name=op.f('pk_draft_revisions'))
    )
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
        batch_op.create_index('ix_send_reservations_recipient_reserved_at', ['recipient', 'reserved_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_send_reservations_reserved_at'), ['reserved_at'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('send_reservations', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_send_reservations_reserved_at'))
        batch_op.drop_index('ix_send_reservations_recipient_reserved_at')

    op.drop_table('send_reservations')
    op.drop_table('draft_revisions')
    with op.batch_alter_table('auto_approval_log', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_auto_approval_log_draft_id'))
        batch_op.drop_index(batch_op.f('ix_auto_approval_log_created_at'))

    op.drop_table('auto_approval_log')
    with op.batch_alter_table('submissions', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_submissions_received_at'))
        batch_op.drop_index(batch_op.f('ix_submissions_email'))

    op.drop_table('submissions')
    op.drop_table('step_results')
    op.drop_table('operators')
    with op.batch_alter_table('jobs', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_jobs_workflow_id'))
        batch_op.drop_index('ix_jobs_wake_at', postgresql_where=sa.text('wake_at IS NOT NULL'), sqlite_where=sa.text('wake_at IS NOT NULL'))
        batch_op.drop_index(batch_op.f('ix_jobs_created_at'))

    op.drop_table('jobs')
    with op.batch_alter_table('failed_tasks', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_failed_tasks_workflow_id'))
        batch_op.drop_index(batch_op.f('ix_failed_tasks_task_id'))
        batch_op.drop_index(batch_op.f('ix_failed_tasks_status'))

    op.drop_table('failed_tasks')
    with op.batch_alter_table('drafts', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_drafts_submission_id'))
        batch_op.drop_index('ix_drafts_status_newest')
        batch_op.drop_index(batch_op.f('ix_drafts_recipient'))
        batch_op.drop_index('ix_drafts_queue', postgresql_where=sa.text("status = 'PENDING_APPROVAL'"), sqlite_where=sa.text("status = 'PENDING_APPROVAL'"))
        batch_op.drop_index('ix_drafts_newest')

    op.drop_table('drafts')
    with op.batch_alter_table('crm_tasks', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_crm_tasks_contact_id'))

    op.drop_table('crm_tasks')
    with op.batch_alter_table('crm_notes', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_crm_notes_contact_id'))

    op.drop_table('crm_notes')
    with op.batch_alter_table('crm_contacts', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_crm_contacts_company_id'))

    op.drop_table('crm_contacts')
    op.drop_table('crm_companies')
    with op.batch_alter_table('audit_events', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_audit_events_subject'))
        batch_op.drop_index(batch_op.f('ix_audit_events_at'))

    op.drop_table('audit_events')
    op.drop_table('api_tokens')
    op.drop_table('address_throttles')
