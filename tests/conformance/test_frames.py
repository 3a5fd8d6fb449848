"""WADO-RS: frames, pixel data and bulk data resources (PS3.18 10.4.1.1.5 to 10.4.1.1.7, tables 8.7.3-4 and 8.7.3-5)."""

from __future__ import annotations

import httpx
import pytest
from pydicom.encaps import generate_frames
from pydicom.uid import ExplicitVRLittleEndian, JPEGBaseline8Bit, JPEGLosslessSV1, RLELossless

from conformance_kit.archive import Archive
from conformance_kit.catalogue import clause
from conformance_kit.client import OCTETS, UNKNOWN_TYPE, Server, offered
from conformance_kit.multipart import Part, parameter, parts_of
from conformance_kit.objects import Specimen

LEVELS = {
    "study": "/studies/{study}",
    "series": "/studies/{study}/series/{series}",
    "instance": "/studies/{study}/series/{series}/instances/{uid}",
}


def frames(server: Server, specimen: Specimen, listed: str, accept: str = OCTETS) -> list[Part]:
    answer = server.get(f"{specimen.path}/frames/{listed}", accept)
    assert answer.status_code == 200
    return parts_of(answer)


@clause("PS3.18 10.4.3.3.6", "frame 1 of {name} comes with the values of its pixels in little endian")
@pytest.mark.parametrize("name", ["axial 1", "mixed 1", "implicit 1", "multi-frame", "colour"])
def test_first_frame(server: Server, archive: Archive, name: str) -> None:
    assert [part.body for part in frames(server, archive[name], "1")] == [archive[name].frames[0]]


@clause("PS3.18 10.4.3.3.6", "the list of frames {listed} comes in the order asked for, a part each")
@pytest.mark.parametrize("listed", ["2", "3", "1,2", "1,3", "1,2,3"])
def test_list(server: Server, archive: Archive, listed: str) -> None:
    specimen = archive["multi-frame"]
    expected = [specimen.frames[int(number) - 1] for number in listed.split(",")]
    assert [part.body for part in frames(server, specimen, listed)] == expected


@clause("PS3.18 10.4.1.1.6", "a list of frames may have its comma percent-encoded")
def test_encoded_comma(server: Server, archive: Archive) -> None:
    assert len(frames(server, archive["multi-frame"], "1%2C2")) == 2


@clause("PS3.18 8.7.3.3", "every part of frames of {name} has a Content-Type with the transfer syntax {uid}")
@pytest.mark.parametrize(("name", "uid"), [("axial 1", ExplicitVRLittleEndian), ("multi-frame", ExplicitVRLittleEndian)])
def test_label(server: Server, archive: Archive, name: str, uid: str) -> None:
    (part,) = frames(server, archive[name], "1")
    assert part.media_type == "application/octet-stream"
    assert part.transfer_syntax in ("", uid)


@clause("PS3.18 8.7.3.3", "a frame of {name} comes as {media_type} with its stored codestream, labelled with {uid}")
@pytest.mark.parametrize(
    ("name", "media_type", "uid"), [("jpeg", "image/jpeg", JPEGBaseline8Bit), ("mixed 1", "image/dicom-rle", RLELossless)]
)
def test_codestream(server: Server, archive: Archive, name: str, media_type: str, uid: str) -> None:
    specimen = archive[name]
    accept = f'multipart/related; type="{media_type}"; transfer-syntax={uid}'
    (part,) = parts_of(offered(server.get(f"{specimen.path}/frames/1", accept), f"frames as {media_type}", UNKNOWN_TYPE))
    assert part.media_type == media_type
    assert part.transfer_syntax in ("", uid)
    assert part.body.rstrip(b"\0") == next(generate_frames(specimen.data_set.PixelData)).rstrip(b"\0")


@clause("PS3.18 8.7.3", "image/jpeg without a transfer syntax gives lossless JPEG, the default, or the lossy one that is all that is held")
def test_jpeg_default(server: Server, archive: Archive) -> None:
    specimen = archive["jpeg"]
    (part,) = frames(server, specimen, "1", 'multipart/related; type="image/jpeg"')
    lossless = b"\xff\xc3" in part.body[:1000]
    assert lossless or part.body.rstrip(b"\0") == specimen.codestream.rstrip(b"\0")
    assert part.transfer_syntax in ("", JPEGLosslessSV1 if lossless else JPEGBaseline8Bit)


