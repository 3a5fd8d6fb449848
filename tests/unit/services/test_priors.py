"""What follows when a study is scheduled: which of the patient's studies go where, once for each visit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import pytest

from hounsfield.index.database import Database
from hounsfield.index.reader import IndexReader
from hounsfield.index.writer import IndexWriter
from hounsfield.jobs.embedded import EmbeddedJobs
from hounsfield.model.errors import AccessDenied, InvalidInput, PeerUnknown
from hounsfield.model.jobs import JobState
from hounsfield.model.origin import SYSTEM, Origin, Principal, Protocol, Role
from hounsfield.model.peers import Peer
from hounsfield.model.priors import Relevance, ScheduledStudy
from hounsfield.services.prior_jobs import jobs_behind
from hounsfield.services.priors import Priors
from hounsfield.services.send_priors import SendPriors
from index_kit.entries import Maker

ORIGIN = Origin(Protocol.SYSTEM, SYSTEM)
SCHEDULED = ScheduledStudy("P1", destinations=("WS",))
D, C, W = JobState.DONE, JobState.CANCELLED, JobState.WAITING


@dataclass
class Site:
    """Studies of patient P1 in years that their UIDs end with; 1.2.2003 is in two series, 1.3.2009 is another's."""

    jobs: EmbeddedJobs
    reader: IndexReader
    today: date = date(2026, 11, 22)
    known: set[str] = field(default_factory=lambda: {"WS", "OLD", "OTHER"})

    def scheduled(self, study: ScheduledStudy = SCHEDULED, origin: Origin = ORIGIN) -> list[str]:
        """The queues of what follows."""

        def peer(ae_title: str) -> Peer:
            if ae_title not in self.known:
                raise PeerUnknown(ae_title)
            return Peer(ae_title)

        found = Priors(self.jobs, peer, peer, "HOUNSFIELD", lambda: self.today).scheduled(origin, study)
        return [job.queue for job in found]

    def run(self, *, stopping: bool = False, ae_title: str = "WS") -> list[str]:
        """What is to be sent to a peer by then: instances in order."""
        batch = self.jobs.claim(f"priors/{ae_title}", "me", most=10, parallel=1, lease_s=60)
        SendPriors(self.jobs, self.reader, lambda: stopping)(ae_title, batch, "me")
        return [job.payload["instance"] for job in reversed(self.jobs.find(queue=f"send/{ae_title}"))]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """On SQLite."""
    database = Database(tmp_path / "index.sqlite")
    database.upgrade()
    maker = Maker()
    with IndexWriter(database) as writer:
        for year, modality, part in ((2001, "CT", "CHEST"), (2002, "MR", "HEAD"), (2003, "CT", "KNEE"), (2004, "CT", "")):
            writer.add(maker.entry(f"1.2.{year}", patient_id="P1", study_date=f"{year}0101", modality=modality, body_part=part))
        writer.add(maker.entry("1.2.2003", "1.2.2003.2", patient_id="P1", study_date="20030101", modality="SR", body_part="CHEST"))
        writer.add(maker.entry("1.3.2009", patient_id="P1", issuer="ELSEWHERE", study_date="20090101"))
        writer.add(maker.entry("1.4.1", patient_id="P11", study_date="20090101"))
    yield Site(EmbeddedJobs(database), IndexReader(database))
    database.close()


@pytest.mark.parametrize(
    ("issuer", "relevance", "years"),
    [
        ("HERE", Relevance(), ["2004", "2003", "2003", "2002"]),
        ("", Relevance(most=1), ["1.3.2009"]),
        ("ELSEWHERE", Relevance(most=2), ["1.3.2009", "2004"]),
        ("HERE", Relevance(("MR", "SR")), ["2003", "2003", "2002"]),
        ("HERE", Relevance(body_part="*chest*"), ["2004", "2003", "2003", "2001"]),
        ("HERE", Relevance(("CT",), "HEAD"), ["2004"]),
        ("HERE", Relevance(("US",)), []),
    ],
)
def test_the_latest_that_matter_go_to_the_workstation(site: Site, issuer: str, relevance: Relevance, years: list[str]) -> None:
    assert site.scheduled(replace(SCHEDULED, issuer=issuer, relevance=relevance)) == ["priors/WS"]
    sent = site.run()
    assert len(sent) == len(years)
    assert all(uid.startswith((f"1.2.{year}.", f"{year}.")) for uid, year in zip(sent, years, strict=True)), sent
    assert site.jobs.find(queue="priors/WS")[0].state is D


