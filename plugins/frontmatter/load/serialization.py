"""Documents as bytes for the content cache: MessagePack, read back by type.

The cache lies beside the output, where another account or a restored CI cache may have put it. So nothing in it is code, and nothing is trusted: every
value is decoded into the type that the document has (`msgspec` checks each), and a place, topic or publication is looked up in the registry by its key.
Bytes that do not fit are no document (`Unreadable`), and the source is read.

The wire type of a content type is derived from its model: a field is stored as it is, but a moment without the site's zone, and a municipality or topic
by name. ``tests/plugins/frontmatter/load/test_serialization.py`` tries every content type.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import PurePosixPath
from types import NoneType, UnionType
from typing import Any, Generic, TypedDict, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from pydantic import BaseModel

from plugins.frontmatter.model.content_types import CONTENT_TYPES
from plugins.frontmatter.model.document import NO_TEXT, Document, Picture
from plugins.frontmatter.model.places import Place
from plugins.frontmatter.model.registry import Publication, Registry, Topic

Resolved = Mapping[tuple[str, str], Any]
"""The references of a document with what each resolved to (`plugins.frontmatter.parse.references`)."""

Value = TypeVar("Value")
CachedSource = tuple[Document, Resolved]
Moment = dt.datetime
Target = tuple[bool, bool, Moment | None]
PICTURE = Picture | str | None


class Unreadable(Exception):
    """Bytes that this program did not write, or wrote for another registry."""


class _References(TypedDict, total=False):
    """What references resolved to, by method and path or address."""

    page: dict[str, tuple[str, str] | None]
    target: dict[str, Target | None]
    file: dict[str, bool]
    stat: dict[str, tuple[int, int]]
    address: dict[str, bool]
    picture: dict[str, PICTURE]


Convert = Callable[[Any], Any]


@dataclass(frozen=True)
class _Wire:
    """How values of one annotation are stored: the type on the wire, and the functions to it and from it; None where nothing is to be done.

    The functions are not called for None and for what is empty.
    """

    type: Any
    encode: Convert | None = None
    decode: Convert | None = None


@dataclass(frozen=True)
class _MetaWire:
    """The front matter of one content type."""

    decoder: msgspec.msgpack.Decoder[dict[str, Any]]
    encode: Convert
    decode: Convert


class DocumentCodec:
    """Encodes and decodes documents for one registry."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._zone = registry.site.zone
        self._metas: dict[str, _MetaWire] = {}
        hints = get_type_hints(Document)
        self._fields = {field.name: self._wire(hints[field.name]) for field in fields(Document) if field.name not in ("meta", "text")}
        self._field_decoders = [(name, wire.decode) for name, wire in self._fields.items() if wire.decode]
        stored = TypedDict("stored", {name: wire.type for name, wire in self._fields.items()} | {"meta": bytes})  # type: ignore[misc]
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder: msgspec.msgpack.Decoder[list[tuple[dict[str, Any], dict[str, dict[str, Any]]]]]
        self._decoder = msgspec.msgpack.Decoder(list[tuple[stored, _References]])

    def encode(self, sources: Iterable[CachedSource]) -> bytes:
        """Return the bytes of documents, without their texts."""
        return self._encoder.encode([(self._stored(document), self._references(resolved)) for document, resolved in sources])

    def decode(self, data: object) -> list[CachedSource]:
        """Return the documents. Raises `Unreadable`."""
        if not isinstance(data, bytes):
            raise Unreadable("not bytes")
        try:
            return [(self._document(stored), self._resolved(references)) for stored, references in self._decoder.decode(data)]
        except (msgspec.MsgspecError, LookupError, ValueError, RecursionError, OverflowError) as error:
            raise Unreadable(str(error)) from error

    def _stored(self, document: Document) -> dict[str, Any]:
        values = {
            name: wire.encode(value) if wire.encode and (value := getattr(document, name)) else getattr(document, name)
            for name, wire in self._fields.items()
        }
        return values | {"meta": self._encoder.encode(self._meta(document.content_type).encode(document.meta))}

    def _document(self, values: dict[str, Any]) -> Document:
        for name, decode in self._field_decoders:
            if value := values[name]:
                values[name] = decode(value)
        meta = self._meta(values["content_type"])
        values["meta"] = meta.decode(meta.decoder.decode(values["meta"]))
        document = object.__new__(Document)  # its fields are all here: `__init__` would set them one by one
        document.__dict__.update(values, text=NO_TEXT)
        return document

    def _meta(self, key: str) -> _MetaWire:
        """Return how the front matter of a content type is stored: worked out when the first document of the type comes. Raises `KeyError`."""
        if key not in self._metas:
            wire = self._wire_of_model(CONTENT_TYPES[key])
            self._metas[key] = _MetaWire(msgspec.msgpack.Decoder(wire.type), wire.encode, wire.decode)  # type: ignore[arg-type]  # a model's are set
        return self._metas[key]

    def _references(self, resolved: Resolved) -> dict[str, dict[str, Any]]:
        references: dict[str, dict[str, Any]] = {}
        for (method, target), result in resolved.items():
            references.setdefault(method, {})[target] = self._without_zone(result) if method == "target" else result
        return references

    def _resolved(self, references: Mapping[str, Mapping[str, Any]]) -> Resolved:
        resolved = {(method, target): result for method, results in references.items() for target, result in results.items()}
        for target, result in references.get("target", {}).items():
            resolved["target", target] = self._with_zone(result)
        return resolved

    def _with_zone(self, target: Target | None) -> Target | None:
        return target and (target[0], target[1], target[2] and target[2].replace(tzinfo=self._zone))

    def _without_zone(self, target: Target | None) -> Target | None:
        return target and (target[0], target[1], target[2] and target[2].replace(tzinfo=None))

    def _wire(self, annotation: Any) -> _Wire:
        """Return how values of ``annotation`` are stored. Raises `TypeError` for a type that nobody has thought of yet."""
        if annotation is Place:
            return _Wire(str, lambda place: place.name, self._registry.places.__getitem__)
        if annotation is Topic:
            return _Wire(str, lambda topic: topic.name, self._registry.topics.__getitem__)
        if annotation is dt.datetime:
            zone = self._zone
            return _Wire(dt.datetime, lambda moment: moment.replace(tzinfo=None), lambda moment: moment.replace(tzinfo=zone))
        if annotation is Publication:
            return _Wire(str, lambda publication: publication.key, self._registry.publications.__getitem__)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            return self._wire_of_model(annotation)
        if annotation is PurePosixPath:
            return _Wire(str, str, PurePosixPath)
        members = get_args(annotation)
        if get_origin(annotation) in (Union, UnionType) and members[1:] == (NoneType,):
            inner = self._wire(members[0])
            return _Wire(inner.type | None, inner.encode, inner.decode)
        if get_origin(annotation) is tuple and members[1:] == (Ellipsis,):
            inner = self._wire(members[0])
            return _Wire(tuple[inner.type, ...], _each(inner.encode), _each(inner.decode))  # type: ignore[name-defined]
        if get_origin(annotation) is dict and issubclass(members[1], BaseModel):
            inner = self._wire(members[1])
            return _Wire(dict.__class_getitem__((members[0], inner.type)), _each_of_table(inner.encode), _each_of_table(inner.decode))
        if get_origin(annotation) is Mapping:
            return _Wire(dict.__class_getitem__(members), dict)
        return _Wire(annotation)

    def _wire_of_model(self, model: type[BaseModel]) -> _Wire:
        hints = get_type_hints(model)  # without the validators of `Annotated`: they ran when the source was read
        fields = {name: self._wire(hints[name]) for name in model.model_fields}
        stored = TypedDict(model.__name__, {name: wire.type for name, wire in fields.items()})  # type: ignore[misc]
        encoders = [(name, wire.encode) for name, wire in fields.items() if wire.encode]
        decoders = [(name, wire.decode) for name, wire in fields.items() if wire.decode]

        set_attribute, names = object.__setattr__, set(fields)

        def encode(value: BaseModel) -> dict[str, Any]:
            values = value.__dict__
            return {**values, **{name: convert(values[name]) for name, convert in encoders if values[name]}}

        def decode(values: dict[str, Any]) -> BaseModel:
            for name, convert in decoders:
                if value := values[name]:
                    values[name] = convert(value)
            decoded = model.__new__(model)
            # As `BaseModel.__setstate__` does it: the values are of the model's types, and its validators ran when the source was read.
            set_attribute(decoded, "__dict__", values)
            set_attribute(decoded, "__pydantic_fields_set__", names)
            set_attribute(decoded, "__pydantic_extra__", None)
            set_attribute(decoded, "__pydantic_private__", None)
            return decoded

        return _Wire(stored, encode, decode)


