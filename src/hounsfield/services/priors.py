"""When a study is scheduled, the earlier ones go to where they will be read: the entry for orders, for people and for programs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from hounsfield.jobs.port import Jobs
from hounsfield.model.errors import InvalidInput
from hounsfield.model.identifiers import AETitle
from hounsfield.model.jobs import Job
from hounsfield.model.origin import Origin, Role
from hounsfield.model.peers import Peer
from hounsfield.model.priors import ScheduledStudy
from hounsfield.services.accounts import require
from hounsfield.services.prior_jobs import scheduled_jobs


class Priors:
    """destination, reachable: the peer of an AE title, where it may be sent to, where it can be called; they raise PeerUnknown."""

    def __init__(
        self,
        jobs: Jobs,
        destination: Callable[[str], Peer],
        reachable: Callable[[str], Peer],
        own_ae_title: str,
        today: Callable[[], date] = date.today,
    ) -> None:
        self._jobs = jobs
        self._destination = destination
        self._reachable = reachable
        self._own_ae_title = own_ae_title
        self._today = today

    def scheduled(self, origin: Origin, study: ScheduledStudy) -> list[Job]:
        """Durable when this returns: the jobs that fetch the priors, old or new. Without an occasion, once a day.

        Raises: AccessDenied, InvalidInput, PeerUnknown, IndexUnavailable.
        """
        require(origin.principal, Role.ADMINISTRATOR)
        study.check()
        named = replace(
            study,
            occasion=study.occasion or self._today().isoformat(),
            destinations=self._titles(study.destinations, self._destination),
            sources=self._titles(study.sources, self._reachable),
        )
        jobs = scheduled_jobs(origin.principal.partition_id, named)
        self._jobs.enqueue(jobs)
        return self._jobs.named([job.unique_key for job in jobs])

    def _titles(self, titles: tuple[str, ...], peer: Callable[[str], Peer]) -> tuple[str, ...]:
        parsed = tuple(dict.fromkeys(str(AETitle.parse(title)) for title in titles))
        for title in parsed:
            if title == self._own_ae_title:
                raise InvalidInput(f"{title} is this archive itself")
            peer(title)
        return parsed
