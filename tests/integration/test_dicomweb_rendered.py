"""Rendered resources and thumbnails at every level, through the whole service (PS3.18 10.4.1.1.3, 10.4.1.1.4)."""

from __future__ import annotations

import email.parser
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import JPEGBaseline8Bit

from dicomweb_kit.objects import as_file, ct
from dicomweb_kit.pacs import ROOT, Pacs, open_pacs, parts_of
from dicomweb_kit.states import reference, state, without_pixels, written
from hounsfield.codecs.icc import known_profile
from hounsfield.codecs.presentation import ColourSpace

STUDY = "/studies/1.2.3"
SINGLE, MOVING, COLOUR, STATE, REPORT = (
    f"{STUDY}/series/{series}/instances/{series}.{number}"
    for series, number in (("1.2.3.1", 1), ("1.2.3.2", 1), ("1.2.3.3", 1), ("1.2.3.4", 1), ("1.2.3.5", 1))
)
ORPHAN = "/studies/1.2.4/series/1.2.4.1/instances/1.2.4.1.1"
PARTS = 'multipart/related; type="image/jpeg"'


def colour() -> Dataset:
    found = ct(1, series="1.2.3.3", Modality="XC", SeriesNumber=3)
    del found.WindowCenter, found.WindowWidth
    found.SamplesPerPixel, found.PhotometricInterpretation, found.PlanarConfiguration = 3, "RGB", 0
    found.BitsAllocated, found.BitsStored, found.HighBit = 8, 8, 7
    found.PixelData = np.random.default_rng(3).integers(0, 255, 32 * 48 * 3, dtype=np.uint8).tobytes()
    found.ICCProfile = known_profile(ColourSpace.ADOBE_RGB)
    return found


