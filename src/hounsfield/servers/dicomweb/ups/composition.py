"""The worklist service put together."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass

from hounsfield.servers.dicomweb.routing import Route
from hounsfield.servers.dicomweb.ups.notifications import Notifications
from hounsfield.servers.dicomweb.ups.search import WorklistSearch
from hounsfield.servers.dicomweb.ups.subscriptions import SubscriptionHandlers
from hounsfield.servers.dicomweb.ups.workitems import WorkitemHandlers
from hounsfield.servers.dicomweb.work import Work
from hounsfield.services.guard import AccessCheck
from hounsfield.services.workitem_search import WorkitemSearch
from hounsfield.services.workitem_subscriptions import WorkitemSubscriptions
from hounsfield.services.workitems import Workitems


@dataclass(frozen=True, slots=True)
class Worklist:
    """What the service works with."""

    workitems: Workitems
    search: WorkitemSearch
    subscriptions: WorkitemSubscriptions


def worklist_routes(worklist: Worklist, work: Work) -> list[Route]:
    """The resources of PS3.18 table 11.1.1-1."""
    one = WorkitemHandlers(worklist.workitems, work)
    search = WorklistSearch(worklist.search, work)
    subscriptions = SubscriptionHandlers(worklist.subscriptions, work)
    workitem = "workitems/{workitem}"
    subscriber = f"{workitem}/subscribers/{{aetitle}}"
    return [
        Route("POST", "workitems", one.create),
        Route("GET", "workitems", search.find),
        Route("GET", workitem, one.retrieve),
        Route("POST", workitem, one.update),
        Route("PUT", f"{workitem}/state", one.change_state),
        Route("POST", f"{workitem}/cancelrequest", one.request_cancellation),
        Route("POST", f"{workitem}/cancelrequest/{{requester}}", one.request_cancellation),
        Route("POST", subscriber, subscriptions.subscribe),
        Route("DELETE", subscriber, subscriptions.unsubscribe),
        Route("POST", f"{subscriber}/suspend", subscriptions.suspend),
        Route("GET", "subscribers/{aetitle}", subscriptions.upgrade),
    ]


def notifications(worklist: Worklist, guard: AccessCheck, executor: Executor, root: str) -> Notifications:
    """The application for WebSockets."""
    return Notifications(worklist.subscriptions, guard, executor, root)
