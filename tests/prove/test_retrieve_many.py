"""A move of 10,000 objects that is cancelled midway: counts right, nothing left behind."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE

from dimse_kit.objects import write_ct
from dimse_kit.retrieving import STUDY_MOVE, keys, responses_of, retrieving
from dimse_kit.server import MemoryStore, running_server, until

STUDY = "1.2.826.0.1.3680043.10.999.2"
COUNT = 10_000


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.mark.prove
def test_a_move_of_ten_thousand_is_cancelled_and_then_done(tmp_path: Path) -> None:
    files = [write_ct(tmp_path / f"{number}.dcm", number, pixel_bytes=100) for number in range(COUNT)]
    store = MemoryStore()
    with retrieving(tmp_path / "archive") as archive, running_server(store) as destination:
        archive.store(files)
        archive.know("HOUNSFIELD", destination.address[1])
        ae = AE("MOVER")
        ae.add_requested_context(STUDY_MOVE, ExplicitVRLittleEndian)
        association = ae.associate(*archive.address, ae_title="HOUNSFIELD")
        identifier = keys("STUDY", StudyInstanceUID=STUDY)
        first = keys("IMAGE", SOPInstanceUID="1.2.826.0.1.3680043.10.999.1.1")
        responses_of(association.send_c_move(first, "HOUNSFIELD", STUDY_MOVE))  # the pack and the database stay open from here on
        assert until(lambda: len(destination.registry) == 0)
        store.kept.clear()
        descriptors, threads = open_files(), threading.active_count()

        def cancel_midway() -> None:
            store.wait_for(lambda: len(store.kept) >= COUNT // 4, 120)
            association.send_c_cancel(1, query_model=STUDY_MOVE)

        canceller = threading.Thread(target=cancel_midway)
        canceller.start()
        found = responses_of(association.send_c_move(identifier, "HOUNSFIELD", STUDY_MOVE, msg_id=1))
        canceller.join()
        assert found[-1].status == 0xFE00
        assert COUNT // 4 <= found[-1].completed == len(store.kept) < COUNT
        for one in found:
            assert one.remaining == COUNT - one.completed - one.failed - one.warning
        assert until(lambda: len(destination.registry) == 0)
        assert until(lambda: open_files() <= descriptors)
        assert until(lambda: threading.active_count() <= threads)
        store.kept.clear()
        (*pending, last) = responses_of(association.send_c_move(identifier, "HOUNSFIELD", STUDY_MOVE, msg_id=2))
        association.release()
    assert (last.status, last.completed) == (0x0000, COUNT)
    assert {one.status for one in pending} <= {0xFF00}
    assert len({kept.envelope.sop_instance_uid for kept in store.kept}) == len(store.kept) == COUNT
