"""The page at `/`: files, packed once, at addresses that change with what they hold."""

from __future__ import annotations

import functools
import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from starlette.requests import Request
from starlette.responses import Response

from aixplain.hub.endpoints.routing import Route
from aixplain.hub.errors import Refusal
from aixplain.hub.forwarding import IS_BARE, PREFIX

#: Nothing but the page's own files runs, and nothing makes HTML of a text. Media in the output of models may come from
#: elsewhere: over https, and over http too where the hub itself is served over http.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' {schemes} data: blob:; media-src 'self' {schemes} data: blob:; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
GUARDS = {"x-content-type-options": "nosniff", "cross-origin-resource-policy": "same-origin"}
PAGE = {
    **GUARDS,
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-cache",
}
PART = {**GUARDS, "cache-control": "public, max-age=31536000, immutable"}
TYPES = {"css": "text/css", "html": "text/html", "js": "text/javascript", "svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Packed:
    """A file as it is sent: with gzip, or to the few who don't take that, without."""

    plain: bytes
    gzipped: bytes
    media_type: str

    def response(self, request: Request, headers: dict[str, str]) -> Response:
        """The file, as this caller takes it."""
        zips = "gzip" in request.headers.get("accept-encoding", "")
        encoding = {"content-encoding": "gzip"} if zips else {}
        body = self.gzipped if zips else self.plain
        return Response(body, media_type=self.media_type, headers={**headers, **encoding, "vary": "accept-encoding"})


async def page(request: Request) -> Response:
    """The page itself: asked for each time, and sent when it changed. Its links need a slash at the end of its address."""
    if request.scope.get(IS_BARE):
        return Response(status_code=308, headers={"location": f"{request.scope[PREFIX]}/"})
    schemes = "https:" if request.url.scheme == "https" else "https: http:"
    headers = {**PAGE, "content-security-policy": POLICY.format(schemes=schemes), "etag": f'"{_version()}"'}
    if headers["etag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return _page().response(request, headers)


async def part(request: Request) -> Response:
    """A style or a module of the page, which is kept by browsers for good."""
    name, version = request.path_params["name"], request.path_params["version"]
    if version != _version() or name not in _sources():
        raise Refusal(404, "The page has no such part. The hub may have been updated: load the page again.")
    return _part(name).response(request, PART)


ROUTES = [
    Route("/", page, methods=["GET"]),
    Route("/web/{version}/{name:path}", part, methods=["GET"]),
]


# All of this is made when the page is first asked for, so that a hub nobody looks at costs nothing.


@functools.cache
def _sources() -> dict[str, bytes]:
    """The page's files, by their names."""
    return dict(_read(files("aixplain.hub").joinpath("web"), ""))


def _read(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        if entry.is_dir():
            yield from _read(entry, f"{prefix}{entry.name}/")
        else:
            yield prefix + entry.name, entry.read_bytes()


@functools.cache
def _version() -> str:
    digest = hashlib.sha256()
    for name, content in _sources().items():
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]


@functools.cache
def _page() -> Packed:
    return _packed("index.html", _sources()["index.html"].replace(b"{version}", _version().encode()))


@functools.cache
def _part(name: str) -> Packed:
    return _packed(name, _sources()[name])


def _packed(name: str, content: bytes) -> Packed:
    return Packed(content, gzip.compress(content, 9, mtime=0), TYPES[name.rpartition(".")[2]])
