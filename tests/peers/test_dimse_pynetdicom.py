"""pynetdicom against our server, and our client against pynetdicom: what DCMTK does not offer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pynetdicom import AE, StoragePresentationContexts, build_context, evt
from pynetdicom.pdu_primitives import (
    AsynchronousOperationsWindowNegotiation,
    SCP_SCU_RoleSelectionNegotiation,
    SOPClassCommonExtendedNegotiation,
    SOPClassExtendedNegotiation,
    UserIdentityNegotiation,
)
from pynetdicom.sop_class import CTImageStorage, StudyRootQueryRetrieveInformationModelFind, Verification  # type: ignore[attr-defined]

from dimse_kit.objects import data_set_of, write_ct
from dimse_kit.server import MemoryStore, running_server, until
from hounsfield.network.errors import AssociationLost, NetworkError
from hounsfield.network.limits import AssociationLimits
from hounsfield.peers.dimse import DimsePeer, echo, send


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    directory = tmp_path_factory.mktemp("objects")
    return [write_ct(directory / f"{number}.dcm", number, pixel_bytes=size) for number, size in enumerate((2, 20_000, 300_000))]


def _scu(max_pdu: int = 16382) -> AE:
    entity = AE("PYNETDICOM")
    entity.maximum_pdu_size = max_pdu
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = 10
    return entity


def test_echo_and_release() -> None:
    entity = _scu()
    entity.add_requested_context(Verification)
    with running_server() as server:
        association = entity.associate(*server.address, ae_title="HOUNSFIELD")
        assert association.is_established
        assert association.acceptor.implementation_version_name.startswith("HOUNSFIELD")
        assert association.send_c_echo().Status == 0
        association.release()
        assert association.is_released
        assert until(lambda: len(server.registry) == 0)


@pytest.mark.parametrize("max_pdu", [16382, 0], ids=["its default", "unlimited"])
def test_objects_arrive_as_they_are_in_the_file(files: list[Path], max_pdu: int) -> None:
    entity = _scu(max_pdu)
    entity.add_requested_context(CTImageStorage, "1.2.840.10008.1.2.1")
    store = MemoryStore()
    with running_server(store) as server:
        association = entity.associate(*server.address, ae_title="HOUNSFIELD")
        assert [association.send_c_store(dcmread(path)).Status for path in files] == [0, 0, 0]
        association.release()
    assert [kept.data_set for kept in store.kept] == [data_set_of(path) for path in files]


def test_a_full_offer_of_storage_contexts() -> None:
    entity = _scu()
    entity.requested_contexts = StoragePresentationContexts
    with running_server() as server:
        association = entity.associate(*server.address, ae_title="HOUNSFIELD")
        assert len(association.accepted_contexts) == len(StoragePresentationContexts) > 100
        association.abort()
        assert until(lambda: len(server.registry) == 0)


def test_every_kind_of_user_information_is_understood_or_ignored() -> None:
    entity = _scu()
    entity.add_requested_context(Verification)
    entity.add_requested_context(CTImageStorage)
    window = AsynchronousOperationsWindowNegotiation()
    window.maximum_number_operations_invoked = window.maximum_number_operations_performed = 5
    role = SCP_SCU_RoleSelectionNegotiation()
    role.sop_class_uid, role.scu_role, role.scp_role = CTImageStorage, True, True
    extended = SOPClassExtendedNegotiation()
    extended.sop_class_uid, extended.service_class_application_information = CTImageStorage, b"\2\0\3\0\0\0"
    common = SOPClassCommonExtendedNegotiation()
    common.sop_class_uid, common.service_class_uid = CTImageStorage, "1.2.840.10008.4.2"
    identity = UserIdentityNegotiation()
    identity.user_identity_type, identity.primary_field, identity.secondary_field = 2, b"name", b"secret"
    with running_server() as server:
        association = entity.associate(*server.address, ae_title="HOUNSFIELD", ext_neg=[window, role, extended, common, identity])
        assert association.is_established
        assert association.send_c_echo().Status == 0
        association.release()


def test_an_abstract_syntax_of_another_service_is_result_3() -> None:
    entity = _scu()
    entity.requested_contexts = [build_context(Verification), build_context(StudyRootQueryRetrieveInformationModelFind)]
    with running_server() as server:
        association = entity.associate(*server.address, ae_title="HOUNSFIELD")
        assert [context.result for context in association.rejected_contexts] == [3]
        association.release()


@pytest.mark.parametrize(("called", "limits", "told"), [("ELSEWHERE", 10, (1, 1, 7)), ("HOUNSFIELD", 0, (2, 3, 2))])
def test_rejections_are_read_as_meant(called: str, limits: int, told: tuple[int, int, int]) -> None:
    entity = _scu()
    entity.add_requested_context(Verification)
    with running_server(limits=AssociationLimits(max_associations=limits)) as server:
        association = entity.associate(*server.address, ae_title=called)
    assert association.is_rejected
    answer = association.acceptor.primitive
    assert (answer.result, answer.result_source, answer.diagnostic) == told


class Provider:
    """pynetdicom as storage provider; `status` is what it answers, `kept` the data sets it got."""

    def __init__(self) -> None:
        self.status: int | Dataset = 0
        self.kept: list[bytes] = []
        self.abort = False
        self.port = 0

    def on_store(self, event: evt.Event) -> int | Dataset:
        if self.abort:
            event.assoc.abort()
        self.kept.append(event.request.DataSet.getvalue())
        return self.status


@pytest.fixture
def provider() -> Iterator[Provider]:
    provider = Provider()
    entity = AE("PROVIDER")
    entity.maximum_pdu_size = 5000
    entity.add_supported_context(Verification)
    entity.add_supported_context(CTImageStorage, "1.2.840.10008.1.2.1")
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, provider.on_store)])
    provider.port = server.socket.getsockname()[1]
    yield provider
    server.shutdown()


def test_we_send_byte_for_byte_in_short_pdus(provider: Provider, files: list[Path]) -> None:
    peer = DimsePeer("PROVIDER", "127.0.0.1", provider.port)
    assert echo(peer) == 0
    assert [answer.status for answer in send(peer, files)] == [0, 0, 0]
    assert provider.kept == [data_set_of(path) for path in files]


def test_a_warning_is_ok_and_a_failure_is_not(provider: Provider, files: list[Path]) -> None:
    peer = DimsePeer("PROVIDER", "127.0.0.1", provider.port)
    provider.status = 0xB000
    assert [(answer.ok, answer.status) for answer in send(peer, files[:1])] == [(True, 0xB000)]
    refusal = Dataset()
    refusal.Status = 0xA700
    refusal.ErrorComment = "no room"
    provider.status = refusal
    assert list(send(peer, files[:1])) == [(files[0], 0xA700, "no room")]


def test_an_abort_instead_of_an_answer_is_an_error_of_ours(provider: Provider, files: list[Path]) -> None:
    provider.abort = True
    with pytest.raises(AssociationLost):
        list(send(DimsePeer("PROVIDER", "127.0.0.1", provider.port), files))


def test_silence_instead_of_an_answer_is_an_error_of_ours(files: list[Path]) -> None:
    release = threading.Event()

    def wait(_: evt.Event) -> int:
        release.wait(20)
        return 0

    entity = AE("SLOW")
    entity.add_supported_context(CTImageStorage, "1.2.840.10008.1.2.1")
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, wait)])
    try:
        peer = DimsePeer("SLOW", *server.socket.getsockname())
        with pytest.raises(NetworkError, match="silent"):
            list(send(peer, files, AssociationLimits(idle_timeout_s=0.2, artim_s=0.2)))
    finally:
        release.set()
        server.shutdown()
