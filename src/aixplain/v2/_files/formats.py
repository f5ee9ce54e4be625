"""Formats of files: the content type that a name or the first bytes tell, and the ending that a content type wants."""

from __future__ import annotations

from codecs import getincrementaldecoder
from typing import NamedTuple

UNKNOWN = "application/octet-stream"
#: How many of the first bytes `sniff` wants.
HEAD = 512


class Format(NamedTuple):
    """A format that models take or give, its usual ending first. Without `marks` only a name tells it."""

    endings: str
    content_type: str
    marks: tuple[tuple[int, bytes], ...] = ()


# The media that the protocol's file types stand for. `mimetypes` knows more, but not the same on every machine, and
# some of it under old names (audio/x-wav). In the order of looking: what is told by more bytes comes first.
FORMATS = (
    Format("png", "image/png", ((0, b"\x89PNG\r\n\x1a\n"),)),
    Format("jpg jpeg", "image/jpeg", ((0, b"\xff\xd8\xff"),)),
    Format("gif", "image/gif", ((0, b"GIF8"),)),
    Format("webp", "image/webp", ((0, b"RIFF"), (8, b"WEBP"))),
    Format("tif tiff", "image/tiff", ((0, b"II*\0"),)),
    Format("tif tiff", "image/tiff", ((0, b"MM\0*"),)),
    Format("bmp", "image/bmp", ((0, b"BM"), (6, b"\0\0\0\0"))),
    Format("avif", "image/avif", ((4, b"ftypavif"),)),
    Format("heic", "image/heic", ((4, b"ftypheic"),)),
    Format("wav", "audio/wav", ((0, b"RIFF"), (8, b"WAVE"))),
    Format("mp3", "audio/mpeg", ((0, b"ID3"),)),
    Format("mp3", "audio/mpeg", ((0, b"\xff\xfb"),)),
    Format("mp3", "audio/mpeg", ((0, b"\xff\xf3"),)),
    Format("mp3", "audio/mpeg", ((0, b"\xff\xf2"),)),
    Format("aac", "audio/aac", ((0, b"\xff\xf1"),)),
    Format("aac", "audio/aac", ((0, b"\xff\xf9"),)),
    Format("flac", "audio/flac", ((0, b"fLaC"),)),
    Format("aiff aif", "audio/aiff", ((0, b"FORM"), (8, b"AIFF"))),
    Format("ogg oga opus", "audio/ogg", ((0, b"OggS"),)),
    Format("m4a", "audio/mp4", ((4, b"ftypM4A"),)),
    Format("avi", "video/x-msvideo", ((0, b"RIFF"), (8, b"AVI "))),
    Format("mov", "video/quicktime", ((4, b"ftypqt"),)),
    Format("mp4 m4v", "video/mp4", ((4, b"ftyp"),)),
    Format("webm", "video/webm", ((0, b"\x1aE\xdf\xa3"),)),
    Format("mkv", "video/x-matroska"),
    Format("pdf", "application/pdf", ((0, b"%PDF-"),)),
    Format("zip", "application/zip", ((0, b"PK\3\4"),)),
    Format("gz", "application/gzip", ((0, b"\x1f\x8b"),)),
    Format("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    Format("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    Format("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    Format("md", "text/markdown"),
    Format("csv", "text/csv"),
    Format("json", "application/json"),
    Format("jsonl", "application/jsonl"),
    Format("txt", "text/plain"),
)
_BY_ENDING = {ending: each.content_type for each in FORMATS for ending in each.endings.split()}
_BY_TYPE = {each.content_type: each.endings.split()[0] for each in FORMATS}
#: Containers of sound as well as of moving pictures: what the model takes decides.
_CONTAINERS = frozenset({"mp4", "webm", "ogg"})


def type_of_name(name: str) -> str | None:
    """The content type that a file's name tells.

    >>> type_of_name("Talk.WAV"), type_of_name("pages.csv.gz"), type_of_name("README")
    ('audio/wav', 'application/gzip', None)
    """
    known = _BY_ENDING.get(name.rpartition(".")[2].lower()) if "." in name else None
    if known:
        return known
    from mimetypes import guess_type  # slow to import, and it reads the system's tables

    found, coding = guess_type(name, strict=False)
    return f"application/x-{coding}" if coding else found


def sniff(head: bytes, kind: str) -> str:
    """The content type that the first bytes tell, for a model that takes this kind: audio, image, video or document.

    >>> sniff(b"RIFF\\x24\\0\\0\\0WAVEfmt ", "audio"), sniff(b"just text", "document"), sniff(b"\\0\\1\\2", "image")
    ('audio/wav', 'text/plain', 'application/octet-stream')
    """
    for each in FORMATS:
        if each.marks and all(head.startswith(mark, at) for at, mark in each.marks):
            return _of_kind(each.content_type, kind)
    return "text/plain" if _is_text(head) else UNKNOWN


def ending_of(content_type: str) -> str:
    """The ending, with its dot, that files of this type have; "" when nobody knows.

    >>> ending_of("audio/mpeg; rate=44100"), ending_of("audio/webm"), ending_of("application/octet-stream")
    ('.mp3', '.webm', '')
    """
    bare = content_type.partition(";")[0].strip().lower()
    main, _, sub = bare.partition("/")
    if ending := _BY_TYPE.get(bare) or (sub if sub in _CONTAINERS and main in ("audio", "video") else None):
        return f".{ending}"
    from mimetypes import guess_extension

    return (guess_extension(bare, strict=False) or "") if bare != UNKNOWN else ""


def _of_kind(content_type: str, kind: str) -> str:
    main, _, sub = content_type.partition("/")
    fits = sub in _CONTAINERS and kind in ("audio", "video") and kind != main
    return f"{kind}/{sub}" if fits else content_type


def _is_text(head: bytes) -> bool:
    try:
        getincrementaldecoder("utf-8")().decode(head)  # a character that is cut at the end is text too
    except UnicodeDecodeError:
        return False
    return b"\0" not in head
