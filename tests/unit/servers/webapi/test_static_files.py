"""The built web app: what is served, how it is kept, and that nothing else is."""

from __future__ import annotations

import gzip

import pytest

from hounsfield.servers.webapi.application import Site
from hounsfield.servers.webapi.static_files import StaticFiles, accepted_encodings


def _get(house, path, **headers):
    encodings = {"Accept-Encoding": headers.pop("accept_encoding", "identity")}
    return house.browser().get(path, headers=encodings | {name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize("path", ["/", "/index.html", "/sign-in", "/studies/1.2.840.113619.2.55", "/viewer/1.2/3.4"])
def test_the_apps_own_routes_get_its_page_and_always_ask_again(house, path):
    response = _get(house, path)
    assert response.status_code == 200
    assert response.text == "<!doctype html><title>Hounsfield</title>"
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["cache-control"] == "no-cache"


def test_hashed_assets_are_kept_for_good_and_others_are_not(house):
    for path in ("/assets/index-BxY3_k9z.js", "/assets/codec-0123456789ab.wasm"):
        assert _get(house, path).headers["cache-control"] == "public, max-age=31536000, immutable"
    assert _get(house, "/favicon.svg").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/assets/index-BxY3_k9z.js", "text/javascript; charset=utf-8"),
        ("/assets/codec-0123456789ab.wasm", "application/wasm"),
        ("/favicon.svg", "image/svg+xml"),
    ],
)
def test_media_types_do_not_depend_on_the_machine(house, path, media_type):
    assert _get(house, path).headers["content-type"] == media_type


def test_a_large_file_arrives_whole(house, web_folder):
    response = _get(house, "/assets/codec-0123456789ab.wasm")
    assert response.content == (web_folder / "assets" / "codec-0123456789ab.wasm").read_bytes()
    assert int(response.headers["content-length"]) == len(response.content)


def _raw(house, path, accept_encoding):
    """Without the client's own decoding: the variants here are not really compressed."""
    import asyncio

    sent = []

    async def send(message):
        sent.append(message)

    headers = [(b"accept-encoding", accept_encoding)]
    scope = {"type": "http", "method": "GET", "path": path, "headers": headers, "scheme": "http", "client": None}
    asyncio.run(house.site(scope, None, send))
    return dict(sent[0]["headers"]), b"".join(message["body"] for message in sent[1:])


def test_the_best_variant_that_the_browser_takes(house):
    zipped = gzip.compress(b"<!doctype html><title>Hounsfield</title>", mtime=0)
    for accept_encoding, encoding, body in (
        (b"gzip, deflate, br", b"br", b"brotli bytes"),
        (b"br;q=0, gzip", b"gzip", zipped),
        (b"gzip;q=0.5", b"gzip", zipped),
        (b"*", b"br", b"brotli bytes"),
        (b"identity", None, b"<!doctype html><title>Hounsfield</title>"),
        (b"", None, b"<!doctype html><title>Hounsfield</title>"),
    ):
        headers, content = _raw(house, "/", accept_encoding)
        assert headers.get(b"content-encoding") == encoding, accept_encoding
        assert content == body
        assert headers[b"vary"] == b"accept-encoding"
        assert headers[b"content-type"] == b"text/html; charset=utf-8"
    headers, content = _raw(house, "/assets/index-BxY3_k9z.js", b"br, gzip")
    assert (headers[b"content-encoding"], content) == (b"gzip", gzip.compress(b"console.log(1)", mtime=0))


def test_odd_accept_encodings_are_only_not_understood():
    for odd in (b";;;", b"br;q=", b"br;q=x", b"q=0", b"," * 5000, b"\xff"):
        assert set(accepted_encodings(odd)) <= {b"br", b"gzip"}
    assert accepted_encodings(b"br;q=0.000, *") == (b"gzip",)


def test_each_variant_has_its_own_etag_and_is_not_sent_twice(house):
    tags = {_raw(house, "/", encoding)[0][b"etag"] for encoding in (b"br", b"gzip", b"identity")}
    assert len(tags) == 3
    etag = _get(house, "/").headers["etag"]
    for known in (etag, f'W/{etag}, "other"', "*"):
        response = _get(house, "/", if_none_match=known)
        assert (response.status_code, response.content) == (304, b"")
        assert response.headers["etag"] == etag
        assert "content-security-policy" in response.headers
    assert _get(house, "/", if_none_match='"other"').status_code == 200


def test_head_says_what_get_would(house):
    got, head = _get(house, "/favicon.svg"), house.browser().send("HEAD", "/favicon.svg")
    assert head.content == b""
    for name in ("content-length", "content-type", "etag", "cache-control"):
        assert head.headers[name] == got.headers[name]


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e/secret.txt",
        "/assets/../../secret.txt",
        "/assets/..%5c..%5csecret.txt",
        "//etc/hosts.txt",
        "/./secret.txt",
        "/secret.txt",
        "/secret.txt%00.js",
        "/.hidden.txt",
        "/link.txt",
        "/index.html.br",
        "/index.html/",
        "/assets/",
        "/assets/missing.js",
        "/INDEX.HTML",
    ],
)
def test_nothing_but_the_table_is_served(house, path):
    response = _get(house, path)
    assert response.status_code == 404 or response.text.startswith("<!doctype html>")
    assert "secret" not in response.text
    assert "hidden" not in response.text


def test_an_unknown_path_with_an_extension_is_404(house):
    response = _get(house, "/assets/missing.js")
    assert response.status_code == 404
    assert "immutable" not in response.headers["cache-control"]


def test_only_reading(house):
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        response = house.browser().send(method, "/")
        assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD")


def test_without_a_built_app_a_page_says_what_to_do(house, tmp_path):
    house.site = Site(api=house.site, dicomweb=house.site, static=StaticFiles(tmp_path / "nowhere"), health=house.site)
    response = _get(house, "/")
    assert response.status_code == 503
    assert "make build" in response.text
    assert "<style" not in response.text
    assert _get(house, "/x.js").status_code == 404
