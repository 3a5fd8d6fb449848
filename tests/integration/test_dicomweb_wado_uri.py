"""WADO-URI (PS3.18 chapter 9) over the real layers in one process."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.uid import RLELossless

from dicomweb_kit.objects import as_file, ct
from dicomweb_kit.pacs import Pacs, open_pacs
from dicomweb_kit.states import reference, state, written

NAMED = {"requestType": "WADO", "studyUID": "1.2.3", "seriesUID": "1.2.3.1", "objectUID": "1.2.3.1.1"}
FRAMES = {**NAMED, "studyUID": "1.2.4", "seriesUID": "1.2.4.1", "objectUID": "1.2.4.1.1"}
DICOM = {"contentType": "application/dicom"}


@pytest.fixture(scope="module")
def pacs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pacs]:
    with open_pacs(tmp_path_factory.mktemp("pacs")) as opened:
        assert opened.store(as_file(ct(1)), as_file(ct(1, study="1.2.4", series="1.2.4.1", frames=3), RLELossless)).status_code == 200
        for study in ("1.2.4", "1.2.3"):
            assert opened.store(written(state(study, f"{study}.9", reference(f"{study}.1.1", 2, 3)))).status_code == 200
        yield opened


@pytest.fixture(scope="module")
def report(pacs: Pacs, corpus: Path) -> dict[str, str]:
    """The parameters that name an object without pixels."""
    data = (corpus / "modality/SR_RDSR/CT-RDSR-GEPixelMed.dcm").read_bytes()
    assert pacs.store(data).status_code == 200
    data_set = pydicom.dcmread(io.BytesIO(data))
    uids = (data_set.StudyInstanceUID, data_set.SeriesInstanceUID, data_set.SOPInstanceUID)
    return {"requestType": "WADO", **dict(zip(("studyUID", "seriesUID", "objectUID"), uids, strict=True))}


def path(*parameters: dict[str, str]) -> str:
    return "/wado?" + urlencode({name: value for some in parameters for name, value in some.items()})


def picture(pacs: Pacs, *parameters: dict[str, str]) -> Image.Image:
    response = pacs.get(path(*parameters))
    assert response.status_code == 200, response.text
    return Image.open(io.BytesIO(response.content))


class TestObjects:
    def test_as_dicom(self, pacs: Pacs) -> None:
        response = pacs.get(path(NAMED, DICOM))
        assert response.content == as_file(ct(1))
        assert response.headers["content-type"] == "application/dicom; transfer-syntax=1.2.840.10008.1.2.1"
        assert pacs.get(path(NAMED), "application/dicom").content == response.content
        part = pacs.get(path(NAMED, DICOM), range="bytes=128-131")
        assert (part.status_code, part.content) == (206, b"DICM")

    def test_what_is_no_image_is_given_as_it_is(self, pacs: Pacs, report: dict[str, str]) -> None:
        assert pacs.get(path(report)).headers["content-type"].startswith("application/dicom;")
        assert pacs.get(path(report, {"contentType": "image/jpeg"})).status_code == 406

    @pytest.mark.parametrize(
        ("asked", "given"),
        [
            ("", "1.2.840.10008.1.2.1"),
            ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1"),
            (RLELossless, RLELossless),
            ("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.80"),
        ],
    )
    def test_transfer_syntaxes(self, pacs: Pacs, asked: str, given: str) -> None:
        response = pacs.get(path(FRAMES, DICOM, {"transferSyntax": asked} if asked else {}))
        assert pydicom.dcmread(io.BytesIO(response.content)).file_meta.TransferSyntaxUID == given

    def test_transfer_syntaxes_that_cannot_be_had(self, pacs: Pacs) -> None:
        for syntax in ("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2", "1.2.3"):
            assert pacs.get(path(NAMED, DICOM, {"transferSyntax": syntax})).status_code == 406


class TestPresentationStates:
    """The states of both studies invert their frames 2 and 3."""

    STATE = {"presentationSeriesUID": "1.2.4.9", "presentationUID": "1.2.4.9.1", "contentType": "image/png"}  # noqa: RUF012  read only

    def test_the_frame_is_shown_as_the_state_says(self, pacs: Pacs) -> None:
        rendered = pacs.get("/studies/1.2.4/series/1.2.4.9/instances/1.2.4.9.1/rendered", "image/png").content
        through = pacs.get(path(FRAMES, self.STATE, {"frameNumber": "2"}))
        assert through.content == rendered
        plain = np.asarray(picture(pacs, FRAMES, {"contentType": "image/png", "frameNumber": "2"}))
        assert not np.array_equal(np.asarray(picture(pacs, FRAMES, self.STATE, {"frameNumber": "2"})), plain)
        assert pacs.get(path(FRAMES, self.STATE)).content == rendered, "without a number the first that it shows"
        asked = [path(FRAMES, {"frameNumber": "2"}, more) for more in (self.STATE, {"contentType": "image/png"})]
        assert len({pacs.get(one).headers["etag"] for one in asked}) == 2
        assert picture(pacs, FRAMES, self.STATE, {"rows": "16"}).size == (24, 16)

    @pytest.mark.parametrize(
        ("more", "status"),
        [
            ({"frameNumber": "1"}, 400),
            ({"windowCenter": "1", "windowWidth": "2"}, 400),
            ({"region": "0,0,1,1"}, 400),
            ({"presentationSeriesUID": "1.2.4.1"}, 404),
            ({"presentationSeriesUID": "1.2.3.9", "presentationUID": "1.2.3.9.1"}, 404),
        ],
    )
    def test_what_does_not_go_together(self, pacs: Pacs, more: dict[str, str], status: int) -> None:
        assert pacs.get(path({**FRAMES, **self.STATE, **more})).status_code == status


class TestPictures:
    def test_formats(self, pacs: Pacs) -> None:
        assert (picture(pacs, NAMED).format, picture(pacs, NAMED).size) == ("JPEG", (48, 32))
        assert picture(pacs, NAMED, {"contentType": "image/png"}).format == "PNG"
        assert picture(pacs, NAMED, {"contentType": "image/gif"}).format == "GIF"
        assert picture(pacs, NAMED, {"contentType": "image/avif, image/png"}).format == "PNG"

    def test_as_the_rendered_resource_has_them(self, pacs: Pacs) -> None:
        rendered = pacs.get("/studies/1.2.4/series/1.2.4.1/instances/1.2.4.1.1/frames/2/rendered?window=100,50", "image/png").content
        asked = path(FRAMES, {"contentType": "image/png", "frameNumber": "2", "windowCenter": "100", "windowWidth": "50"})
        given = pacs.get(asked)
        assert given.content == rendered
        again = pacs.get(asked, **{"if-none-match": given.headers["etag"]})
        assert again.status_code == 304

    def test_sizes(self, pacs: Pacs) -> None:
        assert picture(pacs, NAMED, {"rows": "16", "columns": "16"}).size == (16, 11)
        assert picture(pacs, NAMED, {"rows": "16"}).size == (24, 16)
        assert picture(pacs, NAMED, {"columns": "96"}).size == (96, 64)

    def test_regions(self, pacs: Pacs) -> None:
        whole = np.asarray(picture(pacs, NAMED, {"contentType": "image/png"}))
        part = np.asarray(picture(pacs, NAMED, {"contentType": "image/png", "region": "0.5,0.25,1,0.75"}))
        assert (part == whole[8:24, 24:48]).all()


@pytest.mark.parametrize(
    ("parameters", "status"),
    [
        ({"requestType": "WADO2"}, 400),
        ({"requestType": ""}, 400),
        ({"studyUID": ""}, 400),
        ({"objectUID": "../../etc"}, 400),
        ({"objectUID": "9.9"}, 404),
        ({"seriesUID": "1.2.4.1"}, 404),
        ({"frameNumber": "0"}, 400),
        ({"frameNumber": "x"}, 400),
        ({"frameNumber": "2"}, 404),
        ({"windowCenter": "1"}, 400),
        ({"windowCenter": "nan", "windowWidth": "5"}, 400),
        ({"windowCenter": "1", "windowWidth": "0"}, 400),
        ({"rows": "0"}, 400),
        ({"rows": "99999"}, 400),
        ({"columns": "1.5"}, 400),
        ({"region": "0,0,1"}, 400),
        ({"region": "0,0,1,1,1"}, 400),
        ({"region": "0.5,0,0.5,1"}, 400),
        ({"region": "0,0,2,1"}, 400),
        ({"region": "nan,0,1,1"}, 400),
        ({"imageQuality": "0"}, 400),
        ({"imageQuality": "101"}, 400),
        ({"transferSyntax": "1.2.840.10008.1.2.1"}, 400),
        ({"contentType": "application/dicom", "rows": "5"}, 400),
        ({"contentType": "application/dicom", "transferSyntax": "x"}, 400),
        ({"contentType": "text/html"}, 406),
        ({"contentType": "nonsense"}, 400),
        ({"anonymize": "yes"}, 406),
        ({"contentType": "application/dicom", "anonymize": "yes"}, 406),
        ({"annotation": "patient"}, 406),
        ({"presentationUID": "1.2.3"}, 400),
        ({"presentationSeriesUID": "1.2.3"}, 400),
        ({"presentationUID": "x", "presentationSeriesUID": "1.2.3.1"}, 400),
        ({"presentationUID": "9.9", "presentationSeriesUID": "1.2.3.1"}, 404),
        ({"presentationUID": "1.2.3.1.1", "presentationSeriesUID": "1.2.3.1"}, 406),
        ({"presentationUID": "1.2.3.1.1", "presentationSeriesUID": "1.2.3.1", "contentType": "application/dicom"}, 400),
    ],
)
def test_what_is_refused(pacs: Pacs, parameters: dict[str, str], status: int) -> None:
    response = pacs.get(path(NAMED, parameters))
    assert (response.status_code, set(response.json()["error"])) == (status, {"code", "message"})


def test_without_parameters(pacs: Pacs) -> None:
    assert pacs.get("/wado").status_code == 400
    assert pacs.request("POST", "/wado").status_code == 405
