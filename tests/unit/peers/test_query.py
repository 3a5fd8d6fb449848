"""Keys of a query as people write them, and as they go out."""

from __future__ import annotations

import pytest

from dimse_kit.server import running_server
from hounsfield.dicom.element_tree import read_data_set
from hounsfield.dicom.transfer_syntaxes import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from hounsfield.model.errors import InvalidQuery
from hounsfield.model.origin import Origin
from hounsfield.model.query import Level
from hounsfield.network.association import Association, Message
from hounsfield.network.dimse import decode_command, response
from hounsfield.network.pdu import ContextResult, ProposedContext
from hounsfield.network.status import Status
from hounsfield.peers.dimse import DimsePeer
from hounsfield.peers.query import STUDY_ROOT_FIND, Key, cancel, find, identifier, keys_for, name_of, text_of
from hounsfield.servers.dimse.service import Service


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("PatientName=DOE*", Key(0x00100010, "DOE*")),
        ("PatientName", Key(0x00100010)),
        ("0010,0010=A=B", Key(0x00100010, "A=B")),
        ("(0010,0010)=", Key(0x00100010)),
        ("00091001=x", Key(0x00091001, "x")),
    ],
)
def test_a_key_is_read(text: str, key: Key) -> None:
    assert Key.parse(text) == key


@pytest.mark.parametrize("text", ["PatientNam", "", "=x", "0010", "0002,0010=1", "0000,0100", "0010,0000=1"])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(InvalidQuery):
        Key.parse(text)


@pytest.mark.parametrize("text", ["Rows=many", "Rows=99999999", "ReferencedStudySequence=1", "PixelData=1"])
def test_a_value_that_does_not_fit_is_refused_before_anybody_is_called(text: str) -> None:
    with pytest.raises(InvalidQuery):
        identifier(Level.STUDY, [Key.parse(text)], implicit_vr=True)


@pytest.mark.parametrize("implicit_vr", [True, False])
def test_an_identifier(implicit_vr: bool) -> None:
    raw = identifier(Level.INSTANCE, [Key.parse("PatientName=MÜLLER*"), Key.parse("Rows=512"), Key(0x00081140)], implicit_vr=implicit_vr)
    tree = read_data_set(raw, IMPLICIT_VR_LITTLE_ENDIAN if implicit_vr else EXPLICIT_VR_LITTLE_ENDIAN)
    assert not tree.problems

    def value(tag: int) -> memoryview:
        element = tree.get(tag)
        assert element is not None
        return element.value

    assert bytes(value(0x00080052)) == b"IMAGE "
    assert bytes(value(0x00080005)) == b"ISO_IR 192"
    assert bytes(value(0x00100010)).decode().rstrip() == "MÜLLER*"
    assert bytes(value(0x00280010)) == b"\x00\x02"
    sequence = tree.get(0x00081140)
    assert sequence is not None
    assert sequence.items == ()


def test_plain_text_names_no_character_set() -> None:
    raw = identifier(Level.STUDY, [Key.parse("PatientName=DOE")], implicit_vr=True)
    assert 0x00080005 not in read_data_set(raw, IMPLICIT_VR_LITTLE_ENDIAN)


def test_what_is_given_replaces_what_is_usual() -> None:
    keys = keys_for(Level.STUDY, [Key.parse("PatientName=DOE*"), Key.parse("BodyPartExamined")])
    assert Key(0x00100010, "DOE*") in keys
    assert Key(0x00100010) not in keys
    assert Key(0x0020000D) in keys
    assert keys[-1] == Key(0x00180015)


class Endless(Service):
    """Answers a query with matches until it is cancelled."""

    def __init__(self) -> None:
        self.cancelled = False

    def choose(self, context: ProposedContext) -> str | ContextResult | None:
        return EXPLICIT_VR_LITTLE_ENDIAN if context.abstract_syntax == STUDY_ROOT_FIND else None

    def handle(self, association: Association, message: Message, origin: Origin) -> None:
        wish = decode_command(message.command)
        association.read_data_set(lambda _: None)
        answer = identifier(Level.STUDY, [Key(0x00100020, "one more")], implicit_vr=False)
        for _ in range(5000):
            self.cancelled = self.cancelled or association.cancelled(wish.message_id)
            if self.cancelled:
                break
            association.send(message.context.context_id, response(wish, Status.PENDING, has_data_set=True), answer)
        association.send(message.context.context_id, response(wish, Status.CANCEL if self.cancelled else Status.SUCCESS))


def test_a_query_is_cancelled_behind_the_most() -> None:
    archive = Endless()
    with running_server(more_services=[archive]) as server:
        found = list(find(DimsePeer("HOUNSFIELD", *server.address), Level.STUDY, keys_for(Level.STUDY), most=3))
    assert [answer["00100020"]["Value"] for answer in found] == [["one more"]] * 3
    assert archive.cancelled


def test_what_a_peer_answers_does_not_steer_the_terminal() -> None:
    assert text_of({"vr": "PN", "Value": [{"Alphabetic": "A\x1b[2J"}, {"Ideographic": "x"}]}) == "A?[2J\\"
    assert text_of({"vr": "IS", "Value": [3, 4]}) == "3\\4"
    assert text_of({"vr": "LO"}) == ""
    assert (name_of(0x00100010), name_of(0x00091001)) == ("PatientName", "(0009,1001)")


def test_cancel_names_the_request() -> None:
    assert cancel(7).hex().endswith("0000000102000000ff0f0000200102000000070000000008020000000101")