@clause("PS3.18 8.7.3.5.2", "with transfer-syntax=* a frame of {name} comes in the transfer syntax in which it is stored")
@pytest.mark.parametrize("name", ["axial 1", "mixed 1", "jpeg"])
def test_any_syntax(server: Server, archive: Archive, name: str) -> None:
    specimen = archive[name]
    accept = 'multipart/related; type="application/octet-stream"; transfer-syntax=*, multipart/related; type="image/*"; transfer-syntax=*'
    (part,) = frames(server, specimen, "1", accept)
    stored = specimen.frames[0] if name == "axial 1" else next(generate_frames(specimen.data_set.PixelData))
    assert part.body.rstrip(b"\0") == stored.rstrip(b"\0")


@clause("PS3.18 10.4.4", "frames come where anything is accepted")
def test_anything(server: Server, archive: Archive) -> None:
    assert server.get(f"{archive['axial 1'].path}/frames/1", "*/*").status_code == 200


@clause("PS3.18 8.7.1", "frames come as multipart/related that names the type of its parts")
def test_type_parameter(server: Server, archive: Archive) -> None:
    content_type = server.get(f"{archive['axial 1'].path}/frames/1", OCTETS).headers["content-type"]
    assert parameter(content_type, "type") == "application/octet-stream"


@clause("PS3.18 8.6.1.1", "one frame comes without multipart where application/octet-stream is accepted")
def test_single_part(server: Server, archive: Archive) -> None:
    answer = offered(
        server.get(f"{archive['axial 1'].path}/frames/1", "application/octet-stream"), "a frame in a single part", UNKNOWN_TYPE
    )
    assert answer.headers["content-type"].startswith("application/octet-stream")
    assert answer.content == archive["axial 1"].frames[0]


@clause("PS3.18 8.3.3.1", "frames come where the query parameter accept asks for them")
def test_accept_parameter(server: Server, archive: Archive) -> None:
    answer = server.get(f"{archive['axial 1'].path}/frames/1", "image/x-none", [("accept", OCTETS)])
    assert [part.body for part in parts_of(answer)] == [archive["axial 1"].frames[0]]


@clause("PS3.18 10.4.1.1.6", "frame list {listed} of an Instance with 3 frames names what is not there: 400 or 404")
@pytest.mark.parametrize("listed", ["4", "0", "1,4", "99999999999"])
def test_out_of_range(server: Server, archive: Archive, listed: str) -> None:
    assert server.get(f"{archive['multi-frame'].path}/frames/{listed}", OCTETS).status_code in (400, 404)


@clause("PS3.18 10.4.1.1.6", "frame list {listed} is no list of numbers: 400 or 404")
@pytest.mark.parametrize("listed", ["first", "-1", "1,,2", "1.5", "1;2"])
def test_no_list(server: Server, archive: Archive, listed: str) -> None:
    assert server.get(f"{archive['multi-frame'].path}/frames/{listed}", OCTETS).status_code in (400, 404)


@clause("PS3.18 10.4.3.1", "frames of {name}, which has none, are refused with a status of the 400s")
@pytest.mark.parametrize("name", ["report", "document"])
def test_no_frames(server: Server, archive: Archive, name: str) -> None:
    assert 400 <= server.get(f"{archive[name].path}/frames/1", OCTETS).status_code < 500


@clause("PS3.18 10.4.3.1", "a frame of an Instance that was never stored is answered with 404")
def test_unknown(server: Server, archive: Archive) -> None:
    assert server.get(f"{archive.spare().path}/frames/1", OCTETS).status_code == 404


@clause("PS3.18 10.4.3.1", "a frame in {accept} is refused with 406")
@pytest.mark.parametrize("accept", ["image/x-none", 'multipart/related; type="image/x-none"', f"{OCTETS}; transfer-syntax=1.2.3.4.5"])
def test_unacceptable(server: Server, archive: Archive, accept: str) -> None:
    assert server.get(f"{archive['axial 1'].path}/frames/1", accept).status_code == 406


