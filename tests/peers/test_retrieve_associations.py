"""C-MOVE over several associations at once: who carries what, refusals, breaks, cancellation; and peers that take one alone."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE, evt
from pynetdicom.association import Association

from dimse_kit.dcmtk import needs_dcmtk, storescp
from dimse_kit.objects import CT_IMAGE_STORAGE, data_set_of, write_ct
from dimse_kit.retrieving import STUDY_MOVE, Response, Retrieving, keys, responses_of, retrieving
from dimse_kit.server import until
from dimse_kit.wire import EXPLICIT, Wire, a_request
from hounsfield.dicom.data_set_writer import NewElement, encode_data_set
from hounsfield.network.dimse import CommandField, Element, request
from hounsfield.network.pdu import ProposedContext
from hounsfield.peers import store_sender
from hounsfield.servers.dimse.retrieve_responses import RetrieveResponses

COUNT = 24
STUDY = keys("STUDY", StudyInstanceUID="1.2.826.0.1.3680043.10.999.2")
PATIENCE_S = 10.0


@pytest.fixture(autouse=True)
def _help_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second association after the first answer; a pending response for every object."""
    monkeypatch.setattr(store_sender, "HELP_AFTER_S", -1.0)
    monkeypatch.setitem(RetrieveResponses.__init__.__kwdefaults__, "pending_every_s", 0.0)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    directory = tmp_path_factory.mktemp("objects")
    return [write_ct(directory / f"{number}.dcm", number) for number in range(COUNT)]


@pytest.fixture
def archive(files: list[Path], tmp_path: Path) -> Iterator[Retrieving]:
    with retrieving(tmp_path / "archive") as running:
        running.store(files)
        yield running


class Destination:
    """pynetdicom, an association a thread. Until two are at work at once, all but the first object wait for that.

    most: associations at work at once. came: data sets by SOP Instance UID, each as often as it came. before: called with each object.
    """

    def __init__(self) -> None:
        self.most = 0
        self.came: list[tuple[str, bytes]] = []
        self.associations: list[Any] = []
        self.before: Callable[[Any, int], None] = lambda _event, _number: None
        self._changed = threading.Condition()
        self._at_work: Counter[Any] = Counter()

    def _keep(self, event: Any) -> int:
        uid, data = str(event.request.AffectedSOPInstanceUID), event.request.DataSet.getvalue()
        with self._changed:
            self._at_work[event.assoc] += 1
            number = len(self.came)
            self.came.append((uid, data))
            self.most = max(self.most, len(+self._at_work))
            self._changed.notify_all()
            if number:
                self._changed.wait_for(lambda: self.most > 1 or self.alone, PATIENCE_S)
            self._at_work[event.assoc] -= 1
        self.before(event, number)
        return 0x0000

    alone = False

    @contextlib.contextmanager
    def listening(self, *, most: int = 10) -> Iterator[int]:
        self.alone = most == 1
        ae = AE("SEVERAL")
        ae.maximum_associations = most
        ae.add_supported_context(CT_IMAGE_STORAGE, ExplicitVRLittleEndian)
        handlers: list[Any] = [(evt.EVT_C_STORE, self._keep), (evt.EVT_CONN_OPEN, lambda event: self.associations.append(event.assoc))]
        server: Any = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
        try:
            yield server.socket.getsockname()[1]
        finally:
            server.shutdown()

    def holds(self, files: list[Path]) -> bool:
        return sorted(data for _, data in self.came) == sorted(map(data_set_of, files))


def associated(archive: Retrieving) -> Association:
    ae = AE("MOVER")
    ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = 20
    ae.add_requested_context(STUDY_MOVE, ExplicitVRLittleEndian)
    association = ae.associate(*archive.address, ae_title="HOUNSFIELD")
    assert association.is_established
    return association


def move(archive: Retrieving, destination: str = "SEVERAL") -> list[Response]:
    association = associated(archive)
    responses = responses_of(association.send_c_move(STUDY, destination, STUDY_MOVE))
    association.release()
    check(responses)
    return responses


def check(responses: list[Response], total: int = COUNT) -> None:
    """In each response the counts make up the whole, and none ever goes back."""
    for response in responses:
        assert sum(response.counts) + (response.remaining or 0) == total or response is responses[-1]
    for earlier, later in pairwise(responses):
        assert all(before <= after for before, after in zip(earlier.counts, later.counts, strict=True))


def know(archive: Retrieving, port: int, associations: int = 2) -> None:
    archive.know("SEVERAL", port)
    archive.destinations["SEVERAL"] = replace(archive.destinations["SEVERAL"], max_associations=associations)


