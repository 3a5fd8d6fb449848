"""What is told apart when an association does not come about."""

from __future__ import annotations

import socket
import threading

import pytest

from hounsfield.dicom.transfer_syntaxes import IMPLICIT_VR_LITTLE_ENDIAN
from hounsfield.network.errors import NeverEstablished
from hounsfield.network.limits import AssociationLimits
from hounsfield.network.pdu import ProposedContext
from hounsfield.peers.dimse import DimsePeer, open_association

ABORT = bytes.fromhex("07 00 00000004 00000200")


@pytest.mark.parametrize("answer", [b"", ABORT, b"HTTP/1.1 400 Bad Request\r\n"], ids=["nothing", "abort", "nonsense"])
def test_what_ends_before_it_stands_is_no_lost_association(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(1 << 16)
                connection.sendall(answer)

        serving = threading.Thread(target=serve)
        serving.start()
        peer = DimsePeer("PEER", "127.0.0.1", listening.getsockname()[1])
        context = ProposedContext(1, "1.2.840.10008.1.1", (IMPLICIT_VR_LITTLE_ENDIAN,))
        with pytest.raises(NeverEstablished):
            open_association(peer, [context], AssociationLimits(artim_s=0.5))
        serving.join(10)
