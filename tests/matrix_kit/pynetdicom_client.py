"""pynetdicom as a client."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import Dataset
from pynetdicom import AE, build_role, evt
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    CTImageStorage,
    MRImageStorage,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)

from matrix_kit.client import Address


class Pynetdicom:
    """One association an operation."""

    def echo(self, at: Address) -> None:
        with _associated(at, Verification) as association:
            assert association.send_c_echo().Status == 0x0000

    def store(self, at: Address, files: Sequence[Path]) -> None:
        data_sets = [pydicom.dcmread(path) for path in files]
        kinds = {(one.SOPClassUID, one.file_meta.TransferSyntaxUID) for one in data_sets}
        with _associated(at, *kinds) as association:
            assert [association.send_c_store(one).Status for one in data_sets] == [0] * len(files)

    def find(self, at: Address, patient_id: str) -> set[str]:
        wanted = Dataset()
        wanted.QueryRetrieveLevel, wanted.PatientID, wanted.StudyInstanceUID = "STUDY", patient_id, ""
        with _associated(at, StudyRootQueryRetrieveInformationModelFind) as association:
            answers = list(association.send_c_find(wanted, StudyRootQueryRetrieveInformationModelFind))
        assert [status.Status for status, _ in answers[:-1]] == [0xFF00] * (len(answers) - 1)
        assert answers[-1][0].Status == 0x0000
        return {str(found.StudyInstanceUID) for _, found in answers[:-1]}

    def get(self, at: Address, study_instance_uid: str, folder: Path) -> set[str]:
        came: set[str] = set()

        def keep(event: Any) -> int:
            came.add(str(event.dataset.SOPInstanceUID))
            return 0x0000

        roles = [build_role(uid, scp_role=True) for uid in (CTImageStorage, MRImageStorage)]
        kinds = (StudyRootQueryRetrieveInformationModelGet, CTImageStorage, MRImageStorage)
        with _associated(at, *kinds, roles=roles, handlers=[(evt.EVT_C_STORE, keep)]) as association:
            answers = list(association.send_c_get(_study(study_instance_uid), StudyRootQueryRetrieveInformationModelGet))
        assert answers[-1][0].Status == 0x0000, answers[-1][0]
        return came

    def move(self, at: Address, study_instance_uid: str, destination: str) -> None:
        with _associated(at, StudyRootQueryRetrieveInformationModelMove) as association:
            answers = list(association.send_c_move(_study(study_instance_uid), destination, StudyRootQueryRetrieveInformationModelMove))
        assert answers[-1][0].Status == 0x0000, answers[-1][0]


def _study(study_instance_uid: str) -> Dataset:
    wanted = Dataset()
    wanted.QueryRetrieveLevel, wanted.StudyInstanceUID = "STUDY", study_instance_uid
    return wanted


@contextlib.contextmanager
def _associated(at: Address, *kinds: Any, roles: Sequence[Any] = (), handlers: Sequence[Any] = ()) -> Iterator[Any]:
    ae = AE(ae_title="PYNETDICOM")
    for kind in kinds:
        ae.add_requested_context(*kind) if isinstance(kind, tuple) else ae.add_requested_context(kind)
    association = ae.associate("127.0.0.1", at.port, ae_title=at.ae_title, ext_neg=list(roles), evt_handlers=list(handlers))
    assert association.is_established
    try:
        yield association
    finally:
        association.release()