def _each(convert: Convert | None) -> Convert | None:
    return None if convert is None else lambda values: tuple(map(convert, values))


def _each_of_table(convert: Convert | None) -> Convert | None:
    return None if convert is None else lambda table: {key: convert(value) for key, value in table.items()}


class ValueCodec(Generic[Value]):
    """Decodes values of one type: what another package computed from a source and keeps in the cache."""

    def __init__(self, value_type: type[Value]) -> None:
        self._decoder = msgspec.msgpack.Decoder(value_type, dec_hook=_decode_special)

    def decode(self, data: object) -> Value:
        """Return the value. Raises `Unreadable`."""
        if not isinstance(data, bytes):
            raise Unreadable("not bytes")
        try:
            return self._decoder.decode(data)
        except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError) as error:
            raise Unreadable(str(error)) from error


def encode_value(value: object) -> bytes:
    """Return the bytes of a value: plain types, dataclasses, paths."""
    return msgspec.msgpack.encode(value, enc_hook=_encode_special)


def _encode_special(value: Any) -> str:
    if isinstance(value, PurePosixPath):
        return str(value)
    raise NotImplementedError(type(value))


def _decode_special(value_type: type, value: Any) -> Any:
    if value_type is PurePosixPath and isinstance(value, str):
        return PurePosixPath(value)
    raise NotImplementedError(value_type)