@clause("RFC 9110 14.2", "bytes of one frame come with 206 where a Range asks for them")
def test_range(server: Server, archive: Archive) -> None:
    answer = offered(
        server.get(f"{archive['axial 1'].path}/frames/1", "application/octet-stream", range="bytes=100-199"),
        "a frame in a single part",
        UNKNOWN_TYPE,
    )
    if answer.status_code == 200:
        pytest.skip("not offered: byte ranges of frames")
    assert (answer.status_code, answer.content) == (206, archive["axial 1"].frames[0][100:200])


@clause("RFC 9110 13.1.2", "a frame is not sent again to who names its ETag")
def test_not_modified(server: Server, archive: Archive) -> None:
    path = f"{archive['axial 1'].path}/frames/1"
    etag = server.get(path, OCTETS).headers.get("etag")
    if etag is None:
        pytest.skip("not offered: ETag of frames")
    assert server.get(path, OCTETS, if_none_match=etag).status_code == 304


def resource(server: Server, specimen: Specimen, level: str, name: str, accept: str = OCTETS) -> httpx.Response:
    path = LEVELS[level].format(study=specimen.study, series=specimen.series, uid=specimen.uid)
    return offered(server.get(f"{path}/{name}", accept), f"{name} resources", UNKNOWN_TYPE)


@clause("PS3.18 10.4.1.1.7", "the pixel data of one {level} comes, a part for each frame or Instance")
@pytest.mark.parametrize("level", LEVELS)
def test_pixel_data(server: Server, archive: Archive, level: str) -> None:
    specimen = archive["axial 1"]
    parts = parts_of(resource(server, specimen, level, "pixeldata"))
    expected = [one for one in archive.of_study(archive.thorax) if one.frames and (level == "study" or one.series == specimen.series)]
    if level == "instance":
        expected = [specimen]
    assert sorted(part.body for part in parts) == sorted(one.frames[0] for one in expected)


@clause("PS3.18 10.4.3.3.7", "the pixel data of an Instance with several frames holds all of them in order")
def test_pixel_data_of_frames(server: Server, archive: Archive) -> None:
    specimen = archive["multi-frame"]
    parts = parts_of(resource(server, specimen, "instance", "pixeldata"))
    assert b"".join(part.body for part in parts) == b"".join(specimen.frames)


@clause("PS3.18 10.4.3.1", "the pixel data of one {level} that was never stored is answered with 404")
@pytest.mark.parametrize("level", LEVELS)
def test_unknown_pixel_data(server: Server, archive: Archive, level: str) -> None:
    resource(server, archive["axial 1"], level, "pixeldata")
    path = LEVELS[level].format(study="1.2.3.4.5.6", series="1.2.3.4.5.7", uid="1.2.3.4.5.8")
    assert server.get(f"{path}/pixeldata", OCTETS).status_code == 404


@clause("PS3.18 10.4.1.1.5", "the bulk data of one {level} comes in parts, each with a Content-Location")
@pytest.mark.parametrize("level", LEVELS)
def test_bulk_data(server: Server, archive: Archive, level: str) -> None:
    parts = parts_of(resource(server, archive["axial 1"], level, "bulkdata"))
    assert parts
    assert all(part.headers.get("content-location") for part in parts)


@clause("PS3.18 10.4.3.3.5", "the bulk data of an Instance holds what its metadata gives by BulkDataURI")
def test_bulk_data_and_metadata(server: Server, archive: Archive) -> None:
    specimen = archive["axial 1"]
    parts = parts_of(resource(server, specimen, "instance", "bulkdata"))
    (item,) = server.metadata(specimen.path)
    named = [server.resolve(one["BulkDataURI"], f"{specimen.path}/metadata") for one in item.values() if "BulkDataURI" in one]
    located = {server.resolve(part.headers["content-location"], f"{specimen.path}/bulkdata") for part in parts}
    assert [uri for uri in named if not any(place == uri or place.startswith(f"{uri}/") for place in located)] == []
