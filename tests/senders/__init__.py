"""Other people's senders, and DCMTK's `storescp +B` as the witness of what each of them puts on the wire."""
