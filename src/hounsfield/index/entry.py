"""What the index is told of one durable object."""

from __future__ import annotations

from dataclasses import dataclass

from hounsfield.index.storable import storable
from hounsfield.model.entities import ObjectAttributes
from hounsfield.model.identity import ObjectIdentity, patient_identity
from hounsfield.model.location import StoredObject


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One member of a pack and what its header says.

    header_length_bytes: of the data set, up to Pixel Data; the whole data set where there is none.
    frame_table: `dicom.frames.FrameTable.to_bytes`.
    default_issuer: the source's issuer of Patient IDs, where the object names none.
    """

    stored: StoredObject
    attributes: ObjectAttributes
    header_length_bytes: int
    frame_table: bytes
    default_issuer: str = ""

    @property
    def identity(self) -> ObjectIdentity:
        """What its judgement rests on."""
        attributes, stored = self.attributes, self.stored
        study_instance_uid = attributes.study.study_instance_uid
        return ObjectIdentity(
            partition_id=stored.partition_id,
            patient=patient_identity(
                storable(attributes.patient.patient_id), storable(attributes.patient.issuer), study_instance_uid, self.default_issuer
            ),
            study_instance_uid=study_instance_uid,
            series_instance_uid=attributes.series.series_instance_uid,
            sop_instance_uid=attributes.instance.sop_instance_uid,
            data_set_sha256=stored.digests.data_set_sha256,
            transfer_syntax_uid=stored.transfer_syntax_uid,
            precedence=stored.precedence,
        )
