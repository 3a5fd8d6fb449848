"""dicomweb-client, the Python client that most scripts use, against a whole server: what goes in comes out, by every resource it knows."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from io import BytesIO
from urllib.parse import urljoin

import numpy as np
import pydicom
import pytest
from dicomweb_client.api import DICOMwebClient
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, RLELossless
from requests import HTTPError

from dicomweb_kit.objects import as_file, ct, pixels
from services.server import Server, running

STORED = ("application/dicom", "*")
STUDY, SERIES, OTHER_SERIES = "1.2.3", "1.2.3.1", "1.2.3.2"
RLE = ("1.2.4", "1.2.4.1", "1.2.4.1.1")
MULTIFRAME = (STUDY, OTHER_SERIES, "1.2.3.2.1")

FILES = [
    as_file(ct(1)),
    as_file(ct(2)),
    as_file(ct(1, series=OTHER_SERIES, frames=3, Modality="MR", SeriesNumber=2)),
    as_file(ct(1, study="1.2.4", series="1.2.4.1", frames=2, PatientID="PAT-2", PatientName="Doe^Jane", StudyDate="20250506"), RLELossless),
    as_file(ct(1, study="1.2.5", series="1.2.5.1", PatientID="PAT-3", PatientName="山田^太郎", StudyDate="20240101", Modality="US")),
]
BY_UID = {data_set.SOPInstanceUID: data_set for data_set in (pydicom.dcmread(BytesIO(file)) for file in FILES)}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("client") / "data") as started:
        yield started


@pytest.fixture(scope="module")
def empty(server: Server) -> DICOMwebClient:
    token = server.run("token", "add", "script", "--role", "editor").out.split()[-1]
    return DICOMwebClient(url=server.dicom_web, headers={"Authorization": f"Bearer {token}"})


@pytest.fixture(scope="module")
def client(empty: DICOMwebClient) -> DICOMwebClient:
    """Everything is stored."""
    answer = empty.store_instances([pydicom.dcmread(BytesIO(file)) for file in FILES])
    assert {item.ReferencedSOPInstanceUID for item in answer.ReferencedSOPSequence} == BY_UID.keys()
    assert "FailedSOPSequence" not in answer
    return empty


def uids(found: list[dict[str, dict[str, list[str]]]], tag: str = "0020000D") -> list[str]:
    return [item[tag]["Value"][0] for item in found]


def test_a_study_goes_only_where_it_belongs(client: DICOMwebClient) -> None:
    with pytest.raises(HTTPError) as refused:
        client.store_instances([BY_UID["1.2.5.1.1"]], study_instance_uid="1.2.99")
    assert refused.value.response.status_code == 409
    assert client.store_instances([BY_UID["1.2.5.1.1"]], study_instance_uid="1.2.5").ReferencedSOPSequence


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"PatientID": "PAT-2"}, {"1.2.4"}),
        ({"PatientName": "müller*"}, {"1.2.3"}),
        ({"PatientName": "山田*"}, {"1.2.5"}),
        ({"StudyDate": "20250101-20261231"}, {"1.2.3", "1.2.4"}),
        ({"ModalitiesInStudy": "MR"}, {"1.2.3"}),
        ({"00100020": "PAT-*", "ModalitiesInStudy": "US"}, {"1.2.5"}),
        ({"StudyInstanceUID": "1.2.3"}, {"1.2.3"}),
        ({"PatientID": "NOBODY"}, set()),
    ],
)
def test_studies_by_filter(client: DICOMwebClient, filters: dict[str, str], found: set[str]) -> None:
    assert set(uids(client.search_for_studies(search_filters=filters))) == found


def test_pages_and_fields(client: DICOMwebClient) -> None:
    whole = uids(client.search_for_studies())
    assert [*uids(client.search_for_studies(limit=2)), *uids(client.search_for_studies(limit=2, offset=2))] == whole
    assert uids(client.search_for_studies(limit=1, get_remaining=True)) == whole
    assert uids(client.search_for_studies(fuzzymatching=True, search_filters={"PatientName": "Mueller"})) == [STUDY]
    (study,) = client.search_for_studies(fields=["StudyDescription", "00081030"], search_filters={"PatientID": "PAT-1"})
    assert Dataset.from_json(study).StudyDescription == "Thorax"
    with pytest.raises(HTTPError) as refused:
        client.search_for_studies(search_filters={"StudyDate": "yesterday"})
    assert refused.value.response.status_code == 400


def test_series_and_instances(client: DICOMwebClient) -> None:
    assert uids(client.search_for_series(STUDY), "0020000E") == [SERIES, OTHER_SERIES]
    assert uids(client.search_for_series(STUDY, search_filters={"Modality": "MR"}), "0020000E") == [OTHER_SERIES]
    assert len(client.search_for_series()) == 4
    assert uids(client.search_for_instances(STUDY, SERIES), "00080018") == ["1.2.3.1.1", "1.2.3.1.2"]
    assert uids(client.search_for_instances(STUDY, SERIES, search_filters={"InstanceNumber": 2}), "00080018") == ["1.2.3.1.2"]
    assert len(client.search_for_instances(STUDY)) == 3
    assert set(uids(client.search_for_instances(), "00080018")) == BY_UID.keys()


def test_objects_come_back_as_they_went_in(client: DICOMwebClient) -> None:
    retrieved = [
        *client.retrieve_study(STUDY, media_types=(STORED,)),
        *client.iter_study("1.2.4", media_types=(STORED,)),
        *client.retrieve_series("1.2.5", "1.2.5.1", media_types=(STORED,)),
    ]
    assert {data_set.SOPInstanceUID for data_set in retrieved} == BY_UID.keys()
    for data_set in [*retrieved, *(client.retrieve_instance(*uids_of(BY_UID[uid])) for uid in BY_UID)]:
        stored = BY_UID[data_set.SOPInstanceUID]
        assert data_set == stored
        assert data_set.file_meta.TransferSyntaxUID == stored.file_meta.TransferSyntaxUID


def uids_of(data_set: Dataset) -> tuple[str, str, str]:
    return data_set.StudyInstanceUID, data_set.SeriesInstanceUID, data_set.SOPInstanceUID


def test_transfer_syntaxes(client: DICOMwebClient) -> None:
    decoded = client.retrieve_instance(*RLE, media_types=("application/dicom",))
    assert decoded.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert decoded.PixelData == pixels(1, 2).tobytes()
    assert client.retrieve_instance(*RLE, media_types=(("application/dicom", RLELossless),)) == BY_UID[RLE[2]]
    with pytest.raises(HTTPError) as refused:
        client.retrieve_instance(*RLE, media_types=(("application/dicom", "1.2.840.10008.1.2.4.81"),))
    assert refused.value.response.status_code == 406


def test_metadata(client: DICOMwebClient) -> None:
    documents = [
        *client.retrieve_study_metadata(STUDY),
        *client.retrieve_series_metadata(*RLE[:2]),
        client.retrieve_instance_metadata("1.2.5", "1.2.5.1", "1.2.5.1.1"),
    ]
    assert len(documents) == len(FILES)
    for document in documents:
        read = Dataset.from_json(document, bulk_data_uri_handler=lambda _uri: None)
        stored = deepcopy(BY_UID[read.SOPInstanceUID])
        assert read.AvailableTransferSyntaxUID == BY_UID[read.SOPInstanceUID].file_meta.TransferSyntaxUID
        del read.AvailableTransferSyntaxUID
        for data_set in (read, stored):  # which are bulk data
            del data_set.PixelData
            del data_set[0x00091001]
        assert read == stored


def test_bulk_data(client: DICOMwebClient, server: Server) -> None:
    document = client.retrieve_instance_metadata(*MULTIFRAME)
    (value,) = client.retrieve_bulkdata(urljoin(server.url, document["00091001"]["BulkDataURI"]), media_types=("application/octet-stream",))
    assert value == BY_UID[MULTIFRAME[2]][0x00091001].value
    frames = list(client.iter_bulkdata(urljoin(server.url, document["7FE00010"]["BulkDataURI"])))
    assert b"".join(frames) == pixels(1, 3).tobytes()


def test_frames(client: DICOMwebClient) -> None:
    whole = [frame.tobytes() for frame in pixels(1, 3).reshape(3, -1)]
    assert client.retrieve_instance_frames(*MULTIFRAME, frame_numbers=[1]) == whole[:1]
    assert client.retrieve_instance_frames(*MULTIFRAME, frame_numbers=[3, 1], media_types=("application/octet-stream",)) == [
        whole[2],
        whole[0],
    ]
    assert list(client.iter_instance_frames(*MULTIFRAME, frame_numbers=[2])) == whole[1:2]
    assert client.retrieve_instance_frames(*RLE, frame_numbers=[1, 2]) == [frame.tobytes() for frame in pixels(1, 2).reshape(2, -1)]
    stored = list(pydicom.encaps.generate_frames(BY_UID[RLE[2]].PixelData, number_of_frames=2))
    assert client.retrieve_instance_frames(*RLE, frame_numbers=[2], media_types=("image/dicom-rle",)) == stored[1:]
    assert client.retrieve_instance_frames(*RLE, frame_numbers=[1, 2], media_types=(("image/dicom-rle", RLELossless),)) == stored
    with pytest.raises(HTTPError) as missing:
        client.retrieve_instance_frames(*MULTIFRAME, frame_numbers=[4])
    assert missing.value.response.status_code == 404


def test_rendered(client: DICOMwebClient) -> None:
    picture = Image.open(BytesIO(client.retrieve_instance_rendered(STUDY, SERIES, "1.2.3.1.1", media_types=("image/png",))))
    assert (picture.format, picture.size) == ("PNG", (48, 32))
    narrow = client.retrieve_instance_rendered(STUDY, SERIES, "1.2.3.1.1", media_types=("image/png",), params={"window": "1000,2,linear"})
    shades = np.asarray(Image.open(BytesIO(narrow)))
    assert set(np.unique(shades)) <= {0, 128, 255} and {0, 255} <= set(np.unique(shades))
    frames = [
        client.retrieve_instance_frames_rendered(*MULTIFRAME, frame_numbers=[number], media_types=("image/jpeg",), params={"quality": 90})
        for number in (1, 2)
    ]
    assert {Image.open(BytesIO(frame)).format for frame in frames} == {"JPEG"}
    assert frames[0] != frames[1]
