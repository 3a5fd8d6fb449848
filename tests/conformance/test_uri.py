"""The URI Service, WADO-URI (PS3.18 9)."""

from __future__ import annotations

import io
import os

import httpx
import numpy as np
import pytest
from PIL import Image
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless

from conformance_kit import objects
from conformance_kit.archive import Archive
from conformance_kit.catalogue import clause
from conformance_kit.client import UNKNOWN_TYPE, Server, offered
from conformance_kit.comparison import PIXEL_DATA, differences, read_part10
from conformance_kit.objects import COLUMNS, ROWS, Specimen

WINDOW = {"windowCenter": 500, "windowWidth": 100}
NAMES = ("requestType", "studyUID", "seriesUID", "objectUID")


def named(specimen: Specimen) -> dict[str, str]:
    """The mandatory parameters."""
    return dict(zip(NAMES, ("WADO", specimen.study, specimen.series, specimen.uid), strict=True))


@pytest.fixture(scope="module")
def base(server: Server, archive: Archive) -> str:
    """The URL of the service: the one that is named, the DICOMweb root itself, or /wado of its host."""
    wanted = {**named(archive["axial 1"]), "contentType": "application/dicom"}
    candidates = [
        os.environ.get("HOUNSFIELD_CONFORMANCE_WADO_URI", ""),
        server.root,
        f"{server.root}/wado",
        str(httpx.URL(server.root).join("/wado")),
    ]
    for candidate in filter(None, candidates):
        answer = server.get(candidate, "*/*", wanted.items())
        if answer.status_code == 200 and answer.headers.get("content-type", "").startswith("application/dicom"):
            return candidate
    pytest.skip("not offered: WADO-URI")


def fetch(server: Server, base: str, specimen: Specimen, accept: str = "*/*", **more: object) -> httpx.Response:
    return server.get(base, accept, {**named(specimen), **more}.items())


def picture(answer: httpx.Response) -> Image.Image:
    assert answer.status_code == 200
    shown = Image.open(io.BytesIO(answer.content))
    shown.load()
    return shown


@clause("PS3.18 9.4.3", "{name} comes as application/dicom, complete")
@pytest.mark.parametrize("name", ["axial 1", "mixed 1", "multi-frame", "report"])
def test_instance(server: Server, base: str, archive: Archive, name: str) -> None:
    answer = fetch(server, base, archive[name], contentType="application/dicom")
    assert answer.headers["content-type"].startswith("application/dicom")
    assert differences(archive[name].data_set, read_part10(answer.content), without=frozenset({PIXEL_DATA})) == []


@clause("PS3.18 9.4.2.4", "{name} comes in Explicit VR Little Endian where no transferSyntax is given")
@pytest.mark.parametrize("name", ["axial 1", "mixed 1", "implicit 1"])
def test_default_syntax(server: Server, base: str, archive: Archive, name: str) -> None:
    got = read_part10(fetch(server, base, archive[name], contentType="application/dicom").content)
    assert got.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert bytes(got.PixelData) == archive[name].frames[0]


@clause("PS3.18 9.4.2.4", "an Instance comes in the transferSyntax asked for in which it is stored")
def test_syntax(server: Server, base: str, archive: Archive) -> None:
    answer = offered(
        fetch(server, base, archive["mixed 1"], contentType="application/dicom", transferSyntax=RLELossless),
        "WADO-URI: transferSyntax",
        (400, 406),
    )
    assert read_part10(answer.content).file_meta.TransferSyntaxUID == RLELossless


@clause("PS3.18 9.4.2.4", "transferSyntax={given}, {what}, is refused with 400 or 406 as fits")
@pytest.mark.parametrize(
    ("given", "what", "statuses"),
    [
        ("not-a-uid", "which is no UID", (400,)),
        (ImplicitVRLittleEndian, "which web services do not use", (400, 406)),
        ("1.2.840.10008.1.2.4.103", "in which the Instance cannot be had", (406,)),
    ],
)
def test_refused_syntax(server: Server, base: str, archive: Archive, given: str, what: str, statuses: tuple[int, ...]) -> None:
    answer = fetch(server, base, archive["axial 1"], contentType="application/dicom", transferSyntax=given)
    if answer.status_code == 200 and read_part10(answer.content).file_meta.TransferSyntaxUID == ExplicitVRLittleEndian:
        pytest.skip("not offered: WADO-URI: transferSyntax, which is ignored")
    assert answer.status_code in statuses


