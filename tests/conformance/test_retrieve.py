"""WADO-RS: whole Instances (PS3.18 10.4.1.1.1, 8.7.3)."""

from __future__ import annotations

import pytest
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGBaseline8Bit, RLELossless

from conformance_kit.archive import Archive
from conformance_kit.catalogue import clause
from conformance_kit.client import DICOM, UNKNOWN_TYPE, Server, offered
from conformance_kit.comparison import PIXEL_DATA, differences, read_part10
from conformance_kit.multipart import Part, parameter, parts_of
from conformance_kit.objects import Specimen

STORED = f"{DICOM}; transfer-syntax=*"
LEVELS = {
    "study": "/studies/{study}",
    "series": "/studies/{study}/series/{series}",
    "instance": "/studies/{study}/series/{series}/instances/{uid}",
}
KINDS = ["axial 1", "mixed 1", "jpeg", "implicit 1", "multi-frame", "colour", "report", "document"]
NATIVE = ["axial 1", "mixed 1", "implicit 1", "multi-frame", "colour"]


def path_of(level: str, specimen: Specimen) -> str:
    return LEVELS[level].format(study=specimen.study, series=specimen.series, uid=specimen.uid)


def held(level: str, archive: Archive) -> set[str]:
    """What the study `thorax`, its series `axial`, or its first slice hold."""
    first = archive["axial 1"]
    return {
        one.uid
        for one in archive.specimens.values()
        if one.study == first.study and (level == "study" or one.series == first.series) and (level != "instance" or one is first)
    }


