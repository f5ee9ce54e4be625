"""Records that stay open: what no field holds reads as an attribute, and what few callers read is decoded late."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

import msgspec

from aixplain._wire.records import UNREADABLE, Record, parse, read

OpenT = TypeVar("OpenT", bound="OpenRecord")
KindT = TypeVar("KindT", bound="type[LateRecord]")
Body = bytes | msgspec.Raw

#: How services write that there is no number.
NO_NUMBER = ("NaN", "nan")


class OpenRecord(Record, dict=True):
    """A record that remembers the data it was read from.

    Keys that no field holds read as attributes, under their own name or in Python's spelling. They and values that no field
    could take survive `to_dict`, `to_json`, copies and pickles.

    >>> class Point(OpenRecord):
    ...     x: int = 0
    >>> point = Point.from_dict({"x": 1, "fillColour": "red"})
    >>> point, point.fill_colour, point.to_dict()
    (Point(x=1), 'red', {'x': 1, 'fillColour': 'red'})
    """

    @property
    def _raw_data(self) -> dict[str, Any]:
        """The data that the record was read from, as it came; of one made by hand, its fields."""
        told = self._told()
        return self.to_dict() if told is None else told

    def _told(self) -> dict[str, Any] | None:
        """What the record was read from, decoded when first asked for; None for one made by hand."""
        source: Body | tuple[Slices, int] | dict[str, Any] | None = vars(self).get("_source")
        if source is None or isinstance(source, dict):
            return source
        told: dict[str, Any] = parse(source[0][source[1]] if isinstance(source, tuple) else source)
        vars(self)["_source"] = told
        return told

    if not TYPE_CHECKING:  # a type checker knows the fields, and would know everything else too

        def __getattr__(self, name: str) -> Any:
            told = self._told() if name[:1] != "_" else None
            for key in (name, _camel(name)):
                if told and key in told:
                    return told[key]
            words = f"{type(self).__name__!r} has no attribute {name!r}" + (", and the answer has no such key" if told else "")
            raise AttributeError(words, name=name, obj=self)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *(self._told() or ())]

    def to_dict(self) -> dict[str, Any]:
        """The record as plain data, under the names of the wire, with what no field holds."""
        plain = super().to_dict()
        self._fill(plain)
        return plain

    def as_told(self) -> msgspec.Raw | dict[str, Any]:
        """What it travels on as: the JSON that it was read from, as it is, or else its plain data."""
        source = vars(self).get("_source")
        return msgspec.Raw(source) if isinstance(source, bytes) else self.to_dict()

    def _fill(self, plain: dict[str, Any]) -> None:
        told = self._told()
        if told is not None:
            _fill(self, plain, told)

    @classmethod
    def _read(cls, data: dict[str, Any]) -> Self:
        return read_open(cls, data)

    def __copy__(self) -> Self:
        twin: Self = super().__copy__()  # type: ignore[misc] # msgspec's own, which its types leave out
        vars(twin).update(vars(self))
        return twin

    def __reduce__(self) -> tuple[Any, ...]:
        return (*super().__reduce__(), self._state())

    def _state(self) -> dict[str, Any]:
        """What there is beside the fields, apart from anything larger."""
        if isinstance(vars(self).get("_source"), tuple | msgspec.Raw):
            self._told()
        return dict(vars(self))


def decode_open(kind: type[OpenT], body: Body) -> OpenT:
    """Read a JSON body as `decode` does, and remember it."""
    try:
        record = msgspec.json.decode(body, type=kind)
    except UNREADABLE:
        return read_open(kind, parse(body))
    vars(record)["_source"] = body
    return record


def read_open(kind: type[OpenT], told: Any) -> OpenT:
    """Turn plain data into a record as `read` does, and remember it. Raises `msgspec.ValidationError`."""
    record = read(kind, told)
    remember(record, told)
    return record


def decode_all_open(decode_list: Callable[[Body], list[OpenT]], body: Body) -> list[OpenT]:
    """Read a JSON list in one go; each record remembers its part. Raises `msgspec.DecodeError` when one is odd."""
    try:
        records = decode_list(body)
    except (UnicodeDecodeError, RecursionError) as error:
        raise msgspec.DecodeError(str(error)) from error
    slices = Slices(body)
    for index, record in enumerate(records):
        vars(record)["_source"] = (slices, index)
    return records


def read_all_open(kind: type[OpenT], told: Any) -> list[OpenT]:
    """The records of a list of plain data, without those of which nothing can be read; empty for what is no list."""
    kept = []
    for each in told if isinstance(told, list) else ():
        try:
            kept += [read_open(kind, each)] if isinstance(each, dict) else []
        except msgspec.ValidationError:
            continue
    return kept


class Slices:
    """The items of a JSON list as JSON, found when the first is asked for."""

    __slots__ = ("_body", "_items")

    def __init__(self, body: Body) -> None:
        self._body = body
        self._items: list[msgspec.Raw] | None = None

    def __getitem__(self, index: int) -> msgspec.Raw:
        if self._items is None:
            self._items = self._find(self._body)
        return self._items[index]

    def _find(self, body: Body) -> list[msgspec.Raw]:
        return msgspec.json.decode(body, type=list[msgspec.Raw])


def remember(record: OpenRecord, told: dict[str, Any]) -> None:
    """Note the plain data that a record was read from, and with it each open record inside."""
    vars(record)["_source"] = told
    late = record._late if isinstance(record, LateRecord) else ()
    for name, key in zip(record.__struct_fields__, record.__struct_encode_fields__, strict=True):
        if name not in late and isinstance(told.get(key), dict):
            part = getattr(record, name)
            if isinstance(part, OpenRecord):
                remember(part, told[key])


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.title, others))


def _fill(record: Record, plain: dict[str, Any], told: dict[str, Any]) -> None:
    """Make a record's plain data what it was told, but for what was changed since and what is read in another form.

    Keys that no field holds are added, values that a field could not take are put back, and keys that were not told are left
    out. A number that was told as text stays a number, and one that is none stays None.
    """
    first: Record | None = None  # the record as it was read, made when there is something to compare
    for name, key in zip(record.__struct_fields__, record.__struct_encode_fields__, strict=True):
        if key not in plain:
            continue  # left out already
        part, now = getattr(record, name), plain[key]
        if key in told and _is_filled(part, now, told[key]):
            continue
        first = first or read(type(record), told)
        if part != getattr(first, name):
            continue
        if key in told:
            plain[key] = told[key]
        else:
            del plain[key]
    for key in told.keys() - plain.keys():
        if key not in record.__struct_encode_fields__:
            plain[key] = told[key]


def _is_filled(part: Any, now: Any, was: Any) -> bool:
    """Whether the plain data of one field needs no look at what was told; the records in it are filled."""
    if isinstance(part, Record) and isinstance(was, dict):
        if isinstance(part, OpenRecord) and "_source" in vars(part):
            part._fill(now)
        elif part == read(type(part), was):
            _fill(part, now, was)
        return True
    if isinstance(part, list) and any(isinstance(each, OpenRecord) for each in part):
        for each, its in zip(part, now, strict=True):
            if isinstance(each, OpenRecord):
                each._fill(its)
        return isinstance(was, list) and len(was) == len(part)
    if was is None or now is None:
        return was is now or was in NO_NUMBER
    return not isinstance(now, dict | list) or now == was


# --- Late -----------------------------------------------------------------------------------------


class LateRecord(OpenRecord):
    """A record some of whose fields stay JSON until they are read. Annotate those as `msgspec.Raw`; see `read_late`."""

    _late: ClassVar[tuple[str, ...]] = ()

    def _settle(self) -> None:
        """Read all, for who would see the JSON."""
        for name in self._late:
            value = getattr(self, name)
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, LateRecord):
                    each._settle()

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__struct_fields__)

    def __repr__(self) -> str:
        self._settle()
        try:
            return msgspec.Struct.__repr__(self)
        except RecursionError:
            return f"{type(self).__name__}(…, nested too deeply to be shown)"

    def to_dict(self) -> dict[str, Any]:
        """The record as plain data, under the names of the wire, with what no field holds."""
        self._settle()
        return super().to_dict()

    def __reduce__(self) -> tuple[Any, ...]:
        self._settle()
        return super().__reduce__()


def read_late(**readers: Callable[[msgspec.Raw], Any]) -> Callable[[KindT], KindT]:
    """Decode these fields when they are first read. Each reader is given the JSON, which is empty where there is none."""

    def mark(kind: KindT) -> KindT:
        for name, reader in readers.items():
            setattr(kind, name, _late_property(getattr(kind, name), reader))
        kind._late = (*kind._late, *readers)
        return kind

    return mark


def _late_property(slot: Any, reader: Callable[[msgspec.Raw], Any]) -> property:
    def fget(self: LateRecord) -> Any:
        value = slot.__get__(self)
        if isinstance(value, msgspec.Raw):
            value = reader(value)
            slot.__set__(self, value)
        return value

    return property(fget, slot.__set__)
