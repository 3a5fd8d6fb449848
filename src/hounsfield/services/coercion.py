"""Objects that are coerced when they come in, and how they are read from then on (PS3.4 B.4.1.3).

The bytes in the packs stay what was received. What an object's overlay changes is worked out when it is read: nothing else of the data
set is touched, and pixel data goes by as it is stored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from hounsfield.archive.reader import PackReader
from hounsfield.dicom.buffer import Buffer
from hounsfield.dicom.coerced import Provenance, edits_for, elements_for, overlay_for, values_for_index
from hounsfield.dicom.deflate import deflate, inflate
from hounsfield.dicom.edits import Edit, edited, growth_bytes
from hounsfield.dicom.element_tree import DataSet, read_data_set
from hounsfield.dicom.header import attributes_with
from hounsfield.dicom.transfer_syntaxes import EXPLICIT_VR_LITTLE_ENDIAN, transfer_syntax
from hounsfield.model.entities import ObjectAttributes
from hounsfield.model.errors import DamagedObject, PackUnavailable
from hounsfield.model.identifiers import UID
from hounsfield.model.location import StoredObject
from hounsfield.model.overlay import Overlay, Treatment
from hounsfield.model.stored_instance import StoredInstance


@dataclass(frozen=True, slots=True)
class Header:
    """A data set up to Pixel Data, not deflated, and the transfer syntax that it is in then."""

    data: Buffer
    transfer_syntax_uid: str

    @classmethod
    def of(cls, data_set: Buffer, header_length_bytes: int, transfer_syntax_uid: str) -> Header:
        """Of a stored data set, or of the part of it that a catalogue keeps. Raises: UnreadableObject."""
        if transfer_syntax(transfer_syntax_uid).deflated:
            return cls(inflate(data_set), EXPLICIT_VR_LITTLE_ENDIAN)
        return cls(memoryview(data_set)[:header_length_bytes], transfer_syntax_uid)


def coerced(header: Header, treatment: Treatment, as_stored: ObjectAttributes) -> tuple[ObjectAttributes, Overlay]:
    """What counts of an object that comes in, and what of the treatment took effect. Raises: UnreadableObject."""
    overlay = overlay_for(header.data, header.transfer_syntax_uid, treatment)
    return (effective_attributes(header, overlay, as_stored.transfer_syntax_uid), overlay) if overlay else (as_stored, overlay)


def effective_attributes(header: Header, overlay: Overlay, transfer_syntax_uid: str) -> ObjectAttributes:
    """What the index is to hold of an object. Raises: UnreadableObject."""
    values = values_for_index(header.data, header.transfer_syntax_uid, overlay)
    return replace(attributes_with(header.data, header.transfer_syntax_uid, values), transfer_syntax_uid=UID(transfer_syntax_uid))


def effective_file(packs: PackReader, instance: StoredInstance, pieces: Iterable[Buffer]) -> Iterator[bytes | memoryview]:
    """The pieces of a stored Part 10 file as it goes out."""
    return _effective(packs, instance, pieces, instance.stored.location.prefix_length_bytes)


def effective_data_set(packs: PackReader, instance: StoredInstance, pieces: Iterable[Buffer]) -> Iterator[bytes | memoryview]:
    """The pieces of a stored data set as it goes out. A piece is let go before the next one is asked for.

    Raises: DamagedObject, PackUnavailable, UnreadableObject.
    """
    return _effective(packs, instance, pieces, 0)


def _effective(packs: PackReader, instance: StoredInstance, pieces: Iterable[Buffer], offset_bytes: int) -> Iterator[bytes | memoryview]:
    if transfer_syntax(instance.transfer_syntax_uid).deflated:
        whole = memoryview(b"".join(pieces))
        header = Header.of(whole[offset_bytes:], 0, instance.transfer_syntax_uid)
        return iter((whole[:offset_bytes], deflate(edited([header.data], _edits(header, instance.stored)))))
    location = instance.stored.location
    with packs.mapped(location.pack_id, location.data_set_offset_bytes, instance.header_length_bytes) as view:
        edits = _edits(Header(view, instance.transfer_syntax_uid), instance.stored)
    return edited(pieces, edits, offset_bytes)


def goes_out_as(packs: PackReader, instance: StoredInstance, length_bytes: int, data_set_sha256: bytes) -> bool:
    """Whether an instance goes out as a data set of this length and digest; not while it cannot be read."""
    location = instance.stored.location
    try:
        if not transfer_syntax(instance.transfer_syntax_uid).deflated:
            with packs.mapped(location.pack_id, location.data_set_offset_bytes, instance.header_length_bytes) as view:
                growth = growth_bytes(_edits(Header(view, instance.transfer_syntax_uid), instance.stored))
            if location.data_set_length_bytes + growth != length_bytes:
                return False
        digest, prefix = hashlib.sha256(), location.prefix_length_bytes
        for piece in effective_file(packs, instance, packs.stream(location, instance.stored.digests)):
            digest.update(piece[prefix:])
            prefix -= min(prefix, len(piece))
    except (DamagedObject, PackUnavailable):
        return False
    return digest.digest() == data_set_sha256


def header_syntax(instance: StoredInstance) -> str:
    """The transfer syntax of what `Retrieve.header` returns, which has inflated a deflated data set."""
    return EXPLICIT_VR_LITTLE_ENDIAN if transfer_syntax(instance.transfer_syntax_uid).deflated else instance.transfer_syntax_uid


def effective_header(instance: StoredInstance, header: bytes) -> tuple[bytes, int]:
    """What `Retrieve.header` returned as it goes out, and where the Pixel Data element begins in it."""
    end = len(header) if transfer_syntax(instance.transfer_syntax_uid).deflated else instance.header_length_bytes
    edits = _edits(Header(memoryview(header)[:end], header_syntax(instance)), instance.stored)
    return b"".join(edited([header], edits)), end + growth_bytes(edits)


def effective_tree(instance: StoredInstance, data_set: Buffer) -> DataSet:
    """A stored data set read as it goes out. Raises: UnreadableObject."""
    tree = read_data_set(data_set, instance.transfer_syntax_uid)
    if not instance.stored.overlay:
        return tree
    header = Header.of(data_set, instance.header_length_bytes, instance.transfer_syntax_uid)
    overlay = Overlay.from_bytes(instance.stored.overlay)
    elements = elements_for(header.data, header.transfer_syntax_uid, overlay, _provenance(instance.stored))
    changed = read_data_set(b"".join([elements[tag] for tag in sorted(elements)]), header.transfer_syntax_uid)
    kept = {tag: element for tag, element in tree.elements.items() if tag not in elements}
    tree.elements = dict(sorted({**kept, **changed.elements}.items()))
    return tree


def _edits(header: Header, stored: StoredObject) -> list[Edit]:
    return edits_for(header.data, header.transfer_syntax_uid, Overlay.from_bytes(stored.overlay), _provenance(stored))


def _provenance(stored: StoredObject) -> Provenance:
    return Provenance(stored.source, stored.received_at_ns)
