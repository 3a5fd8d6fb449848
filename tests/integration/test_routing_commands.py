"""`hounsfield route` and `hounsfield queue`, on a data directory without a server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hounsfield.app import bootstrap
from hounsfield.model.jobs import JobState, NewJob
from services.command_line import Ran, hounsfield
from services.databases import settings_of
from webapi_kit.server import small_object, store


class Commands:
    """On one data directory."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir

    def __call__(self, *words: str) -> Ran:
        """One command."""
        return hounsfield(*words, "--data-dir", self.data_dir)

    def enqueue(self, *jobs: NewJob) -> None:
        """As the router would."""
        with bootstrap.database(settings_of(self.data_dir)) as opened:
            bootstrap.jobs_of(opened).enqueue(jobs)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Commands]:
    """With one study and one peer."""
    commands = Commands(tmp_path / "data")
    store(settings_of(commands.data_dir), small_object("1.2.1", "1.2.1.1", "1.2.1.1.1", StudyDescription="Chest"))
    assert commands("peer", "add", "DEST", "127.0.0.1:104").code == 0
    yield commands


def test_rules_on_the_command_line(run: Commands) -> None:
    added = run(
        "route", "add", "a", "--to", "DEST", "--match", "Modality=OT", "--match", "Modality=CT", "--when", "mon-sun", "--priority", "low"
    )
    assert (added.code, added.err) == (0, "")
    assert run("route", "add", "b", "--prefetch-from", "DEST", "--from", "CT*", "--priors", "2").code == 0
    assert run("route", "add", "c", "--to", "DEST", "--commit", "--match", "Modality=MR").code == 0
    assert run("route", "list", "--json").json[2]["commit"] is True
    assert "keep it" in run("route", "list").out
    assert run("route", "remove", "c").code == 0
    rules = run("route", "list", "--json").json
    assert [(rule["name"], rule["kind"], rule["priors"], rule["callers"], rule["priority"]) for rule in rules] == [
        ("a", "send", 3, [], "low"),
        ("b", "prefetch", 2, ["CT*"], "medium"),
    ]
    assert rules[0]["conditions"] == [{"keyword": "Modality", "patterns": ["OT", "CT"]}]
    words = run("route", "list").out
    assert "sends to DEST" in words
    assert "brings 2 priors" in words

    tried = run("route", "test", "1.2.1", "--json").json
    assert [(one["rule"], one["destinations"], one["why_not"], one["instances"]) for one in tried] == [
        ("a", ["DEST"], "", 1),
        ("b", [], "not from CT*", 1),
    ]
    assert "not from CT*" in run("route", "test", "1.2.1").out
    assert run("route", "remove", "a").code == 0
    assert [rule["name"] for rule in run("route", "list", "--json").json] == ["b"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("add", "a"), 2),
        (("add", "a", "--to", "DEST", "--prefetch-from", "DEST"), 2),
        (("add", "a", "--to", "NOBODY"), 1),
        (("add", "a", "--to", "HOUNSFIELD"), 2),
        (("add", "a", "--to", "DEST", "--match", "Modality"), 2),
        (("add", "a", "--to", "DEST", "--match", "Colour=red"), 2),
        (("add", "a", "--to", "DEST", "--when", "at night"), 2),
        (("add", "a", "--prefetch-from", "DEST", "--priors", "0"), 2),
        (("add", "a", "--prefetch-from", "DEST", "--commit"), 2),
        (("remove", "a"), 1),
        (("test", "1.2.9"), 1),
        (("test", "one"), 2),
    ],
)
def test_what_makes_no_rule(run: Commands, words: tuple[str, ...], code: int) -> None:
    ran = run("route", *words)
    assert (ran.code, "Traceback" in ran.err) == (code, False), ran.err
    assert run("route", "list", "--json").json == []


