"""WADO-RS: rendered resources and thumbnails (PS3.18 10.4.1.1.3, 10.4.1.1.4, 8.3.5, 8.7.4)."""

from __future__ import annotations

import io

import httpx
import numpy as np
import pytest
from PIL import Image

from conformance_kit.archive import Archive
from conformance_kit.catalogue import clause
from conformance_kit.client import DECLINED, UNKNOWN_TYPE, Query, Server, offered
from conformance_kit.multipart import parts_of
from conformance_kit.objects import COLUMNS, ROWS, Specimen

PICTURES = {"image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF"}
KINDS = ["axial 1", "mixed 1", "jpeg", "implicit 1", "colour", "multi-frame"]
LEVELS = {
    "study": "/studies/{study}",
    "series": "/studies/{study}/series/{series}",
    "instance": "/studies/{study}/series/{series}/instances/{uid}",
}


def path_of(level: str, specimen: Specimen) -> str:
    if level == "frame":
        return f"{specimen.path}/frames/1"
    return LEVELS[level].format(study=specimen.study, series=specimen.series, uid=specimen.uid)


def rendered(server: Server, path: str, accept: str = "image/jpeg", query: Query = ()) -> httpx.Response:
    return offered(
        server.get(f"{path}/rendered", accept, query), f"rendered as {accept.partition(';')[0]}", DECLINED if query else UNKNOWN_TYPE
    )


def picture(answer: httpx.Response) -> Image.Image:
    """The picture, from one part or the first of several."""
    assert answer.status_code == 200
    data = parts_of(answer)[0].body if answer.headers["content-type"].startswith("multipart/") else answer.content
    shown = Image.open(io.BytesIO(data))
    shown.load()
    return shown


@clause("PS3.18 10.4.1.1.3", "{name} is rendered as {media_type}")
@pytest.mark.parametrize("media_type", PICTURES)
@pytest.mark.parametrize("name", KINDS)
def test_kinds(server: Server, archive: Archive, name: str, media_type: str) -> None:
    answer = rendered(server, archive[name].path, media_type)
    assert answer.headers["content-type"].partition(";")[0] == media_type
    assert picture(answer).format == PICTURES[media_type]


@clause("PS3.18 10.4.1.1.3", "a rendered {name} has the size of the image where no viewport is given")
@pytest.mark.parametrize("name", ["axial 1", "colour", "multi-frame"])
def test_size(server: Server, archive: Archive, name: str) -> None:
    assert picture(rendered(server, archive[name].path)).size == (COLUMNS, ROWS)


@clause("PS3.18 10.4.1.1.3", "a frame is rendered as {media_type}")
@pytest.mark.parametrize("media_type", PICTURES)
def test_frame(server: Server, archive: Archive, media_type: str) -> None:
    shown = picture(rendered(server, f"{archive['multi-frame'].path}/frames/2", media_type))
    assert (shown.format, shown.size) == (PICTURES[media_type], (COLUMNS, ROWS))


@clause("PS3.18 10.4.1.1.3", "each frame is rendered with its own pixels")
def test_own_pixels(server: Server, archive: Archive) -> None:
    shown = [picture(rendered(server, f"{archive['multi-frame'].path}/frames/{number}", "image/png")).tobytes() for number in (1, 2, 3)]
    assert len(set(shown)) == 3


@clause("PS3.18 10.4.1.1.3", "one {level} is rendered")
@pytest.mark.parametrize("level", ["study", "series"])
def test_levels(server: Server, archive: Archive, level: str) -> None:
    assert picture(rendered(server, path_of(level, archive["axial 1"]))).format == "JPEG"


@clause("PS3.18 8.7.4", "{what} is rendered as image/jpeg, the default, where anything is accepted")
@pytest.mark.parametrize("what", ["an Instance", "a frame"])
def test_default(server: Server, archive: Archive, what: str) -> None:
    path = archive["axial 1"].path + ("/frames/1" if what == "a frame" else "")
    assert rendered(server, path, "*/*").headers["content-type"].startswith("image/jpeg")


@clause("PS3.18 8.7.4", "image/jpeg is JPEG baseline: Huffman coded, sequential, 8 bits")
def test_baseline(server: Server, archive: Archive) -> None:
    data = rendered(server, archive["axial 1"].path).content
    assert data[:2] == b"\xff\xd8"
    assert b"\xff\xc0" in data
    assert b"\xff\xc2" not in data[: data.index(b"\xff\xda")]


@clause("PS3.18 8.7.4", "a rendered picture has no more than 8 bits per channel: {media_type}")
@pytest.mark.parametrize("media_type", PICTURES)
def test_depth(server: Server, archive: Archive, media_type: str) -> None:
    assert picture(rendered(server, archive["axial 1"].path, media_type)).mode in ("L", "P", "RGB", "RGBA", "LA", "1")


