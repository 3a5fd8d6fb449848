"""What the answer of a search is not: each is one header `Warning: 299` (PS3.18 8.3.4, 10.6.3.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from hounsfield.dicom.dictionary import keyword_of, tag_of
from hounsfield.servers.dicomweb.exchange import Header
from hounsfield.servers.dicomweb.search.parameters import SearchRequest

MAX_NAMED_PARAMETERS: Final = 10
_UNSAFE = re.compile(r"[^A-Za-z0-9.=_-]")


def warnings_of(
    request: SearchRequest, unmatched: Iterable[str], not_read: Iterable[int], unread: int, *, more: bool, remaining: int | None
) -> list[Header]:
    """unmatched: keywords. not_read: tags of what only headers say, where these were not read. unread: matches whose header cannot be."""
    texts: list[str] = []
    names = [*request.unsupported]
    for tag in [*(tag_of(keyword) or 0 for keyword in unmatched), *not_read]:
        names += request.names.get(tag, (keyword_of(tag),))
    if names:
        listed = ", ".join(_UNSAFE.sub("?", name)[:80] for name in names[:MAX_NAMED_PARAMETERS])
        texts.append(
            f"The following parameters are not supported and were ignored: {listed}{', ...' if len(names) > MAX_NAMED_PARAMETERS else ''}"
        )
    if unread:
        texts.append(f"The headers of {unread} results could not be read: what only they say was neither matched nor included")
    if more:
        texts.append(f"There are {'' if remaining is None else f'{remaining} '}additional results that can be requested")
    return [_warning(text) for text in texts]


@lru_cache(maxsize=64)
def _warning(text: str) -> Header:
    return b"warning", f'299 hounsfield "{text}"'.encode("ascii", "replace")
