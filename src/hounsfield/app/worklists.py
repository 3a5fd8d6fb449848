"""Procedure steps and commitments asked over the web, over the site's database."""

from __future__ import annotations

from hounsfield.archive.reader import PackReader
from hounsfield.index.database import Database
from hounsfield.index.holdings import Holdings
from hounsfield.records.performed_steps import PerformedStepRecords
from hounsfield.records.web_commitments import WebCommitmentRecords
from hounsfield.records.workitem_events import WorkitemEvents
from hounsfield.records.workitems import WorkitemRecords
from hounsfield.servers.dicomweb.ups.composition import Worklist
from hounsfield.services.commitment import CommitmentJudge
from hounsfield.services.performed_steps import PerformedSteps
from hounsfield.services.web_commitments import WebCommitments
from hounsfield.services.workitem_search import WorkitemSearch
from hounsfield.services.workitem_subscriptions import WorkitemSubscriptions
from hounsfield.services.workitems import Workitems


def worklist_of(opened: Database) -> Worklist:
    """The worklist service's parts."""
    records = WorkitemRecords(opened)
    return Worklist(Workitems(records), WorkitemSearch(records), WorkitemSubscriptions(records, WorkitemEvents(opened)))


def performed_steps_of(opened: Database) -> PerformedSteps:
    """What modalities report over the web."""
    return PerformedSteps(PerformedStepRecords(opened))


def web_commitments_of(opened: Database, packs: PackReader) -> WebCommitments:
    """Storage commitment asked over the web."""
    return WebCommitments(WebCommitmentRecords(opened), CommitmentJudge(Holdings(opened), packs))