@clause("PS3.18 8.3.3.1", "the query parameter accept chooses the rendered media type before the header")
def test_accept_parameter(server: Server, archive: Archive) -> None:
    answer = rendered(server, archive["axial 1"].path, "image/jpeg", [("accept", "image/png")])
    assert picture(answer).format == "PNG"


@clause("PS3.18 8.7.8", "an Instance in a rendered media type that no server has is refused with 406")
def test_unacceptable(server: Server, archive: Archive) -> None:
    rendered(server, archive["axial 1"].path)
    assert server.get(f"{archive['axial 1'].path}/rendered", "image/x-none").status_code == 406


@clause("PS3.18 8.7.5", "of several acceptable rendered media types the one with the highest q is given")
def test_weights(server: Server, archive: Archive) -> None:
    assert picture(rendered(server, archive["axial 1"].path, "image/jpeg;q=0.2, image/png;q=0.9")).format == "PNG"


VIEWPORTS = [("24,24", (24, 16)), ("96,96", (96, 64)), ("96,32", (48, 32)), ("12,100", (12, 8)), ("48,32", (48, 32))]


@clause(
    "PS3.18 8.3.5.1.3", "viewport={viewport}: the picture is scaled to fill it one way, its aspect ratio kept, or is padded to its size"
)
@pytest.mark.parametrize(("viewport", "size"), VIEWPORTS)
def test_viewport(server: Server, archive: Archive, viewport: str, size: tuple[int, int]) -> None:
    shown = picture(rendered(server, archive["colour"].path, query=[("viewport", viewport)]))
    filled = tuple(int(side) for side in viewport.split(","))
    assert shown.size == filled or max(abs(shown.size[0] - size[0]), abs(shown.size[1] - size[1])) <= 1


@clause("PS3.18 8.3.5.1.3", "viewport with a region shows that part of the image only")
def test_region(server: Server, archive: Archive) -> None:
    whole = np.asarray(picture(rendered(server, archive["colour"].path, "image/png")).convert("RGB"))
    part = np.asarray(picture(rendered(server, archive["colour"].path, "image/png", [("viewport", "24,16,8,4,24,16")])).convert("RGB"))
    assert part.shape == (16, 24, 3)
    assert np.array_equal(part, whole[4:20, 8:32])


WINDOWS = [
    ("1000,2000,linear", "linear"),
    ("500,100,linear", "linear"),
    ("1000,2000,linear-exact", "linear-exact"),
    ("1000,500,sigmoid", "sigmoid"),
]


@clause("PS3.18 8.3.5.1.4", "window={window} is applied as PS3.3 C.11.2.1.2 says")
@pytest.mark.parametrize(("window", "shape"), WINDOWS)
def test_window(server: Server, archive: Archive, window: str, shape: str) -> None:
    center, width = (float(number) for number in window.split(",")[:2])
    stored = np.frombuffer(archive["axial 1"].frames[0], "<u2").reshape(ROWS, COLUMNS).astype(float)
    if shape == "linear":
        wanted = ((stored - (center - 0.5)) / (width - 1) + 0.5) * 255
    elif shape == "linear-exact":
        wanted = ((stored - center) / width + 0.5) * 255
    else:
        wanted = 255 / (1 + np.exp(-4 * (stored - center) / width))
    shown = np.asarray(picture(rendered(server, archive["axial 1"].path, "image/png", [("window", window)])).convert("L")).astype(float)
    assert np.abs(shown - np.clip(wanted, 0, 255)).max() <= 1.5


@clause("PS3.4 N.2.3", "without a window that of the Instance is applied")
def test_stored_window(server: Server, archive: Archive) -> None:
    without = picture(rendered(server, archive["axial 1"].path, "image/png")).convert("L").tobytes()
    same = picture(rendered(server, archive["axial 1"].path, "image/png", [("window", "1000,2000,linear")])).convert("L").tobytes()
    assert without == same


@clause("PS3.18 8.3.5.1.2", "a higher quality gives a larger JPEG")
def test_quality(server: Server, archive: Archive) -> None:
    small, large = (len(rendered(server, archive["axial 1"].path, query=[("quality", text)]).content) for text in ("10", "95"))
    assert small < large


@clause("PS3.18 8.3", "{name}={given} of a rendered resource is an invalid value, answered with 400")
@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("viewport", "wide"),
        ("viewport", "100"),
        ("viewport", "-1,-1"),
        ("viewport", "1,2,3,4,5,6,7"),
        ("window", "bright"),
        ("window", "100"),
        ("window", "100,200,round"),
        ("quality", "0"),
        ("quality", "101"),
        ("quality", "good"),
    ],
)
def test_invalid(server: Server, archive: Archive, name: str, given: str) -> None:
    rendered(server, archive["axial 1"].path)
    assert server.get(f"{archive['axial 1'].path}/rendered", "image/jpeg", [(name, given)]).status_code == 400