@pytest.mark.parametrize("associations", [2, 3])
def test_as_many_associations_as_the_peer_takes(associations: int, archive: Retrieving, files: list[Path]) -> None:
    destination = Destination()
    with destination.listening() as port:
        know(archive, port, associations)
        responses = move(archive)
    assert (responses[-1].status, responses[-1].counts) == (0x0000, (COUNT, 0, 0))
    assert len(responses) > 10
    assert destination.holds(files)
    assert destination.most >= 2
    assert len(destination.associations) == associations


def test_one_alone_where_no_more_are_allowed(archive: Retrieving, files: list[Path]) -> None:
    destination = Destination()
    destination.alone = True
    with destination.listening(most=1) as port:
        know(archive, port, 1)
        assert move(archive)[-1].counts == (COUNT, 0, 0)
    assert destination.holds(files)
    assert len(destination.associations) == 1


def test_a_peer_that_refuses_the_second_is_not_asked_again(archive: Retrieving, files: list[Path]) -> None:
    destination = Destination()
    with destination.listening(most=1) as port:
        know(archive, port)
        destination.before = lambda _event, number: number == 1 and until(lambda: len(destination.associations) == 2, PATIENCE_S)
        responses = move(archive)
        assert (responses[-1].status, responses[-1].counts) == (0x0000, (COUNT, 0, 0))
        assert destination.holds(files)
        assert until(lambda: not helpers(), PATIENCE_S)
        assert until(lambda: not [one for one in destination.associations if one.is_alive()], PATIENCE_S), "it takes no new one before"
        asked = len(destination.associations)
        assert asked == 2
        assert move(archive)[-1].counts == (COUNT, 0, 0)
        assert len(destination.associations) == asked + 1


def helpers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("store-helper")]