@pytest.fixture(scope="module")
def pacs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pacs]:
    with open_pacs(tmp_path_factory.mktemp("rendered")) as opened:
        scout = [ct(number, series="1.2.3.0", SeriesNumber=1, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"]) for number in (1, 2, 3)]
        stack = [ct(number, SeriesNumber=2, PixelData=np.full((32, 48), 400 * number, "<u2").tobytes()) for number in (1, 2, 3, 4, 5)]
        moving = ct(1, series="1.2.3.2", frames=4, SeriesNumber=3, Modality="XA", FrameTime="50", RepresentativeFrameNumber=3)
        objects = [*scout, *stack, moving]
        opened.store(*map(as_file, objects))
        window = Dataset()
        window.WindowCenter, window.WindowWidth = "1000", "2000"
        shown = state("1.2.3", "1.2.3.4", reference("1.2.3.1.1"), reference("1.2.3.2.1", 2, 4), SoftcopyVOILUTSequence=Sequence([window]))
        report = without_pixels(ct(1, series="1.2.3.5"), "1.2.840.10008.5.1.4.1.1.88.11", "SR")
        orphan = state("1.2.4", "1.2.4.1", reference("9.9.9"))
        lonely = without_pixels(ct(1, study="1.2.5", series="1.2.5.1"), "1.2.840.10008.5.1.4.1.1.88.59", "KO")
        video = ct(1, study="1.2.6", series="1.2.6.1")
        answer = opened.store(*map(written, (colour(), shown, report, orphan, lonely, video)))
        assert answer.status_code == 200, answer.text
        yield opened


def picture(response: httpx.Response) -> Image.Image:
    assert response.status_code == 200, response.text
    return Image.open(BytesIO(response.content))


def mean(response: httpx.Response) -> float:
    return float(np.asarray(picture(response).convert("L")).mean())


def locations(response: httpx.Response) -> list[str]:
    boundary = email.parser.HeaderParser().parsestr(f"Content-Type: {response.headers['content-type']}").get_boundary()
    sections = response.content.split(b"--" + str(boundary).encode())[1:-1]
    heads = [email.parser.BytesHeaderParser().parsebytes(section.partition(b"\r\n\r\n")[0].lstrip()) for section in sections]
    return [str(head["content-location"]) for head in heads]


class TestParts:
    def test_every_frame_of_an_instance(self, pacs: Pacs) -> None:
        response = pacs.get(f"{MOVING}/rendered", PARTS)
        assert response.status_code == 200
        found = parts_of(response)
        assert [kind for kind, _ in found] == ["image/jpeg"] * 4
        assert locations(response) == [f"{ROOT}{MOVING}/frames/{number}/rendered" for number in (1, 2, 3, 4)]
        assert found[2][1] == pacs.get(f"{MOVING}/frames/3/rendered", "image/jpeg").content

    def test_frames_in_the_order_of_the_list(self, pacs: Pacs) -> None:
        response = pacs.get(f"{MOVING}/frames/4,1/rendered", 'multipart/related; type="image/png"')
        assert [kind for kind, _ in parts_of(response)] == ["image/png"] * 2
        assert [where.split("/")[-2] for where in locations(response)] == ["4", "1"]
        assert len(parts_of(pacs.get(f"{MOVING}/frames/1,2/rendered", "*/*"))) == 2

    @pytest.mark.parametrize("accept", ["image/jpeg", "image/png", "text/html"])
    def test_several_frames_are_not_one_picture(self, pacs: Pacs, accept: str) -> None:
        assert pacs.get(f"{MOVING}/frames/1,2/rendered", accept).status_code == 406

    @pytest.mark.parametrize(("listed", "status"), [("5", 404), ("0", 404), ("1,9", 404), ("x", 400), ("", 400)])
    def test_frames_that_are_none(self, pacs: Pacs, listed: str, status: int) -> None:
        assert pacs.get(f"{MOVING}/frames/{listed}/rendered", "*/*").status_code == status

    def test_a_study_and_a_series(self, pacs: Pacs) -> None:
        """Without a wish it is a multipart message (PS3.18 table 8.7.4-1 gives JPEG for each); the report and the state are no pictures."""
        whole = pacs.get(f"{STUDY}/rendered")
        assert len(parts_of(whole)) == 3 + 5 + 4 + 1
        assert whole.headers["content-type"].startswith('multipart/related; type="image/jpeg"')
        series = pacs.get(f"{STUDY}/series/1.2.3.1/rendered", 'multipart/related; type="image/gif"')
        assert [Image.open(BytesIO(body)).format for _, body in parts_of(series)] == ["GIF"] * 5

    def test_one_picture_of_a_study_is_the_one_that_stands_for_it(self, pacs: Pacs) -> None:
        for path in (STUDY, f"{STUDY}/series/1.2.3.1"):
            one = picture(pacs.get(f"{path}/rendered", "image/png"))
            assert np.array_equal(
                np.asarray(one), np.asarray(picture(pacs.get(f"{STUDY}/series/1.2.3.1/instances/1.2.3.1.3/rendered", "image/png")))
            )

    def test_what_is_not_there(self, pacs: Pacs) -> None:
        for path in ("/studies/9.9", f"{STUDY}/series/9.9", f"{STUDY}/series/1.2.3.5", REPORT, "/studies/1.2.5"):
            for accept in (PARTS, "image/jpeg"):
                response = pacs.get(f"{path}/rendered", accept)
                assert response.status_code == 404 and response.json()["error"]["code"] == "not-found", path


class TestMoving:
    def test_a_gif_moves_as_the_header_says(self, pacs: Pacs) -> None:
        response = pacs.get(f"{MOVING}/rendered", "image/gif")
        assert response.headers["content-type"] == "image/gif"
        with picture(response) as shown:
            assert (shown.format, shown.n_frames, shown.size) == ("GIF", 4, (48, 32))
            durations = []
            for number in range(4):
                shown.seek(number)
                durations.append(shown.info["duration"])
                still = picture(pacs.get(f"{MOVING}/frames/{number + 1}/rendered", "image/png"))
                assert np.array_equal(np.asarray(shown.convert("L")), np.asarray(still))
            assert durations == [50] * 4
        assert pacs.get(f"{MOVING}/rendered", "image/gif", **{"if-none-match": response.headers["etag"]}).status_code == 304

    def test_some_frames_and_one(self, pacs: Pacs) -> None:
        some = picture(pacs.get(f"{MOVING}/frames/1,3/rendered?viewport=24,24", "image/gif"))
        assert (some.n_frames, some.size, some.info["duration"]) == (2, (24, 16), 100)  # type: ignore[attr-defined]
        assert not getattr(picture(pacs.get(f"{SINGLE}/rendered", "image/gif")), "is_animated", False)

    def test_without_an_encoder_there_are_no_videos(self, pacs: Pacs) -> None:
        assert pacs.get(f"{MOVING}/rendered", "video/mp4").status_code == 406


class TestPresentationStates:
    def test_its_first_image_is_shown_as_it_says(self, pacs: Pacs) -> None:
        shown = np.asarray(picture(pacs.get(f"{STATE}/rendered", "image/png"))).astype(int)
        plain = np.asarray(picture(pacs.get(f"{SINGLE}/rendered", "image/png"))).astype(int)
        assert np.array_equal(shown, 255 - plain)

    def test_all_its_frames(self, pacs: Pacs) -> None:
        response = pacs.get(f"{STATE}/rendered", PARTS)
        assert response.status_code == 200 and len(parts_of(response)) == 3
        assert [where.split("/instances/")[1] for where in locations(response)] == [
            "1.2.3.1.1/frames/1/rendered",
            "1.2.3.2.1/frames/2/rendered",
            "1.2.3.2.1/frames/4/rendered",
        ]
        assert len(parts_of(pacs.get(f"{STUDY}/series/1.2.3.4/rendered"))) == 3

    def test_images_that_are_missing(self, pacs: Pacs) -> None:
        for path in (ORPHAN, "/studies/1.2.4"):
            for resource in ("rendered", "thumbnail"):
                response = pacs.get(f"{path}/{resource}", "image/jpeg")
                assert response.status_code == 404 and "presentation state refers to" in response.json()["error"]["message"]

    def test_it_says_itself_what_is_shown(self, pacs: Pacs) -> None:
        """PS3.18 table 8.3.5-1: of the viewport only the size, and no window."""
        assert picture(pacs.get(f"{STATE}/rendered?viewport=24,24", "image/png")).size == (24, 16)
        for query in ("window=1,2,linear", "viewport=24,24,1,1,5,5"):
            assert pacs.get(f"{STATE}/rendered?{query}", "image/png").status_code == 400

    def test_a_change_of_the_state_is_another_picture(self, pacs: Pacs) -> None:
        assert pacs.get(f"{STATE}/rendered", "image/png").headers["etag"] != pacs.get(f"{SINGLE}/rendered", "image/png").headers["etag"]

    def test_its_thumbnail(self, pacs: Pacs) -> None:
        assert picture(pacs.get(f"{STATE}/thumbnail", "image/png")).size == (48, 32)


class TestParameters:
    def test_annotations_are_written_into_the_picture(self, pacs: Pacs) -> None:
        def pixels(query: str) -> np.ndarray:
            return np.asarray(picture(pacs.get(f"{SINGLE}/rendered?viewport=480,320{query}", "image/png"))).astype(int)

        plain = pixels("")
        patient, technique, both = (pixels(f"&annotation={words}") for words in ("patient", "technique", "patient,technique"))
        assert (patient != plain)[:160].any() and not (patient != plain)[160:].any()
        assert (technique != plain)[160:].any() and not (technique != plain)[:160].any()
        assert np.array_equal(both != plain, (patient != plain) | (technique != plain))

    def test_profiles(self, pacs: Pacs) -> None:
        own = known_profile(ColourSpace.ADOBE_RGB)
        assert picture(pacs.get(f"{COLOUR}/rendered?iccprofile=yes", "image/jpeg")).info["icc_profile"].rstrip(b"\0") == own.rstrip(b"\0")
        assert "icc_profile" not in picture(pacs.get(f"{COLOUR}/rendered?iccprofile=no", "image/png")).info
        pictures = [np.asarray(picture(pacs.get(f"{COLOUR}/rendered?iccprofile={space}", "image/png"))) for space in ("yes", "srgb")]
        assert not np.array_equal(*pictures)

    @pytest.mark.parametrize(
        "query",
        ["annotation=", "annotation=patient,size", "annotation=PATIENT", "iccprofile=", "iccprofile=cmyk", "viewport=10,10,99,0,1,1"],
    )
    def test_what_cannot_be_understood(self, pacs: Pacs, query: str) -> None:
        response = pacs.get(f"{COLOUR}/rendered?{query}", "image/jpeg")
        assert response.status_code == 400 and response.json()["error"]["code"].startswith("invalid")

    def test_parts_of_the_image(self, pacs: Pacs) -> None:
        def pixels(query: str) -> np.ndarray:
            return np.asarray(picture(pacs.get(f"{MOVING}/rendered?viewport={query}", "image/png")))

        whole = pixels("48,32")
        assert np.array_equal(pixels("10,8,4,2,10,8"), whole[2:10, 4:14])
        assert np.array_equal(pixels("48,32,,,-48,32"), whole[:, ::-1])
        assert np.array_equal(pixels("48,32,,,48,-32"), whole[::-1])
        assert np.array_equal(pixels("38,32,10"), whole[:, 10:])


class TestThumbnails:
    def test_of_a_study_the_middle_of_what_was_looked_for(self, pacs: Pacs) -> None:
        middle = pacs.get(f"{STUDY}/series/1.2.3.1/instances/1.2.3.1.3/thumbnail", "image/png")
        assert pacs.get(f"{STUDY}/thumbnail", "image/png").content == middle.content
        scout = pacs.get(f"{STUDY}/series/1.2.3.0/thumbnail", "image/png")
        assert scout.status_code == 200 and scout.content != middle.content

    def test_of_many_frames_the_representative_one(self, pacs: Pacs) -> None:
        chosen = pacs.get(f"{MOVING}/frames/3/thumbnail", "image/png").content
        assert pacs.get(f"{MOVING}/thumbnail", "image/png").content == chosen
        assert pacs.get(f"{STUDY}/series/1.2.3.2/thumbnail", "image/png").content == chosen

    def test_it_names_nobody(self, pacs: Pacs) -> None:
        plain = pacs.get(f"{STUDY}/thumbnail", "image/png")
        assert pacs.get(f"{STUDY}/thumbnail?annotation=patient", "image/png").content == plain.content

    @pytest.mark.parametrize("path", ["/studies/1.2.5", REPORT, f"{STUDY}/series/1.2.3.5"])
    def test_without_images_there_is_none(self, pacs: Pacs, path: str) -> None:
        assert pacs.get(f"{path}/thumbnail").status_code == 404


def test_what_a_broken_image_costs_is_its_own_picture(tmp_path: Path) -> None:
    """A header that claims more frames than there are, and a stream that no decoder reads, among whole images."""
    with open_pacs(tmp_path) as pacs:
        claiming = ct(1, study="1.2.7", series="1.2.7.1", frames=3)
        claiming.NumberOfFrames = 9
        broken = ct(2, study="1.2.7", series="1.2.7.1")
        broken.PixelData = encapsulate([b"\xff\xd8\xff\xe0 no picture"])
        broken["PixelData"].is_undefined_length = True
        pacs.store(as_file(claiming), as_file(broken, JPEGBaseline8Bit), as_file(ct(3, study="1.2.7", series="1.2.7.1")))
        answer = pacs.get("/studies/1.2.7/rendered", PARTS)
        assert answer.status_code == 206
        places = [place.split("/instances/")[1] for place in locations(answer)]
        assert places == [
            *(f"1.2.7.1.1/frames/{number}/rendered" for number in (1, 2, 3)),
            "1.2.7.1.3/frames/1/rendered",
        ]
        assert pacs.get("/studies/1.2.7/series/1.2.7.1/instances/1.2.7.1.2/rendered", "image/jpeg").status_code == 422
        assert pacs.get("/studies/1.2.7/series/1.2.7.1/instances/1.2.7.1.1/frames/4/rendered", "image/jpeg").status_code == 404