@clause("PS3.18 9.1.2.1", "a request without {name} is refused with 400")
@pytest.mark.parametrize("name", NAMES)
def test_missing(server: Server, base: str, archive: Archive, name: str) -> None:
    given = {key: text for key, text in named(archive["axial 1"]).items() if key != name}
    assert server.get(base, "*/*", given.items()).status_code == 400


@clause("PS3.18 9.1.2.1.1", "a requestType other than WADO is refused with 400")
def test_request_type(server: Server, base: str, archive: Archive) -> None:
    assert fetch(server, base, archive["axial 1"], requestType="OTHER").status_code == 400


@clause("PS3.18 9.1.2.1", "{name} that is no UID is refused with 400 or 404")
@pytest.mark.parametrize("name", NAMES[1:])
def test_invalid(server: Server, base: str, archive: Archive, name: str) -> None:
    assert fetch(server, base, archive["axial 1"], **{name: "not-a-uid"}).status_code in (400, 404)


@clause("PS3.18 9.4.3.1", "{name} of what was never stored is answered with 404")
@pytest.mark.parametrize("name", NAMES[1:])
def test_unknown(server: Server, base: str, archive: Archive, name: str) -> None:
    assert fetch(server, base, archive["axial 1"], contentType="application/dicom", **{name: "1.2.3.4.5.6.7"}).status_code == 404


@clause("PS3.18 9.3", "without contentType, and with anything accepted, {name} comes as image/jpeg")
@pytest.mark.parametrize("name", ["axial 1", "mixed 1", "colour"])
def test_default(server: Server, base: str, archive: Archive, name: str) -> None:
    answer = fetch(server, base, archive[name])
    assert answer.headers["content-type"].startswith("image/jpeg")
    assert picture(answer).format == "JPEG"


@clause("PS3.18 8.7.4", "contentType={media_type} is rendered so by the URI service")
@pytest.mark.parametrize(("media_type", "kind"), [("image/jpeg", "JPEG"), ("image/png", "PNG"), ("image/gif", "GIF")])
def test_media_type(server: Server, base: str, archive: Archive, media_type: str, kind: str) -> None:
    answer = offered(fetch(server, base, archive["axial 1"], contentType=media_type), f"WADO-URI: {media_type}", UNKNOWN_TYPE)
    assert answer.headers["content-type"].partition(";")[0] == media_type
    assert picture(answer).format == kind


@clause("PS3.18 9.1.2.2.1", "a contentType that no server has is refused with 406 or 400")
def test_unacceptable(server: Server, base: str, archive: Archive) -> None:
    assert fetch(server, base, archive["axial 1"], contentType="image/x-none").status_code in (400, 406)


@clause("PS3.18 9.5.1.2", "rows={rows} and columns={columns} scale the picture, which keeps its aspect ratio")
@pytest.mark.parametrize(("rows", "columns", "size"), [(16, 24, (24, 16)), (64, 96, (96, 64)), (64, 24, (24, 16))])
def test_size(server: Server, base: str, archive: Archive, rows: int, columns: int, size: tuple[int, int]) -> None:
    shown = picture(fetch(server, base, archive["colour"], contentType="image/jpeg", rows=rows, columns=columns))
    if shown.size == (COLUMNS, ROWS):
        pytest.skip("not offered: WADO-URI: rows and columns")
    assert abs(shown.size[0] - size[0]) <= 1
    assert abs(shown.size[1] - size[1]) <= 1


