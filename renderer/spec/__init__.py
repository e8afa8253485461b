"""What an author may write: a spec's text -> a checked `StorySpec`. Opens no medium, knows no backend."""

from renderer.spec.document import Document, Location, Node
from renderer.spec.load import MAX_IMAGES, LoadedSpec, ParseResult, load_spec, parse_spec
from renderer.spec.model import (
    BrandSpec,
    CaptionsSpec,
    CornerSpec,
    DuckSpec,
    Ease,
    Fit,
    ImageSpec,
    MotionSpec,
    MusicSpec,
    NarrationSpec,
    OutputSpec,
    SpecModel,
    StorySpec,
    TransitionSpec,
    ViewSpec,
)
from renderer.spec.parse import load_document, parse_document
from renderer.spec.schema import spec_json_schema
from renderer.spec.unbuilt import unbuilt_features

__all__ = [
    "MAX_IMAGES",
    "BrandSpec",
    "CaptionsSpec",
    "CornerSpec",
    "Document",
    "DuckSpec",
    "Ease",
    "Fit",
    "ImageSpec",
    "LoadedSpec",
    "Location",
    "MotionSpec",
    "MusicSpec",
    "NarrationSpec",
    "Node",
    "OutputSpec",
    "ParseResult",
    "SpecModel",
    "StorySpec",
    "TransitionSpec",
    "ViewSpec",
    "load_document",
    "load_spec",
    "parse_document",
    "parse_spec",
    "spec_json_schema",
    "unbuilt_features",
]
