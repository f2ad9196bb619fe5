"""Imports every module with tables, so that `TABLES` is complete."""

import sales_agent.approvals.models
import sales_agent.connectors.local.crm_models
import sales_agent.core.audit
import sales_agent.core.audit_seal
import sales_agent.core.dead_letters
import sales_agent.core.jobs
import sales_agent.drafts.models
import sales_agent.leads.models
import sales_agent.sending.models
import sales_agent.sending.suppression_models
import sales_agent.web.accounts.models
import sales_agent.workflow.models  # noqa: F401
from sales_agent.core.database import Base

TABLES = Base.metadata.tables
