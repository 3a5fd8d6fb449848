"""C-GET SCP: instances go back over the association by which the request came (PS3.4 C.4.3)."""

from __future__ import annotations

from collections.abc import Mapping

from hounsfield.network.association import AcceptedContext, Association, Message
from hounsfield.network.dimse import Command, CommandField
from hounsfield.network.errors import ProtocolError
from hounsfield.network.user_information import RoleSelection
from hounsfield.peers.object_source import ObjectSource
from hounsfield.peers.store_operations import StoreOperations
from hounsfield.servers.dimse.information_model import GET_MODELS, WITHOUT_BULK_DATA_MODELS, InformationModel
from hounsfield.servers.dimse.retrieve import Operation, RetrieveService
from hounsfield.services.extraction import Extraction
from hounsfield.services.transfer import Plan, Transfer


class GetService(RetrieveService):
    """The requestor is SCP of the storage classes: it says so by role selection (PS3.4 C.5.3)."""

    def __init__(self, transfer: Transfer, models: Mapping[str, InformationModel] = GET_MODELS) -> None:
        super().__init__(transfer, models, CommandField.C_GET_RQ)

    def role(self, asked: RoleSelection) -> RoleSelection | None:
        """Whoever offers to take objects of a storage class may, besides sending them."""
        return asked if asked.sop_class_uid not in self._models and asked.scp else None

    def source(self, plan: Plan | Extraction) -> ObjectSource:
        """For one operation."""
        return self._transfer.source(planned=plan)

    def perform(self, operation: Operation) -> None:
        plan = self.plan(operation, self.named(operation))
        association, message_id = operation.association, operation.command.message_id

        def others(message: Message, command: Command) -> None:
            if command.field != CommandField.C_CANCEL_RQ:
                raise ProtocolError(f"{command.field:04X} came in the middle of C-GET")
            operations.stopping = operations.stopping or command.message_id_responded_to == message_id

        window = association.answer.window
        operations = StoreOperations(
            association,
            _receiving(association),
            self.source(plan),
            at_once=1 if window is None else window.performed,
            others=others,
        )
        for sent in operations.run(plan):
            operation.responses.count(sent)
            if sent.status is None and association.cancelled(message_id):  # else it is read among the responses
                operations.stopping = True
        self.finish(operation, plan.missing, cancelled=operations.stopping)


class GetWithoutBulkDataService(GetService):
    """Composite Instance Retrieve Without Bulk Data (PS3.4 annex Z)."""

    extracts_frames = False

    def __init__(self, transfer: Transfer) -> None:
        super().__init__(transfer, WITHOUT_BULK_DATA_MODELS)

    def source(self, plan: Plan | Extraction) -> ObjectSource:
        return self._transfer.source_without_bulk_data()


def _receiving(association: Association) -> list[AcceptedContext]:
    """The contexts in which the requestor takes objects."""
    classes = {role.sop_class_uid for role in association.answer.roles if role.scp}
    return [context for context in association.contexts.values() if context.abstract_syntax in classes]
