"""Packs: writing, reading, recovery, verification. The packs are the truth.

The format, version 1. A pack is a POSIX tar, named by its UUID, in `open/`, `sealed/`, `aside/`, `decisions/` or
`renditions/`:

    HOUNSFIELD/pack.json                   format, uuid, node, created, cipher, key_id, nonce; one block
    <study>/<series>/<instance>.dcm        Part 10 files in the order received; a second one of the same name has `~<sequence>` in it
    HOUNSFIELD/catalogue.zlib              sealed packs: a line of JSON for each object, then its header and its frame table
    HOUNSFIELD/footer.json                 sealed packs: where the catalogue begins; always 3,584 bytes from the end
    two blocks of zeros                    the end of a tar; an open pack has room in reserve behind it

Each member has 2,048 bytes of headers: a pax header block, 1,024 bytes of pax records, a ustar header block. The `comment` record holds
JSON (`member.describe`), padded by spaces, and in its last 64 characters HMAC-SHA256 in hexadecimal over all 2,048 bytes, with these 64
written as zeros; the key is the pack's nonce. An object with an overlay has more pax records: `room` says how long its headers are,
`overlay` what is to be read otherwise than the object has it (`model.overlay`). `received` counts nanoseconds since 1970-01-01 UTC;
offsets count from the pack's first byte.

Packs in `renditions/` hold nothing but renditions, and are not sealed. `original_pack`, `original_offset` and `original_sha256` of a
rendition say of which object it was made.

An object counts once its headers and body are durable. Members of a pack follow each other without a gap, each flushed before the next
begins. So behind the last authentic and whole member there is nothing but one unacknowledged attempt, which recovery cuts off; and where an
authentic object lies behind a place that cannot be read, that place is damaged, not torn, and nothing is cut.
"""
