"""The published OHIF viewer works unchanged: its list finds the studies, and it shows them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pydicom
import pytest

from ohif_kit.site import Site, ohif
from ohif_kit.viewer import TOURS_SEEN, wait_for_picture, wait_for_screen
from services.server import Server, running

DIST = Path(__file__).resolve().parents[1] / "peers" / "ohif" / "node_modules" / "@ohif" / "app" / "dist"

pytestmark = pytest.mark.skipif(not (DIST / "index.html").is_file(), reason="OHIF is not installed (make prove does it)")


@dataclass(frozen=True, slots=True)
class Shown:
    """One study of the corpus. paths: its files or folders. mode: which of OHIF's pages shows it.

    text: words on the page, where no picture shows it. document: whether a frame within the page shows it. webgl: whether the picture is
    drawn where a page cannot read it back.
    """

    name: str
    paths: tuple[str, ...]
    mode: str = "viewer"
    text: str = ""
    document: bool = False
    webgl: bool = False


_WITH_CT = ("SEG_acrin_liver", "PR_acrin_gsps", "KO_acrin_of_interest")
STUDIES = [
    Shown("CT", ("series/ct_philips_S21610",)),
    Shown("CT with SEG, PR and KO", ("series/ct_acrin-flt-breast_99", *(f"synth/{name}.dcm" for name in _WITH_CT))),
    Shown("enhanced CT", ("modality/EnhancedCT/eCT_Supplemental.dcm",)),
    Shown("MR", ("series/mr_dcm4che_16",)),
    Shown("enhanced MR in JPEG-LS", ("image/pydicom-data/emri_small_jpeg_ls_lossless.dcm",)),
    Shown("US in colour, 120 frames", ("modality/US/color3d_jpeg_baseline.dcm",)),
    Shown("US with a palette", ("image/pydicom/examples_palette.dcm",)),
    Shown("XA", ("modality/XA/jpeg8bit.dcm",)),
    Shown("NM", ("modality/NM/NM-MONO2-16-13x-heart",)),
    Shown("PT", ("modality/PT/GH184.dcm",)),
    Shown("CR", ("image/fo-dicom/CR-ModalitySequenceLUT.dcm",)),
    Shown("DX", ("image/highdicom/dx_image.dcm",)),
    Shown("MG", ("image/DICOMSamples/MG_Explicit_Little.dcm",)),
    Shown("OT", ("image/pydicom-data/SC_rgb_16bit.dcm",)),
    Shown("RTDOSE", ("image/pydicom/rtdose.dcm",)),
    Shown("RTIMAGE", ("image/pynetdicom/RTImageStorage.dcm",)),
    Shown("ECG", ("image/pydicom/waveform_ecg.dcm",)),
    Shown("SM", ("image/highdicom/sm_image.dcm",), "microscopy", webgl=True),
    Shown("SR", ("modality/SR_RDSR/CT-ESR-GE_Optima.dcm",), text="X-Ray Radiation Dose Report"),
    Shown("DOC", ("synth/DOC_encapsulated_pdf.dcm",), document=True),
]
"""Not shown by this OHIF, whatever the server: retired multi-frame ultrasound, KO, PR, RTPLAN, STL; a parametric map and an RTSTRUCT
without the images they refer to. PET whose SUV factor is absurd is black."""


def files(corpus: Path, shown: Shown) -> list[Path]:
    """In the order of their names."""
    roots = [corpus / name for name in shown.paths]
    return [path for root in roots for path in (sorted(root.rglob("*")) if root.is_dir() else [root]) if path.is_file()]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("ohif") / "data") as started:
        yield started


@pytest.fixture(scope="module")
def token(server: Server) -> str:
    return server.run("token", "add", "ohif", "--role", "editor").out.split()[-1]


@pytest.fixture(scope="module")
def stored(server: Server, token: str, corpus: Path) -> dict[str, str]:
    """The Study Instance UID of each of `STUDIES`, by its name."""
    studies = {}
    with httpx.Client(headers={"Authorization": f"Bearer {token}", "Content-Type": "application/dicom"}, timeout=60) as client:
        for shown in STUDIES:
            for path in files(corpus, shown):
                assert client.post(f"{server.dicom_web}/studies", content=path.read_bytes()).status_code == 200, path
            header = pydicom.dcmread(files(corpus, shown)[0], stop_before_pixels=True, specific_tags=["StudyInstanceUID"])
            studies[shown.name] = str(header.StudyInstanceUID)
    return studies


@pytest.fixture(scope="module")
def site(server: Server, token: str, stored: dict[str, str]) -> Iterator[Site]:
    with ohif(DIST, server, token) as running_site:
        yield running_site


@pytest.fixture
def page(browser: Any, site: Site) -> Iterator[Any]:
    """Its own context; the requests to DICOMweb are counted from here on."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
    context.add_init_script(TOURS_SEEN)
    site.passed.clear()
    yield context.new_page()
    context.close()


@pytest.mark.prove
def test_the_list_has_every_study(page: Any, site: Site, stored: dict[str, str]) -> None:
    page.goto(site.url)
    page.get_by_text(f"of {len(set(stored.values()))}").first.wait_for(timeout=40_000)
    page.get_by_text("1A TRAUMA/PLAIN HEAD DM").first.wait_for()
    assert site.passed
    assert site.failures() == []


@pytest.mark.prove
@pytest.mark.parametrize("shown", STUDIES, ids=lambda shown: shown.name)
def test_a_study_is_shown(page: Any, site: Site, stored: dict[str, str], shown: Shown) -> None:
    page.goto(f"{site.url}/{shown.mode}?StudyInstanceUIDs={stored[shown.name]}")
    if shown.text:
        page.get_by_text(shown.text).first.wait_for(timeout=40_000)
    elif shown.document:
        page.locator("object[type='application/pdf'][data^='blob:'], iframe[src^='blob:']").first.wait_for(timeout=40_000)
    elif shown.webgl:
        wait_for_screen(page)
    else:
        wait_for_picture(page)
    assert site.failures() == []