def test_no_thread_is_to_be_had(archive: Retrieving, files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """The first association carries all; the place of the second is not lost with it."""
    start = threading.Thread.start

    def exhausted(thread: threading.Thread) -> None:
        if thread.name.startswith("store-helper"):
            raise RuntimeError("can't start new thread")
        start(thread)

    alone, together = Destination(), Destination()
    with alone.listening(most=1) as port, monkeypatch.context() as scarce:
        scarce.setattr(threading.Thread, "start", exhausted)
        know(archive, port)
        responses = move(archive)
    assert (responses[-1].status, responses[-1].counts) == (0x0000, (COUNT, 0, 0))
    assert alone.holds(files)
    assert len(alone.associations) == 1
    with together.listening() as port:
        know(archive, port)
        assert move(archive)[-1].counts == (COUNT, 0, 0)
    assert together.most == 2


@needs_dcmtk
def test_a_peer_that_takes_one_after_the_other(archive: Retrieving, files: list[Path], tmp_path: Path) -> None:
    """storescp answers the second association when the first is over: nobody waits for it."""
    (tmp_path / "came").mkdir()
    with storescp(tmp_path / "came") as port:
        know(archive, port)
        for _ in range(2):
            responses = move(archive)
            assert (responses[-1].status, responses[-1].counts) == (0x0000, (COUNT, 0, 0))
        assert until(lambda: not helpers(), PATIENCE_S)
    assert sorted(data_set_of(path) for path in (tmp_path / "came").iterdir()) == sorted(map(data_set_of, files))


@pytest.mark.parametrize("broken", ["first", "second", "both"])
def test_an_association_that_breaks(broken: str, archive: Retrieving, files: list[Path]) -> None:
    """What was on its way is tried again, over whichever association there is."""
    destination = Destination()
    aborted: list[Any] = []

    def abort(event: Any, number: int) -> None:
        which = destination.associations.index(event.assoc)
        if number and event.assoc not in aborted and which < 2 and broken in (("first", "second")[which], "both"):
            aborted.append(event.assoc)
            event.assoc.abort()

    destination.before = abort
    with destination.listening() as port:
        know(archive, port)
        responses = move(archive)
    assert len(aborted) == (2 if broken == "both" else 1)
    assert (responses[-1].status, responses[-1].counts) == (0x0000, (COUNT, 0, 0))
    assert sorted({data for _, data in destination.came}) == sorted(map(data_set_of, files))
    assert len(destination.came) == COUNT + len(aborted)


def test_the_last_object_is_lost_when_all_else_is_done(archive: Retrieving, files: list[Path]) -> None:
    """The second association breaks when the first has been released: a third one carries what it leaves."""
    destination = Destination()
    aborted: list[Any] = []

    def abort(event: Any, _number: int) -> None:
        if not aborted and destination.associations.index(event.assoc) == 1:
            aborted.append(event.assoc)
            assert until(lambda: not destination.associations[0].is_established, PATIENCE_S)
            event.assoc.abort()

    destination.before = abort
    with destination.listening() as port:
        know(archive, port)
        responses = move(archive)
    assert (responses[-1].status, responses[-1].counts) == (0x0000, (COUNT, 0, 0))
    assert len(destination.associations) == 3
    assert sorted({data for _, data in destination.came}) == sorted(map(data_set_of, files))


def test_damage_is_counted_once(archive: Retrieving, files: list[Path]) -> None:
    damaged = [f"1.2.826.0.1.3680043.10.999.1.{number}" for number in (3, 4, 11)]
    for uid in damaged:
        archive.damage(uid)
    destination = Destination()
    with destination.listening() as port:
        know(archive, port)
        responses = move(archive)
    assert (responses[-1].status, responses[-1].counts) == (0xB000, (COUNT - 3, 3, 0))
    assert sorted(responses[-1].failed_uids) == sorted(damaged)
    assert len(destination.came) == COUNT - 3


class Mover(Wire):
    """A requestor whose every byte is with the other side when its method returns."""

    def move(self) -> None:
        """C-MOVE-RQ to SEVERAL, message 1."""
        self.associate(a_request([ProposedContext(1, STUDY_MOVE, (EXPLICIT,))], calling="MOVER"))
        self.command(1, request(CommandField.C_MOVE_RQ, 1, STUDY_MOVE, has_data_set=True, priority=0, move_destination="SEVERAL"))
        identifier = [NewElement(0x00080052, "CS", "STUDY"), NewElement(0x0020000D, "UI", str(STUDY.StudyInstanceUID))]
        self.data(1, encode_data_set(identifier, implicit_vr=False))

    def cancel(self) -> None:
        """C-CANCEL-RQ of message 1."""
        self.command(1, request(CommandField.C_CANCEL_RQ, 0, "", has_data_set=False, message_id_responded_to=1))

    def responses(self, heard: Callable[[], object]) -> list[Response]:
        """Up to the final one. heard: called with each."""
        found: list[Response] = []
        while not found or found[-1].status == 0xFF00:
            answer = self.message().command
            done = (Element.COMPLETED_SUBOPERATIONS, Element.FAILED_SUBOPERATIONS, Element.WARNING_SUBOPERATIONS)
            found.append(
                Response(answer.status, answer.number(Element.REMAINING_SUBOPERATIONS), *(answer.number(one) or 0 for one in done))
            )
            heard()
        return found


def test_a_move_that_is_cancelled(archive: Retrieving) -> None:
    destination = Destination()
    cancelled, heard = threading.Event(), threading.Event()
    with destination.listening() as port, Mover(archive.address) as mover:
        know(archive, port)

        def cancel(event: Any, number: int) -> None:
            """What comes later waits until the archive has had an answer, and with it the cancellation."""
            if cancelled.is_set():
                assert heard.wait(PATIENCE_S)
            elif number > 5 and destination.associations.index(event.assoc) == 0:
                mover.cancel()
                cancelled.set()

        destination.before = cancel
        mover.move()
        responses = mover.responses(lambda: cancelled.is_set() and heard.set())
        assert until(lambda: not helpers(), PATIENCE_S)
    last = responses[-1]
    check(responses)
    assert last.status == 0xFE00
    assert last.counts == (len(destination.came), 0, 0)
    assert last.remaining == COUNT - len(destination.came)


def test_a_requestor_that_goes_away(archive: Retrieving) -> None:
    """Neither an association nor a thread is left behind."""
    destination = Destination()
    gone = threading.Event()
    with destination.listening() as port, Mover(archive.address) as mover:
        know(archive, port)

        def vanish(event: Any, number: int) -> None:
            if number == 4:
                mover.socket.shutdown(socket.SHUT_RDWR)
                gone.set()
            elif destination.associations.index(event.assoc) == 1 and number > 4:
                assert until(lambda: not destination.associations[0].is_established, PATIENCE_S), "the first is not let go"

        destination.before = vanish
        mover.move()
        assert gone.wait(PATIENCE_S)
        assert until(lambda: not helpers(), PATIENCE_S)
        assert until(lambda: not [one for one in destination.associations if one.is_established], PATIENCE_S)
    assert len(destination.came) < COUNT