def test_what_was_asked_for_one_occasion_is_done_once(site: Site) -> None:
    site.scheduled()
    first = site.run()
    assert site.scheduled() == ["priors/WS"], "that of before"
    assert site.jobs.claimable() == ["send/WS"]
    site.scheduled(replace(SCHEDULED, occasion="A1"))
    assert site.run() == first, "the objects themselves are on their way already"
    site.today = date(2026, 11, 23)
    site.scheduled()
    assert [job.state for job in site.jobs.find(queue="priors/WS")] == [W, D, D]


def test_a_source_is_asked_and_what_it_sent_goes_on(site: Site) -> None:
    study = replace(SCHEDULED, sources=("OLD",), destinations=("WS", "OTHER"))
    assert site.scheduled(study) == ["priors/WS", "priors/OTHER", "prefetch/OLD"]
    brought = site.jobs.find(queue="prefetch/OLD")[0]
    behind = jobs_behind("OLD", brought)
    assert [job.queue for job in behind] == ["priors/WS", "priors/OTHER"]
    assert not {job.unique_key for job in behind} & {job.unique_key for job in site.jobs.find()}
    site.jobs.cancel(queue="priors/WS")
    site.jobs.enqueue(behind)
    assert len(site.run()) == 4


def test_what_somebody_cancelled_is_not_sent_on_the_same_occasion_but_on_the_next(site: Site) -> None:
    site.scheduled()
    batch = site.jobs.claim("priors/WS", "me", most=10, parallel=1, lease_s=60)
    SendPriors(site.jobs, site.reader)("WS", batch, "killed before it had noted that it was done")
    assert site.jobs.cancel(queue="send/WS") == 4
    site.jobs.release_all("me")
    site.run()
    assert site.jobs.claimable() == []
    site.scheduled(replace(SCHEDULED, occasion="A1"))
    site.run()
    assert [job.state for job in site.jobs.find(queue="send/WS")] == [W] * 4


def test_nobody_gets_back_what_came_from_it(site: Site) -> None:
    site.known.add("MODALITY")
    site.scheduled(replace(SCHEDULED, destinations=("MODALITY",)))
    assert site.run(ae_title="MODALITY") == []


def test_neither_keys_nor_what_is_shown_say_whose_studies(site: Site) -> None:
    site.scheduled(ScheduledStudy("SECRET-77", "SECRET-H", "A1", ("WS",), ("OLD",)))
    for job in site.jobs.find():
        shown = f"{job.queue} {job.unique_key} {job.group} {dict(job.shown)}"
        assert "SECRET" not in shown
        assert (job.payload["patient"], job.payload["issuer"]) == ("SECRET-77", "SECRET-H")


def test_when_told_to_stop_the_rest_is_given_back(site: Site) -> None:
    site.scheduled()
    assert site.run(stopping=True) == []
    assert site.jobs.find(queue="priors/WS")[0].state is W


@pytest.mark.parametrize(
    ("study", "error"),
    [
        (replace(SCHEDULED, destinations=("NOBODY",)), PeerUnknown),
        (replace(SCHEDULED, sources=("NOBODY",)), PeerUnknown),
        (replace(SCHEDULED, destinations=("HOUNSFIELD",)), InvalidInput),
        (replace(SCHEDULED, sources=("HOUNSFIELD",)), InvalidInput),
        (replace(SCHEDULED, patient_id="*"), InvalidInput),
        (replace(SCHEDULED, destinations=("A" * 17,)), InvalidInput),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_done(site: Site, study: ScheduledStudy, error: type[Exception]) -> None:
    with pytest.raises(error):
        site.scheduled(study)
    assert site.jobs.find() == []


def test_only_administrators_may(site: Site) -> None:
    with pytest.raises(AccessDenied):
        site.scheduled(origin=Origin(Protocol.WEBAPI, Principal("edgar", Role.EDITOR)))