@clause("PS3.18 9.5.1.2", "windowCenter and windowWidth are applied")
def test_window(server: Server, base: str, archive: Archive) -> None:
    plain = picture(fetch(server, base, archive["axial 1"], contentType="image/png"))
    windowed = picture(fetch(server, base, archive["axial 1"], contentType="image/png", **WINDOW))
    if plain.tobytes() == windowed.tobytes():
        pytest.skip("not offered: WADO-URI: windowCenter and windowWidth")
    stored = np.frombuffer(archive["axial 1"].frames[0], "<u2").reshape(ROWS, COLUMNS).astype(float)
    wanted = np.clip(((stored - 499.5) / 99 + 0.5) * 255, 0, 255)
    assert np.abs(np.asarray(windowed.convert("L")).astype(float) - wanted).max() <= 1.5


@clause("PS3.18 9.5.1.2", "windowCenter without windowWidth is refused with 400")
def test_half_window(server: Server, base: str, archive: Archive) -> None:
    plain, windowed = (fetch(server, base, archive["axial 1"], contentType="image/png", **more).content for more in ({}, WINDOW))
    if plain == windowed:
        pytest.skip("not offered: WADO-URI: windowCenter and windowWidth")
    assert fetch(server, base, archive["axial 1"], contentType="image/jpeg", windowCenter=500).status_code == 400


def frames_shown(server: Server, base: str, archive: Archive) -> list[bytes]:
    """The pictures of three frames; skips where the parameter is ignored."""
    asked = [fetch(server, base, archive["multi-frame"], contentType="image/png", frameNumber=number) for number in (1, 2, 3)]
    shown = [picture(answer).tobytes() for answer in asked]
    if len(set(shown)) == 1:
        pytest.skip("not offered: WADO-URI: frameNumber, which is ignored")
    return shown


@clause("PS3.18 9.5.2", "frameNumber chooses the frame that is rendered")
def test_frame(server: Server, base: str, archive: Archive) -> None:
    assert len(set(frames_shown(server, base, archive))) == 3


@clause("PS3.18 9.5.2", "frameNumber={given} of an Instance with 3 frames is refused with 400 or 404")
@pytest.mark.parametrize("given", ["4", "0", "first"])
def test_unknown_frame(server: Server, base: str, archive: Archive, given: str) -> None:
    frames_shown(server, base, archive)
    assert fetch(server, base, archive["multi-frame"], contentType="image/jpeg", frameNumber=given).status_code in (400, 404)