def test_the_queue_on_the_command_line(run: Commands) -> None:
    say = {"rule": "a", "study": "1.2.1", "instance": "1.2.1.1.1"}
    run.enqueue(
        *(NewJob("send/DEST", f"k{number}", "g", say) for number in range(3)), NewJob("prefetch/DEST", "p", "g", {"study": "1.2.1"})
    )
    listed = run("queue", "list", "--json").json
    assert [(one["queue"], one["waiting"]) for one in listed["queues"]] == [("prefetch/DEST", 1), ("send/DEST", 3)]
    assert len(listed["jobs"]) == 4
    run.enqueue(NewJob("commit/DEST", "c", "g", say))
    assert [one["queue"] for one in run("queue", "list", "--kept-by", "DEST", "--json").json["jobs"]] == ["commit/DEST"]
    with bootstrap.database(settings_of(run.data_dir)) as opened:
        jobs = bootstrap.jobs_of(opened)
        jobs.park(jobs.claim("commit/DEST", "me", most=1, parallel=1, lease_s=60), "me", "2.25.4711", 3600)
    assert run("queue", "list", "--kept-by", "DEST", "--json").json["jobs"][0]["transaction"] == "2.25.4711"
    assert "2.25.4711 is awaited" in " ".join(run("queue", "list", "--kept-by", "DEST").out.split())
    assert run("queue", "cancel", "--kept-by", "DEST").out == "1\n"
    assert run("queue", "retry", "--queue", "send/DEST").out == "3\n"
    assert [one["queue"] for one in run("queue", "list", "--from", "DEST", "--json").json["jobs"]] == ["prefetch/DEST"]
    first = str(run("queue", "list", "--to", "DEST", "--json").json["jobs"][-1]["id"])
    assert run("queue", "cancel", first).out == "1\n"
    assert run("queue", "show", first, "--json").json["state"] == JobState.CANCELLED
    assert "cancelled by hand" in run("queue", "show", first).out
    assert run("queue", "cancel", "--to", "DEST").out == "2\n"
    assert run("queue", "list", "--state", "waiting", "--json").json["jobs"][0]["queue"] == "prefetch/DEST"
    assert run("queue", "retry", first).out == "1\n"
    assert run("queue", "retry", "--from", "DEST").out == "1\n"
    assert "send/DEST" in run("queue", "list").out


def test_priors_of_a_scheduled_study(run: Commands) -> None:
    words = ("route", "prefetch", "--patient-id", "P-SECRET", "--to", "DEST", "--from", "DEST", "--modality", "CT", "--occasion", "A1")
    asked = run(*words)
    assert [line.split()[2:] for line in asked.out.splitlines()] == [["priors/DEST", "waiting"], ["prefetch/DEST", "waiting"]]
    assert [job["id"] for job in run(*words, "--json").json] == [int(line.split()[1]) for line in asked.out.splitlines()]
    assert "SECRET" not in run("queue", "list", "--json").out + run(*words, "--json").out
    assert run("route", "prefetch", "--patient-id", "P", "--to", "NOBODY").code == 1
    assert run("route", "prefetch", "--patient-id", "P").code == 2
    assert run("route", "prefetch", "--patient-id", "P*", "--to", "DEST").code == 2


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("show", "99"), 1),
        (("cancel", "99"), 1),
        (("retry", "99"), 1),
        (("retry",), 2),
        (("retry", "--to", "NOBODY"), 1),
        (("cancel", "1", "--to", "DEST"), 2),
        (("cancel", "--from", "DEST", "--to", "DEST"), 2),
        (("cancel", "--kept-by", "DEST", "--to", "DEST"), 2),
        (("cancel", "--queue", "send/DEST", "--to", "DEST"), 2),
        (("cancel", "--queue", "send/NOBODY"), 1),
        (("list", "--state", "lost"), 2),
        (("list", "--limit", "0"), 2),
    ],
)
def test_what_cannot_be_done_with_the_queue(run: Commands, words: tuple[str, ...], code: int) -> None:
    ran = run("queue", *words)
    assert (ran.code, "Traceback" in ran.err) == (code, False), ran.err
