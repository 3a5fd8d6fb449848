"""WADO-RS: metadata, in JSON and XML, and what its BulkDataURIs name (PS3.18 10.4.1.1.2, 10.4.1.1.5, annex F; PS3.19 A.1)."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import httpx
import pytest
from pydicom.uid import ImplicitVRLittleEndian

from conformance_kit.archive import SCRIPTS, Archive
from conformance_kit.catalogue import clause
from conformance_kit.client import JSON, OCTETS, UNKNOWN_TYPE, XML, Item, Server, offered, uids, value, values
from conformance_kit.multipart import parts_of
from conformance_kit.native_model import native_elements, read_native_model
from conformance_kit.objects import DOCUMENT, Specimen

INSTANCE = "00080018"
LEVELS = {
    "study": "/studies/{study}",
    "series": "/studies/{study}/series/{series}",
    "instance": "/studies/{study}/series/{series}/instances/{uid}",
}
COUNTS = {"study": 8, "series": 5, "instance": 1}
KINDS = ["axial 1", "mixed 1", "jpeg", "implicit 1", "multi-frame", "colour", "report", "document"]
TEXTS = {"AE", "AS", "CS", "DA", "DT", "LO", "LT", "SH", "ST", "TM", "UC", "UI", "UR", "UT"}
NUMBERS = {"FL", "FD", "SL", "SS", "UL", "US"}


def path_of(level: str, specimen: Specimen) -> str:
    return LEVELS[level].format(study=specimen.study, series=specimen.series, uid=specimen.uid)


@pytest.fixture(params=LEVELS)
def level(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class TestLevels:
    """Of a Study, a Series and an Instance."""

    @clause("PS3.18 10.4.1.1.2", "the metadata of one {level} comes as an array of DICOM JSON objects, one an Instance")
    def test_json(self, server: Server, archive: Archive, level: str) -> None:
        assert len(set(uids(server.metadata(path_of(level, archive["axial 1"])), INSTANCE))) == COUNTS[level]

    @clause("PS3.18 10.4.4", "the metadata of one {level} comes as application/dicom+json, the default, where anything is accepted")
    def test_default(self, server: Server, archive: Archive, level: str) -> None:
        answer = server.get(f"{path_of(level, archive['axial 1'])}/metadata", "*/*")
        assert answer.headers["content-type"].partition(";")[0] == JSON

    @clause("PS3.18 10.4.4", "the metadata of one {level} comes as the Native DICOM Model, a part an Instance, where that is accepted")
    def test_xml(self, server: Server, archive: Archive, level: str) -> None:
        answer = offered(
            server.get(f"{path_of(level, archive['axial 1'])}/metadata", XML), "metadata as application/dicom+xml", UNKNOWN_TYPE
        )
        models = [read_native_model(part.body) for part in parts_of(answer)]
        assert len(set(uids(models, INSTANCE))) == COUNTS[level]

    @clause("PS3.18 10.4.3.1", "the metadata of one {level} that was never stored is answered with 404")
    def test_unknown(self, server: Server, level: str) -> None:
        path = LEVELS[level].format(study="1.2.3.4.5.6", series="1.2.3.4.5.7", uid="1.2.3.4.5.8")
        assert server.get(f"{path}/metadata", JSON).status_code == 404

    @clause("PS3.18 8.7.8", "the metadata of one {level} in a media type that no server has is refused with 406")
    def test_unacceptable(self, server: Server, archive: Archive, level: str) -> None:
        assert server.get(f"{path_of(level, archive['axial 1'])}/metadata", "image/x-none").status_code == 406

    @clause("PS3.18 8.3.3.1", "the query parameter accept goes before the header for the metadata of one {level}")
    def test_accept_parameter(self, server: Server, archive: Archive, level: str) -> None:
        answer = server.get(f"{path_of(level, archive['axial 1'])}/metadata", "image/x-none", [("accept", JSON)])
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, JSON)

    @clause("RFC 9110 13.1.2", "the metadata of one {level} is not sent again to who names its ETag: 304 without a body")
    def test_not_modified(self, server: Server, archive: Archive, level: str) -> None:
        path = f"{path_of(level, archive['axial 1'])}/metadata"
        etag = server.get(path, JSON).headers.get("etag")
        if etag is None:
            pytest.skip("not offered: ETag of metadata")
        answer = server.get(path, JSON, if_none_match=etag)
        assert (answer.status_code, answer.content) == (304, b"")

    @clause("RFC 9110 13.1.2", "the metadata of one {level} is sent to who names another ETag")
    def test_modified(self, server: Server, archive: Archive, level: str) -> None:
        assert server.get(f"{path_of(level, archive['axial 1'])}/metadata", JSON, if_none_match='"another"').status_code == 200

    @clause("RFC 9110 12.5.3", "the metadata of one {level} may come in gzip where that is accepted, and says so")
    def test_gzip(self, server: Server, archive: Archive, level: str) -> None:
        answer = server.get(f"{path_of(level, archive['axial 1'])}/metadata", JSON, accept_encoding="gzip")
        if "content-encoding" not in answer.headers:
            pytest.skip("not offered: compressed metadata")
        assert answer.headers["content-encoding"] == "gzip"
        assert len(answer.json()) == COUNTS[level]

    @clause("RFC 9110 15.5.6", "POST to the metadata of one {level} is refused with 405 or 501")
    def test_methods(self, server: Server, archive: Archive, level: str) -> None:
        assert server.request("POST", f"{path_of(level, archive['axial 1'])}/metadata", content=b"").status_code in (405, 501)

    @clause("RFC 9110 9.3.2", "HEAD of the metadata of one {level} has the status and type of GET and no body")
    def test_head(self, server: Server, archive: Archive, level: str) -> None:
        answer = offered(server.request("HEAD", f"{path_of(level, archive['axial 1'])}/metadata", accept=JSON), "HEAD")
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["content-type"].partition(";")[0] == JSON


def metadata_of(server: Server, archive: Archive, name: str) -> Item:
    (item,) = server.metadata(archive[name].path)
    return item


@clause("PS3.18 10.4.3.3.2", "the metadata of the Instance {name} has every attribute of its Data Set")
@pytest.mark.parametrize("name", KINDS)
def test_all_attributes(server: Server, archive: Archive, name: str) -> None:
    item = metadata_of(server, archive, name)
    expected = {f"{element.tag:08X}" for element in archive[name].data_set if element.tag.group != 2}
    assert expected - set(item) == set()


@clause("PS3.18 10.4.1.1.2", "the metadata of the Instance {name} has no File Meta Information")
@pytest.mark.parametrize("name", KINDS)
def test_no_file_meta(server: Server, archive: Archive, name: str) -> None:
    assert [tag for tag in metadata_of(server, archive, name) if tag.startswith("0002")] == []


@clause("PS3.18 F.2.2", "the values of the Instance {name} are those that were stored")
@pytest.mark.parametrize("name", KINDS)
def test_values(server: Server, archive: Archive, name: str) -> None:
    expected = json.loads(archive[name].data_set.to_json())
    item = metadata_of(server, archive, name)
    private = archive[name].transfer_syntax == ImplicitVRLittleEndian
    differing = []
    for tag, attribute in expected.items():
        if "Value" not in attribute or tag not in item or "BulkDataURI" in item[tag] or (private and int(tag[:4], 16) % 2):
            continue
        if plain(attribute["Value"]) != plain(item[tag].get("Value")):
            differing.append(tag)
    assert differing == []


def plain(found: Any) -> Any:
    """Numbers and strings of numbers alike: F.2.3 lets DS and IS be either."""
    if isinstance(found, list):
        return [plain(one) for one in found]
    if isinstance(found, dict):
        return {key: plain(one) for key, one in found.items() if key not in ("vr",)}
    try:
        return float(found)
    except (TypeError, ValueError):
        return found


def attributes(item: Item) -> list[tuple[str, dict[str, Any]]]:
    """Of all depths."""
    found = []
    for tag, attribute in item.items():
        found.append((tag, attribute))
        if attribute.get("vr") == "SQ":
            for inner in attribute.get("Value", []):
                found += attributes(inner)
    return found


class TestModel:
    """The DICOM JSON Model, in every attribute of every kind of Instance."""

    @pytest.fixture(params=["axial 1", "report", "document", "implicit 1"])
    def name(self, request: pytest.FixtureRequest) -> str:
        return str(request.param)

    @pytest.fixture
    def item(self, server: Server, archive: Archive, name: str) -> Item:
        return metadata_of(server, archive, name)

    @clause("PS3.18 F.2.2", "attributes of {name} are named by eight hexadecimal digits in upper case")
    def test_tags(self, item: Item, name: str) -> None:
        assert [tag for tag, _ in attributes(item) if not re.fullmatch(r"[0-9A-F]{8}", tag)] == []

    @clause("PS3.18 F.2.2", "attributes of {name} stand in ascending order of their names")
    def test_order(self, item: Item, name: str) -> None:
        assert list(item) == sorted(item)

    @clause("PS3.18 F.2.2", "each attribute of {name} has its VR of two upper case letters")
    def test_vr(self, item: Item, name: str) -> None:
        assert [tag for tag, attribute in attributes(item) if not re.fullmatch(r"[A-Z]{2}", attribute.get("vr", ""))] == []

    @clause("PS3.18 F.2.2", "each attribute of {name} has at most one of Value, BulkDataURI and InlineBinary")
    def test_one_of(self, item: Item, name: str) -> None:
        forms = {"Value", "BulkDataURI", "InlineBinary"}
        assert [tag for tag, attribute in attributes(item) if len(forms & set(attribute)) > 1 or set(attribute) - forms - {"vr"}] == []

    @clause("PS3.18 F.2.3", "values of {name} have the JSON type that belongs to their VR")
    def test_types(self, item: Item, name: str) -> None:
        wrong = []
        for tag, attribute in attributes(item):
            for one in attribute.get("Value", []):
                kinds: tuple[type, ...] = (
                    (str,) if attribute["vr"] in TEXTS else (int, float) if attribute["vr"] in NUMBERS else (str, int, float, dict)
                )
                if one is not None and not isinstance(one, kinds):
                    wrong.append(tag)
        assert wrong == []

    @clause("PS3.18 F.2.5", "an attribute of {name} without a value has neither Value nor anything in its place")
    def test_empty(self, item: Item, name: str) -> None:
        assert [tag for tag, attribute in attributes(item) if attribute.get("Value") == []] == []

    @clause("PS3.18 F.2.2", "group lengths are not among the attributes of {name}")
    def test_group_lengths(self, item: Item, name: str) -> None:
        assert [tag for tag, _ in attributes(item) if tag.endswith("0000")] == []

    @clause("PS3.18 F.2.7", "InlineBinary of {name} is a string in base64, not an array")
    def test_inline(self, item: Item, name: str) -> None:
        for _tag, attribute in attributes(item):
            if "InlineBinary" in attribute:
                base64.b64decode(attribute["InlineBinary"], validate=True)

    @clause("PS3.18 F.2.2", "only binary, number and long text attributes of {name} are given by BulkDataURI")
    def test_bulk_representations(self, item: Item, name: str) -> None:
        short = {"AE", "AS", "AT", "CS", "DA", "DT", "LO", "PN", "SH", "TM", "UI", "UR", "SQ"}
        assert [tag for tag, attribute in attributes(item) if "BulkDataURI" in attribute and attribute["vr"] in short] == []


@clause("PS3.18 F.2.2", "the name in {script} is in the metadata in UTF-8, group by group")
@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts(server: Server, archive: Archive, script: str) -> None:
    groups = SCRIPTS[script][1].split("=")
    expected = dict(zip(("Alphabetic", "Ideographic", "Phonetic"), groups, strict=False))
    (item,) = server.metadata(archive.scripts[script].path)
    assert value(item, "00100010") == expected


def bulk(server: Server, archive: Archive, name: str, tag: str) -> str:
    """The whole URL of a value; skipped where the value stands in the metadata itself."""
    attribute = metadata_of(server, archive, name)[tag]
    if "BulkDataURI" not in attribute:
        pytest.skip(f"not offered: a BulkDataURI for {tag}")
    return server.resolve(attribute["BulkDataURI"], f"{archive[name].path}/metadata")


def data_of(answer: httpx.Response) -> bytes:
    """The bytes of a value, from one part, several, or none."""
    if answer.headers["content-type"].startswith("multipart/"):
        return b"".join(part.body for part in parts_of(answer))
    return answer.content


BULK = [("axial 1", "7FE00010"), ("multi-frame", "7FE00010"), ("colour", "7FE00010"), ("axial 1", "00091001"), ("document", "00420011")]


@clause("PS3.18 10.4.1.1.5", "the BulkDataURI of ({tag}) of {name} can be retrieved, and gives the bytes that were stored")
@pytest.mark.parametrize(("name", "tag"), BULK)
def test_bulk_data(server: Server, archive: Archive, name: str, tag: str) -> None:
    answer = server.get(bulk(server, archive, name, tag), f"{OCTETS}, application/octet-stream;q=0.5, */*;q=0.1")
    assert answer.status_code == 200
    stored = DOCUMENT if name == "document" else bytes(archive[name].data_set[int(tag, 16)].value)
    assert data_of(answer).rstrip(b"\0") == stored.rstrip(b"\0")


@clause("PS3.18 10.4.3.3.5", "a part of bulk data has a Content-Location that is the BulkDataURI")
def test_content_location(server: Server, archive: Archive) -> None:
    uri = bulk(server, archive, "axial 1", "00091001")
    parts = parts_of(offered(server.get(uri, OCTETS), "bulk data as multipart", UNKNOWN_TYPE))
    assert [str(httpx.URL(uri).join(part.headers["content-location"])) for part in parts] == [uri]


@clause("PS3.18 10.4.4", "bulk data comes without multipart where application/octet-stream is accepted")
def test_bulk_single_part(server: Server, archive: Archive) -> None:
    answer = offered(
        server.get(bulk(server, archive, "axial 1", "00091001"), "application/octet-stream"), "bulk data in a single part", UNKNOWN_TYPE
    )
    assert answer.content == bytes(archive["axial 1"].data_set[0x00091001].value)


@clause("PS3.18 8.7.8", "bulk data in a media type that no server has is refused with 406")
def test_bulk_unacceptable(server: Server, archive: Archive) -> None:
    assert server.get(bulk(server, archive, "axial 1", "00091001"), "image/x-none").status_code == 406


@clause("PS3.18 10.4.3.1", "bulk data of an attribute that the Instance has not is answered with 404")
def test_unknown_bulk(server: Server, archive: Archive) -> None:
    uri = bulk(server, archive, "axial 1", "00091001")
    assert server.get(uri.replace("00091001", "00091099")).status_code in (400, 404)


RANGES = [
    ("the first bytes", "bytes=0-99", slice(0, 100)),
    ("bytes in the middle", "bytes=1000-1999", slice(1000, 2000)),
    ("all from a byte on", "bytes=4000-", slice(4000, None)),
    ("the last bytes", "bytes=-10", slice(-10, None)),
]


def ranged(server: Server, archive: Archive, text: str) -> httpx.Response:
    answer = server.get(bulk(server, archive, "axial 1", "00091001"), "application/octet-stream", range=text)
    offered(answer, "bulk data in a single part", UNKNOWN_TYPE)
    if answer.status_code == 200:
        pytest.skip("not offered: byte ranges of bulk data")
    return answer


@clause("RFC 9110 14.2", "{what} of bulk data come with 206 where a Range asks for them")
@pytest.mark.parametrize(("what", "text", "piece"), RANGES, ids=[row[0] for row in RANGES])
def test_range(server: Server, archive: Archive, what: str, text: str, piece: slice) -> None:
    answer = ranged(server, archive, text)
    assert (answer.status_code, answer.content) == (206, bytes(archive["axial 1"].data_set[0x00091001].value)[piece])


@clause("RFC 9110 14.4", "a 206 says in Content-Range which bytes of how many it holds")
def test_content_range(server: Server, archive: Archive) -> None:
    assert ranged(server, archive, "bytes=0-99").headers["content-range"] == "bytes 0-99/4096"


@clause("RFC 9110 15.5.17", "a Range behind the end of bulk data is answered with 416")
def test_unsatisfiable_range(server: Server, archive: Archive) -> None:
    ranged(server, archive, "bytes=0-99")
    assert ranged(server, archive, "bytes=5000-5999").status_code == 416


def standard(item: Item) -> set[str]:
    """The tags of attributes that are not private."""
    return {tag for tag in item if int(tag[:4], 16) % 2 == 0}


class TestXML:
    """The Native DICOM Model of one Instance of each kind."""

    @pytest.fixture(params=["axial 1", "report", "document"])
    def name(self, request: pytest.FixtureRequest) -> str:
        return str(request.param)

    @pytest.fixture
    def document(self, server: Server, archive: Archive, name: str) -> bytes:
        answer = offered(server.get(f"{archive[name].path}/metadata", XML), "metadata as application/dicom+xml", UNKNOWN_TYPE)
        (part,) = parts_of(answer)
        return part.body

    @clause("PS3.19 A.1.6", "the metadata of {name} is a NativeDicomModel that can be read")
    def test_model(self, document: bytes, archive: Archive, name: str) -> None:
        assert value(read_native_model(document), INSTANCE) == archive[name].uid

    @clause("PS3.19 A.1.5", "elements of {name} have tag and vr, standard ones keyword, private ones privateCreator")
    def test_elements(self, document: bytes, name: str) -> None:
        for element in native_elements(document):
            tag = element.get("tag", "")
            assert re.fullmatch(r"[0-9A-F]{8}", tag)
            assert len(element.get("vr", "")) == 2
            private = int(tag[:4], 16) % 2 and int(tag[4:], 16) > 0xFF
            assert element.get("privateCreator") if private else element.get("keyword") or int(tag[:4], 16) % 2

    @clause("PS3.19 A.1.6", "an element of {name} holds values, names, items, bulk data or inline binary, and not two of them")
    def test_one_kind(self, document: bytes, name: str) -> None:
        for element in native_elements(document):
            assert len({child.tag for child in element}) <= 1

    @clause("PS3.19 A.1.5", "BulkData of {name} has a uri or a uuid")
    def test_bulk_uri(self, document: bytes, name: str) -> None:
        for element in native_elements(document):
            for child in element:
                assert not child.tag.endswith("BulkData") or child.get("uri") or child.get("uuid")

    @clause("PS3.19 A.1.5", "the metadata of {name} has the same attributes in XML as in JSON")
    def test_attributes(self, document: bytes, server: Server, archive: Archive, name: str) -> None:
        assert standard(read_native_model(document)) == standard(metadata_of(server, archive, name))

    @clause("PS3.19 A.1.5", "the metadata of {name} has the same values in XML as in JSON")
    def test_same_values(self, document: bytes, server: Server, archive: Archive, name: str) -> None:
        model, item = read_native_model(document), metadata_of(server, archive, name)
        assert [tag for tag in standard(item) if plain(values(item, tag)) != plain(values(model, tag))] == []