@pytest.fixture(scope="module", params=LEVELS)
def level(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def parts(server: Server, archive: Archive, level: str) -> list[Part]:
    answer = server.get(path_of(level, archive["axial 1"]), STORED)
    assert answer.status_code == 200
    return parts_of(answer)


class TestLevels:
    """Study, Series and Instance."""

    @clause("PS3.18 10.4.1.1.1", "the Instances of one {level} come as multipart/related with type and boundary")
    def test_multipart(self, server: Server, archive: Archive, level: str) -> None:
        content_type = server.get(path_of(level, archive["axial 1"]), STORED).headers["content-type"]
        assert content_type.startswith("multipart/related")
        assert parameter(content_type, "type") == "application/dicom"
        assert parameter(content_type, "boundary")

    @clause("PS3.18 10.4.3.3.1", "every Instance of one {level} comes once")
    def test_all(self, parts: list[Part], archive: Archive, level: str) -> None:
        received = [read_part10(part.body).SOPInstanceUID for part in parts]
        assert sorted(received) == sorted(held(level, archive))

    @clause("PS3.18 8.7.3.1", "every part of one {level} has the Content-Type application/dicom")
    def test_part_types(self, parts: list[Part], level: str) -> None:
        assert {part.media_type for part in parts} == {"application/dicom"}

    @clause(
        "PS3.18 8.7.3.5",
        "no part of one {level} names another transfer syntax than its File Meta Information; none is Explicit VR Little Endian",
    )
    def test_labels(self, parts: list[Part], level: str) -> None:
        for part in parts:
            assert (part.transfer_syntax or ExplicitVRLittleEndian) == read_part10(part.body).file_meta.TransferSyntaxUID

    @clause("PS3.10 7.1", "every part of one {level} has the File Meta Information of its Instance")
    def test_file_meta(self, parts: list[Part], level: str) -> None:
        for part in parts:
            data_set = read_part10(part.body)
            assert data_set.file_meta.MediaStorageSOPInstanceUID == data_set.SOPInstanceUID
            assert data_set.file_meta.MediaStorageSOPClassUID == data_set.SOPClassUID

    @clause("PS3.18 8.7.3", "one {level} comes where anything is accepted")
    def test_anything(self, server: Server, archive: Archive, level: str) -> None:
        assert server.get(path_of(level, archive["axial 1"]), "*/*").status_code == 200

    @clause("PS3.18 8.3.3.1", "one {level} comes where the query parameter accept asks for it")
    def test_accept_parameter(self, server: Server, archive: Archive, level: str) -> None:
        answer = server.get(path_of(level, archive["axial 1"]), "image/x-none", [("accept", DICOM)])
        assert answer.status_code == 200
        assert len(parts_of(answer)) == len(held(level, archive))

    @clause("PS3.18 8.7.8", "one {level} in a media type that no server has is refused with 406")
    def test_unacceptable(self, server: Server, archive: Archive, level: str) -> None:
        assert server.get(path_of(level, archive["axial 1"]), "image/x-none").status_code == 406

    @clause("PS3.18 10.4.3.1", "one {level} that was never stored is answered with 404")
    def test_unknown(self, server: Server, level: str) -> None:
        path = LEVELS[level].format(study="1.2.3.4.5.6", series="1.2.3.4.5.7", uid="1.2.3.4.5.8")
        assert server.get(path, STORED).status_code == 404

    @clause("PS3.5 9.1", "one {level} named by what is no UID is answered with 400 or 404")
    def test_invalid(self, server: Server, level: str) -> None:
        path = LEVELS[level].format(study="not-a-uid", series="neither", uid="nor-this")
        assert server.get(path, STORED).status_code in (400, 404)

    @clause("RFC 9110 15.5.6", "PUT of one {level} is refused with 405 or 501")
    def test_methods(self, server: Server, archive: Archive, level: str) -> None:
        assert server.request("PUT", path_of(level, archive["axial 1"]), content=b"").status_code in (405, 501)

    @clause("RFC 9110 9.3.2", "HEAD of one {level} has the status of GET and no body")
    def test_head(self, server: Server, archive: Archive, level: str) -> None:
        answer = offered(server.request("HEAD", path_of(level, archive["axial 1"]), accept=STORED), "HEAD")
        assert (answer.status_code, answer.content) == (200, b"")


@clause("PS3.18 10.4.3.1", "{what} is answered with 404")
@pytest.mark.parametrize(
    "what", ["an Instance under another Series of its Study", "a Series under another Study", "an unknown Instance of a known Series"]
)
def test_wrong_parent(server: Server, archive: Archive, what: str) -> None:
    first, other, foreign = archive["axial 1"], archive["coronal 1"], archive["multi-frame"]
    path = {
        "an Instance under another Series of its Study": f"/studies/{first.study}/series/{other.series}/instances/{first.uid}",
        "a Series under another Study": f"/studies/{foreign.study}/series/{first.series}",
        "an unknown Instance of a known Series": f"/studies/{first.study}/series/{first.series}/instances/1.2.3.4.5.8",
    }[what]
    assert server.get(path, STORED).status_code == 404


def received(server: Server, specimen: Specimen, accept: str) -> Part:
    answer = server.get(specimen.path, accept)
    assert answer.status_code == 200
    (part,) = parts_of(answer)
    return part


@clause("PS3.4 B.4.1", "every element of the Instance {name} comes back as it was stored")
@pytest.mark.parametrize("name", KINDS)
def test_every_element(server: Server, archive: Archive, name: str) -> None:
    specimen = archive[name]
    got = read_part10(received(server, specimen, STORED).body)
    privately = specimen.transfer_syntax != ImplicitVRLittleEndian
    assert differences(specimen.data_set, got, without=frozenset({PIXEL_DATA}), privately=privately) == []


@clause("PS3.4 B.4.1", "Pixel Data of the Instance {name} comes back byte for byte with transfer-syntax=*")
@pytest.mark.parametrize("name", ["axial 1", "mixed 1", "jpeg", "multi-frame", "colour"])
def test_pixels(server: Server, archive: Archive, name: str) -> None:
    specimen = archive[name]
    assert read_part10(received(server, specimen, STORED).body).PixelData == specimen.data_set.PixelData


@clause("PS3.18 8.7.3.5.2", "with transfer-syntax=* the Instance {name} comes in the transfer syntax in which it was stored")
@pytest.mark.parametrize("name", ["axial 1", "mixed 1", "jpeg", "multi-frame", "report"])
def test_as_stored(server: Server, archive: Archive, name: str) -> None:
    specimen = archive[name]
    assert read_part10(received(server, specimen, STORED).body).file_meta.TransferSyntaxUID == specimen.transfer_syntax


@clause("PS3.18 8.7.3", "the part of {name}, whose transfer syntax is not the default, names it in its Content-Type")
@pytest.mark.parametrize("name", ["mixed 1", "jpeg"])
def test_named_syntax(server: Server, archive: Archive, name: str) -> None:
    assert received(server, archive[name], STORED).transfer_syntax == archive[name].transfer_syntax


@clause("PS3.18 8.7.3", "without a transfer syntax the Instance {name} comes in Explicit VR Little Endian, the default")
@pytest.mark.parametrize("name", [*NATIVE, "report", "document"])
def test_default(server: Server, archive: Archive, name: str) -> None:
    assert read_part10(received(server, archive[name], DICOM).body).file_meta.TransferSyntaxUID == ExplicitVRLittleEndian


@clause("PS3.18 8.7.3", "the pixels of the Instance {name} are the same in Explicit VR Little Endian")
@pytest.mark.parametrize("name", NATIVE)
def test_decoded(server: Server, archive: Archive, name: str) -> None:
    got = read_part10(received(server, archive[name], f"{DICOM}; transfer-syntax={ExplicitVRLittleEndian}").body)
    assert got.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert bytes(got.PixelData) == b"".join(archive[name].frames)


@clause("PS3.18 8.7.3", "an Instance that is only held in JPEG baseline comes without a transfer syntax asked for, labelled rightly")
def test_only_lossy(server: Server, archive: Archive) -> None:
    part = received(server, archive["jpeg"], DICOM)
    assert read_part10(part.body).file_meta.TransferSyntaxUID in (JPEGBaseline8Bit, ExplicitVRLittleEndian)


@clause("PS3.18 8.7.3.5.2", "the Instance {name} comes in the transfer syntax {uid} in which it is stored, asked for by UID")
@pytest.mark.parametrize(("name", "uid"), [("mixed 1", RLELossless), ("jpeg", JPEGBaseline8Bit), ("axial 1", ExplicitVRLittleEndian)])
def test_by_uid(server: Server, archive: Archive, name: str, uid: str) -> None:
    part = received(server, archive[name], f"{DICOM}; transfer-syntax={uid}")
    assert read_part10(part.body).file_meta.TransferSyntaxUID == uid


@clause("PS3.18 8.7.3", "Implicit VR Little Endian does not go out, also where the Instance was stored in it")
def test_never_implicit(server: Server, archive: Archive) -> None:
    assert read_part10(received(server, archive["implicit 1"], STORED).body).file_meta.TransferSyntaxUID != ImplicitVRLittleEndian


@clause("PS3.18 8.7.3", "the transfer syntax {name} is not used with web services: asked for alone it is refused with 406")
@pytest.mark.parametrize(
    ("name", "uid"), [("Implicit VR Little Endian", ImplicitVRLittleEndian), ("Explicit VR Big Endian", ExplicitVRBigEndian)]
)
def test_unused_syntax(server: Server, archive: Archive, name: str, uid: str) -> None:
    assert server.get(archive["axial 1"].path, f"{DICOM}; transfer-syntax={uid}").status_code == 406


@clause("PS3.18 10.4.3.1", "a transfer syntax that no server knows is refused with 406")
def test_unknown_syntax(server: Server, archive: Archive) -> None:
    assert server.get(archive["axial 1"].path, f"{DICOM}; transfer-syntax=1.2.3.4.5").status_code == 406


@clause("PS3.18 8.7.5", "of several acceptable media types the first that can be had is given: {how}")
@pytest.mark.parametrize("how", ["the second in the list", "the lower q"])
def test_several(server: Server, archive: Archive, how: str) -> None:
    impossible, weight = f"{DICOM}; transfer-syntax=1.2.3.4.5", ";q=0.3" if how == "the lower q" else ""
    part = received(server, archive["axial 1"], f"{impossible}, {DICOM}; transfer-syntax={ExplicitVRLittleEndian}{weight}")
    assert read_part10(part.body).file_meta.TransferSyntaxUID == ExplicitVRLittleEndian


@clause("PS3.18 8.7.3.5", "the transfer-syntax parameter may be quoted")
def test_quoted(server: Server, archive: Archive) -> None:
    part = received(server, archive["mixed 1"], f'{DICOM}; transfer-syntax="{RLELossless}"')
    assert read_part10(part.body).file_meta.TransferSyntaxUID == RLELossless


@clause("PS3.18 8.6.1.1", "one Instance comes without multipart where application/dicom is accepted")
def test_single_part(server: Server, archive: Archive) -> None:
    answer = offered(server.get(archive["axial 1"].path, "application/dicom"), "single part retrieve", UNKNOWN_TYPE)
    assert answer.headers["content-type"].startswith("application/dicom")
    assert read_part10(answer.content).SOPInstanceUID == archive["axial 1"].uid


@clause("PS3.18 10.4.3.1", "a Study of which every Instance can be had in the transfer syntaxes accepted is answered with 200")
def test_whole_study(server: Server, archive: Archive) -> None:
    answer = server.get(f"/studies/{archive['jpeg'].study}", STORED)
    assert answer.status_code == 200
    assert len(parts_of(answer)) == len(archive.of_study(archive.head))


@clause("PS3.18 10.4.3.1", "a Series of which some Instances cannot be had in the transfer syntax asked for is answered with 206 or 406")
def test_partial_series(server: Server, archive: Archive) -> None:
    mixed = archive["mixed 1"]
    answer = server.get(f"/studies/{mixed.study}/series/{mixed.series}", f"{DICOM}; transfer-syntax={RLELossless}")
    if answer.status_code == 200:
        assert {read_part10(part.body).file_meta.TransferSyntaxUID for part in parts_of(answer)} == {RLELossless}
    assert answer.status_code in (200, 206, 406)


@clause("PS3.18 8.7.1", "{what} does not occur inside of a part")
@pytest.mark.parametrize("what", ["the boundary"])
def test_boundary(server: Server, archive: Archive, what: str) -> None:
    answer = server.get(f"/studies/{archive['jpeg'].study}", STORED)
    boundary = parameter(answer.headers["content-type"], "boundary").encode()
    assert all(boundary not in part.body for part in parts_of(answer))
