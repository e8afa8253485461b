"""The models -> JSON Schema (draft 2020-12) for editors: every field with its description, long and short forms.

Preset names are examples, not enums: which presets exist is known elsewhere.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from renderer.spec.model import CornerSpec, SpecModel, StorySpec
from renderer.spec.values import time_text
from renderer.timebase import Time

if TYPE_CHECKING:
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import core_schema

SCHEMA_ID = "urn:storyreel:spec:1"


def spec_json_schema() -> dict[str, object]:
    """The schema of a spec, version 1."""
    schema: dict[str, object] = StorySpec.model_json_schema(schema_generator=_SpecSchema)
    definitions = schema.pop("$defs")
    if not isinstance(definitions, dict):
        raise TypeError(f"expected definitions, found {definitions!r}")
    models = {model.__name__: model for model in SpecModel.__subclasses__()}
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        "$id": SCHEMA_ID,
        **schema,
        "title": "Storyreel story, version 1",
        "examples": [{"storyreel": 1, "narration": "narration.wav", "music": "bed.mp3", "images": ["photo.jpg"]}],
        "$defs": {name: _with_short_form(models[name], schema) for name, schema in definitions.items()},
    }


def _with_short_form(model: type[SpecModel], mapping: dict[str, object]) -> dict[str, object]:
    """Both ways to write one part: the text that stands for one key, and the mapping."""
    short = _short_form(model, mapping)
    if short is None:
        return mapping
    about = {"title", "description"}
    outer = {key: value for key, value in mapping.items() if key in about}
    return {**outer, "anyOf": [short, {key: value for key, value in mapping.items() if key not in about}]}


def _short_form(model: type[SpecModel], mapping: dict[str, object]) -> object:
    if model is CornerSpec:
        return {"const": "none", "description": "No logo in the corner."}
    properties = mapping["properties"]
    return properties[model.short_key] if model.short_key is not None and isinstance(properties, dict) else None


class _SpecSchema(GenerateJsonSchema):
    """An absent key is left out, never written as null; defaults are shown as an author would write them."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return (
            self.generate_inner(schema["schema"])
            if schema.get("default", ...) is None
            else super().default_schema(schema)
        )

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002  (pydantic's signature)
        return False

    def encode_default(self, dft: object) -> object:
        return _as_written(dft)


def _as_written(value: object) -> object:
    match value:
        case Fraction():
            return int(value) if value.denominator == 1 else float(value)
        case Time():
            return time_text(value).replace(" ", "")
        case tuple():
            return [_as_written(item) for item in value]
        case BaseModel():
            fields = type(value).model_fields.items()
            present = {field.alias or name: getattr(value, name) for name, field in fields}
            return {key: _as_written(item) for key, item in present.items() if item is not None}
        case _:
            return value
