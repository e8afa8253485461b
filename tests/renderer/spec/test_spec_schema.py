"""The JSON Schema: complete for an editor, and of one mind with the models."""

from __future__ import annotations

import json
import math
import re

import pytest

from renderer.spec import parse_document, spec_json_schema

SCHEMA = json.loads(json.dumps(spec_json_schema()))

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float)}

LIMITS = {
    "minimum": lambda value, limit: value >= limit,
    "maximum": lambda value, limit: value <= limit,
    "multipleOf": lambda value, limit: math.fmod(value, limit) == 0,
    "minLength": lambda value, limit: len(value) >= limit,
    "maxLength": lambda value, limit: len(value) <= limit,
    "pattern": lambda value, limit: not isinstance(value, str) or re.search(limit, value),
    "minItems": lambda value, limit: len(value) >= limit,
    "maxItems": lambda value, limit: len(value) <= limit,
    "enum": lambda value, limit: value in limit,
    "const": lambda value, limit: type(value) is type(limit) and value == limit,
    "required": lambda value, limit: set(limit) <= set(value),
}


def has_type(value, name):
    names = name if isinstance(name, list) else [name]
    return any(isinstance(value, TYPES[one]) and (one == "boolean" or not isinstance(value, bool)) for one in names)


def fits(value, schema):
    """A tiny validator for the keywords that this schema uses."""
    if "$ref" in schema:
        return fits(value, SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]])
    if "type" in schema and not has_type(value, schema["type"]):
        return False
    limits = all(rule(value, schema[name]) for name, rule in LIMITS.items() if name in schema)
    any_of = any(fits(value, one) for one in schema["anyOf"]) if "anyOf" in schema else True
    one_of = sum(fits(value, one) for one in schema["oneOf"]) == 1 if "oneOf" in schema else True
    return bool(limits and any_of and one_of and fits_inside(value, schema))


def fits_inside(value, schema):
    if isinstance(value, dict) and "properties" in schema:
        known = schema["properties"]
        return all(name in known and fits(item, known[name]) for name, item in value.items())
    if isinstance(value, list):
        schemas = schema.get("prefixItems") or [schema.get("items", {})] * len(value)
        return all(fits(item, one) for item, one in zip(value, schemas, strict=False))
    return True


def mappings(schema):
    """Every mapping form in the schema, with the name of its definition."""
    parts = {"StorySpec": schema, **schema["$defs"]}
    forms = [(name, form) for name, part in parts.items() for form in [part, *part.get("anyOf", [])]]
    return [(name, form) for name, form in forms if "properties" in form]


FIELDS = [(name, key, field) for name, form in mappings(SCHEMA) for key, field in form["properties"].items()]

ACCEPTED = [
    "images: [a.jpg]",
    "images: [{file: a.jpg, hold: 6s, fit: blur, motion: none, transition: crossfade, caption: x}]",
    "images: [{file: a.jpg, motion: {from: {zoom: 1.5}, to: {focus: [0, 1]}, ease: out}, transition: {kind: cut}}]",
    "{title: t, id: my-story, output: {width: 640, height: 360, rate: 25}, length: 90f, images: []}",
    "{output: {rate: 30000/1001}, brand: {preset: b, corner: none, intro: '00:00:03:00', logo: l.png}, images: []}",
    "{music: {mood: calm, library: lib, duck: {db: -20}}, loudness: web, captions: {file: s.vtt}, images: []}",
]

REFUSED = [
    "title: t",
    "images: a.jpg",
    "images: [7]",
    "images: [{hold: 6s}]",
    "images: [{file: a.jpg, fit: stretch}]",
    "images: [{file: a.jpg, hold: soon}]",
    "images: [{file: a.jpg, motion: {from: {zoom: 0.5}}}]",
    "images: [{file: a.jpg, motion: {to: {focus: [0.5]}}}]",
    "images: [{file: a.jpg, transition: fade}]",
    "{images: [], imgaes: []}",
    "{images: [], output: {width: 33, height: 32}}",
    "{images: [], music: {file: a.mp3, mood: calm, library: lib}}",
    "{images: [], brand: {corner: left}}",
    "{images: [], loudness: 3}",
    "{images: [], narration: null}",
]


@pytest.mark.parametrize(("name", "key", "field"), FIELDS, ids=[f"{name}.{key}" for name, key, _ in FIELDS])
def test_every_field_is_described(name, key, field):
    assert len(field.get("description", "")) > 5
    assert "None" not in field["description"]


@pytest.mark.parametrize("text", ACCEPTED)
def test_valid_stories_fit_the_schema(text):
    assert fits({"storyreel": 1, **parse_document(text).plain()}, SCHEMA)


@pytest.mark.parametrize("text", REFUSED)
def test_wrong_stories_do_not_fit_the_schema(text):
    assert not fits({"storyreel": 1, **parse_document(text).plain()}, SCHEMA)


def test_the_schema_names_itself_and_its_dialect():
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert (SCHEMA["$id"], SCHEMA["title"]) == ("urn:storyreel:spec:1", "Storyreel story, version 1")


def test_every_reference_leads_somewhere():
    names = set(re.findall(r'"#/\$defs/(\w+)"', json.dumps(SCHEMA)))
    assert names == set(SCHEMA["$defs"])


def test_every_mapping_refuses_unknown_keys():
    assert all(form["additionalProperties"] is False for _, form in mappings(SCHEMA))


def test_defaults_fit_their_own_fields():
    with_default = [(name, key, field) for name, key, field in FIELDS if "default" in field]
    assert len(with_default) > 10
    assert [(name, key) for name, key, field in with_default if not fits(field["default"], field)] == []


def test_the_examples_fit():
    assert all(fits(example, SCHEMA) for example in SCHEMA["examples"])
    assert [
        (name, key) for name, key, field in FIELDS for one in field.get("examples", []) if not fits(one, field)
    ] == []