@clause("PS3.18 9.5.1.2", "region shows that part of the image only")
def test_region(server: Server, base: str, archive: Archive) -> None:
    whole = picture(fetch(server, base, archive["colour"], contentType="image/png"))
    part = picture(fetch(server, base, archive["colour"], contentType="image/png", region="0.25,0.25,0.75,0.75"))
    if whole.tobytes() == part.tobytes():
        pytest.skip("not offered: WADO-URI: region")
    inside = np.asarray(whole.convert("RGB"))[ROWS // 4 : ROWS * 3 // 4, COLUMNS // 4 : COLUMNS * 3 // 4]
    shown = part.convert("RGB").resize((COLUMNS // 2, ROWS // 2), Image.Resampling.BOX)
    assert np.abs(np.asarray(shown).astype(int) - inside.astype(int)).mean() < 40


@clause("PS3.18 9.5.1.2", "imageQuality is taken: a higher one gives a larger JPEG")
def test_quality(server: Server, base: str, archive: Archive) -> None:
    small, large = (
        len(fetch(server, base, archive["axial 1"], contentType="image/jpeg", imageQuality=given).content) for given in (10, 95)
    )
    if small == large:
        pytest.skip("not offered: WADO-URI: imageQuality")
    assert small < large


@clause("PS3.18 9.5.1.2", "{name}={given} of the URI service is an invalid value, refused with 400")
@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("rows", "-1"),
        ("columns", "wide"),
        ("imageQuality", "0"),
        ("imageQuality", "101"),
        ("region", "0.5,0.5,0.1,0.1"),
        ("region", "a,b,c,d"),
    ],
)
def test_invalid_value(server: Server, base: str, archive: Archive, name: str, given: str) -> None:
    answer = fetch(server, base, archive["axial 1"], contentType="image/jpeg", **{name: given})
    if answer.status_code == 200 and answer.content == fetch(server, base, archive["axial 1"], contentType="image/jpeg").content:
        pytest.skip(f"not offered: WADO-URI: {name}, which is ignored")
    assert answer.status_code == 400


@pytest.fixture(scope="module")
def through(server: Server, archive: Archive) -> tuple[Specimen, Specimen, dict[str, object]]:
    """Two stored images, and the parameters that ask for the first through a stored presentation state of it, as a PNG."""
    image, other = archive.spares(2)
    state = objects.presentation_state(objects.Series(image.data_set, 2, "PR", "states"), 1, image)
    assert server.store(image.file, other.file, state.file).status_code == 200
    return image, other, {"presentationSeriesUID": state.series, "presentationUID": state.uid, "contentType": "image/png"}


Through = tuple[Specimen, Specimen, dict[str, object]]


@clause("PS3.18 9.5.2", "presentationUID with presentationSeriesUID: the image is rendered as the presentation state says")
def test_presentation_state(server: Server, base: str, through: Through) -> None:
    image, _, asked = through
    plain = picture(fetch(server, base, image, contentType="image/png"))
    shown = picture(offered(fetch(server, base, image, **asked), "WADO-URI: presentationUID", (400, 406, 501)))
    if plain.tobytes() == shown.tobytes():
        pytest.skip("not offered: WADO-URI: presentationUID, which is ignored")
    stored = np.frombuffer(image.frames[0], "<u2").reshape(ROWS, COLUMNS).astype(float)
    wanted = 255 - ((stored - 2047.5) / 4095 + 0.5) * 255
    assert np.abs(np.asarray(shown.convert("L")).astype(float) - wanted).max() <= 1.5


@clause("PS3.18 9.5.1.2", "a presentation state with {what} is refused with {statuses}")
@pytest.mark.parametrize(
    ("what", "given", "statuses"),
    [
        ("windowCenter and windowWidth", WINDOW, (400,)),
        ("region", {"region": "0.25,0.25,0.75,0.75"}, (400,)),
        ("a presentationUID that was never stored", {"presentationUID": "1.2.3.4.5.6.7"}, (400, 404)),
    ],
)
def test_refused_presentation_state(
    server: Server, base: str, through: Through, what: str, given: dict[str, object], statuses: tuple[int, ...]
) -> None:
    image, _, asked = through
    answer = offered(fetch(server, base, image, **asked), "WADO-URI: presentationUID", (400, 406, 501))
    if answer.content == fetch(server, base, image, contentType="image/png").content:
        pytest.skip("not offered: WADO-URI: presentationUID, which is ignored")
    assert fetch(server, base, image, **{**asked, **given}).status_code in statuses, what


@clause("PS3.18 9.5.2", "an image to which the presentation state does not refer is not rendered through it")
def test_image_of_another_state(server: Server, base: str, through: Through) -> None:
    image, other, asked = through
    answer = offered(fetch(server, base, image, **asked), "WADO-URI: presentationUID", (400, 406, 501))
    if answer.content == fetch(server, base, image, contentType="image/png").content:
        pytest.skip("not offered: WADO-URI: presentationUID, which is ignored")
    assert fetch(server, base, other, **asked).status_code in (400, 404)


@clause("PS3.18 9.4.1.2.1", "anonymize=yes takes the patient's name and ID out")
def test_anonymize(server: Server, base: str, archive: Archive) -> None:
    answer = offered(
        fetch(server, base, archive["axial 1"], contentType="application/dicom", anonymize="yes"), "WADO-URI: anonymize", (400, 406, 501)
    )
    got = read_part10(answer.content)
    if got.PatientID == archive.patient_id:
        pytest.skip("not offered: WADO-URI: anonymize, which is ignored")
    assert "Conformance" not in str(got.get("PatientName", ""))


@clause("PS3.18 8.7.4", "a Structured Report comes as text/html by the URI service")
def test_report(server: Server, base: str, archive: Archive) -> None:
    answer = offered(fetch(server, base, archive["report"], contentType="text/html"), "WADO-URI: text/html", (400, 406, 422))
    assert "Unauffälliger Befund" in answer.text