@clause("PS3.18 8.3.5.1.{number}", "{name}={given} is taken, applied or not")
@pytest.mark.parametrize(
    ("number", "name", "given"),
    [("1", "annotation", "patient"), ("1", "annotation", "patient,technique"), ("5", "iccprofile", "no"), ("5", "iccprofile", "srgb")],
)
def test_taken(server: Server, archive: Archive, number: str, name: str, given: str) -> None:
    assert picture(rendered(server, archive["colour"].path, query=[(name, given)])).format == "JPEG"


@clause("PS3.18 10.4.3.1", "rendered: {what} is answered with 404")
@pytest.mark.parametrize("what", ["an Instance that was never stored", "a frame that the Instance has not"])
def test_unknown(server: Server, archive: Archive, what: str) -> None:
    rendered(server, archive["axial 1"].path)
    path = archive.spare().path if what.startswith("an Instance") else f"{archive['multi-frame'].path}/frames/4"
    assert server.get(f"{path}/rendered", "image/jpeg").status_code in (400, 404)


@clause("PS3.18 8.7.4", "a Structured Report is rendered as {media_type}")
@pytest.mark.parametrize("media_type", ["text/html", "text/plain"])
def test_report(server: Server, archive: Archive, media_type: str) -> None:
    answer = rendered(server, archive["report"].path, media_type)
    assert answer.headers["content-type"].startswith(media_type)
    assert "Unauffälliger Befund" in answer.text


@clause("PS3.18 8.7.4", "a document is rendered as application/pdf, which is what it holds")
def test_document(server: Server, archive: Archive) -> None:
    assert rendered(server, archive["document"].path, "application/pdf").content.startswith(b"%PDF")


@clause("RFC 9110 13.1.2", "a rendered Instance is not sent again to who names its ETag")
def test_not_modified(server: Server, archive: Archive) -> None:
    etag = rendered(server, archive["axial 1"].path).headers.get("etag")
    if etag is None:
        pytest.skip("not offered: ETag of rendered Instances")
    assert server.get(f"{archive['axial 1'].path}/rendered", "image/jpeg", if_none_match=etag).status_code == 304


class TestThumbnail:
    """Of every level."""

    @pytest.fixture(params=["study", "series", "instance", "frame"])
    def level(self, request: pytest.FixtureRequest) -> str:
        return str(request.param)

    @pytest.fixture
    def thumbnail(self, server: Server, archive: Archive, level: str) -> httpx.Response:
        return offered(server.get(f"{path_of(level, archive['axial 1'])}/thumbnail", "image/jpeg"), "thumbnails")

    @clause("PS3.18 10.4.1.1.4", "one {level} has a thumbnail: one picture, not multipart")
    def test_picture(self, thumbnail: httpx.Response, level: str) -> None:
        assert thumbnail.headers["content-type"].partition(";")[0] == "image/jpeg"
        assert picture(thumbnail).format == "JPEG"

    @clause("PS3.18 10.4.1.1.4", "the thumbnail of one {level} comes where anything is accepted")
    def test_anything(self, server: Server, thumbnail: httpx.Response, archive: Archive, level: str) -> None:
        assert thumbnail.status_code == 200
        assert server.get(f"{path_of(level, archive['axial 1'])}/thumbnail", "*/*").headers["content-type"].startswith("image/")

    @clause("PS3.18 10.4.1.2", "the thumbnail of one {level} fits into the viewport asked for")
    def test_viewport(self, server: Server, thumbnail: httpx.Response, archive: Archive, level: str) -> None:
        assert thumbnail.status_code == 200
        shown = picture(server.get(f"{path_of(level, archive['axial 1'])}/thumbnail", "image/jpeg", [("viewport", "20,20")]))
        assert max(shown.size) <= 20

    @clause("PS3.18 10.4.3.1", "the thumbnail of one {level} that was never stored is answered with 404")
    def test_unknown(self, server: Server, thumbnail: httpx.Response, archive: Archive, level: str) -> None:
        assert thumbnail.status_code == 200
        path = {"study": "", "series": "/series/1.2.3.4.7", "instance": "/series/1.2.3.4.7/instances/1.2.3.4.8"}
        below = path.get(level, "/series/1.2.3.4.7/instances/1.2.3.4.8/frames/1")
        assert server.get(f"/studies/1.2.3.4.6{below}/thumbnail", "image/jpeg").status_code == 404
