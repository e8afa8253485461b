"""The child process that decodes other people's pictures: one request at a time over its pipes, no files, no paths.

Request: a JSON line `{"task", "format", "pixels", "bytes", …}` followed by that many bytes of the original. Answer: a
JSON line with the facts, or `{"error": reason}`, followed by `bytes` bytes of planes. Pillow sees one allowed format,
its warnings are errors, and everything but the pixels is dropped (SAFETY S2).
"""

from __future__ import annotations

import io
import json
import sys
import warnings
from typing import IO, TYPE_CHECKING, Literal, TypedDict

from PIL import ExifTags, Image, ImageCms, ImageOps

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PILLOW_FORMATS = {"png": "PNG", "jpeg": "JPEG", "webp": "WEBP", "gif": "GIF", "heic": "HEIF", "avif": "AVIF"}
_DRAFT_MARGIN = 1.3
"""A JPEG is decoded at a half, quarter or eighth only while that still leaves this much to shrink."""
_SWAPS_SIDES = (5, 6, 7, 8)


Task = Literal["facts", "still", "moving", "backdrop"]


class Request(TypedDict):
    """One task. `width` and `height`: of the planes (still), of the largest view (moving), of the frame (backdrop)."""

    task: Task
    format: str
    pixels: int
    bytes: int
    width: int
    height: int


class Facts(TypedDict):
    """Size after orientation, and whether the picture can be transparent."""

    width: int
    height: int
    alpha: bool


class RefusedPictureError(Exception):
    """The picture can't be used; the text says why, for the person who named it."""


def open_picture(content: bytes, format_name: str, max_pixels: int) -> Image.Image:
    """Open, not yet decode, as exactly the sniffed format.

    Raises: RefusedPictureError.
    """
    Image.MAX_IMAGE_PIXELS = max_pixels
    if format_name == "heic":
        _register_heif()
    picture = Image.open(io.BytesIO(content), formats=[PILLOW_FORMATS[format_name]])
    width, height = picture.size
    if width * height > max_pixels:
        raise RefusedPictureError(f"{width}×{height} is over the limit of {max_pixels / 1e6:g} megapixels")
    return picture


def _register_heif() -> None:
    try:
        import pillow_heif
    except ImportError as error:
        raise RefusedPictureError('HEIC needs the extra: pip install "storyreel[heif]"') from error
    pillow_heif.register_heif_opener()


def read_facts(content: bytes, format_name: str, max_pixels: int) -> Facts:
    """Size and transparency, after proving that the whole picture is there.

    A JPEG is entropy-decoded at an eighth of its size, a PNG has its checksums verified, the rest is decoded.
    """
    if format_name == "png":
        open_picture(content, format_name, max_pixels).verify()
    picture = open_picture(content, format_name, max_pixels)
    width, height = picture.size
    if picture.getexif().get(ExifTags.Base.Orientation) in _SWAPS_SIDES:
        width, height = height, width
    alpha = _may_be_transparent(picture)
    if format_name != "png":
        picture.draft("RGB", (max(1, width // 8), max(1, height // 8)))
        picture.load()
    return {"width": width, "height": height, "alpha": alpha}


def _may_be_transparent(picture: Image.Image) -> bool:
    return picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info


def decode(content: bytes, format_name: str, max_pixels: int, wanted: tuple[int, int]) -> Image.Image:
    """The upright picture in sRGB, mode RGB or RGBA; a JPEG much larger than `wanted` comes at a smaller scale."""
    picture = open_picture(content, format_name, max_pixels)
    turned = picture.getexif().get(ExifTags.Base.Orientation) in _SWAPS_SIDES
    width, height = reversed(wanted) if turned else wanted
    if format_name == "jpeg":
        picture.draft(None, (int(width * _DRAFT_MARGIN) + 1, int(height * _DRAFT_MARGIN) + 1))
    picture.load()
    return ImageOps.exif_transpose(_to_srgb(picture))


def _to_srgb(picture: Image.Image) -> Image.Image:
    """Convert by the embedded profile where there is a usable one, else by the mode alone.

    The EXIF orientation stays in `info`, for the caller to apply.
    """
    mode = "RGBA" if _may_be_transparent(picture) else "RGB"
    exif = picture.info.get("exif")
    profile = picture.info.get("icc_profile")
    converted = _by_profile(picture, profile, mode) if profile else None
    if converted is None:
        converted = _eight_bits(picture).convert(mode)
    if exif is not None:
        converted.info["exif"] = exif
    return converted


def _by_profile(picture: Image.Image, profile: bytes, mode: str) -> Image.Image | None:
    """None where the profile is broken or belongs to another kind of picture: browsers ignore it then, too."""
    source = picture.convert("RGBA" if mode == "RGBA" else "RGB") if picture.mode in ("P", "PA", "LA") else picture
    source = _eight_bits(source)
    try:
        return ImageCms.profileToProfile(
            source,
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode=mode,
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Sixteen-bit grey to eight bits by its high byte; Pillow's own conversion clips it at 255."""
    if not picture.mode.startswith("I"):
        return picture
    import numpy as np

    samples = np.asarray(picture).astype(np.int64)
    return Image.fromarray(((samples * 255 + 32_767) // 65_535).clip(0, 255).astype(np.uint8), "L")


def make_planes(content: bytes, request: Request) -> tuple[Facts, bytes]:
    """The picture as planes, for showing or for the resampler: Y, U, V, and with transparency the two alphas."""
    from renderer.picture.kernels import OVERSAMPLING
    from renderer.picture.planes import moving_planes, still_planes

    size = (request["width"], request["height"])
    moving = request["task"] == "moving"
    needed = (int(size[0] * OVERSAMPLING) + 1, int(size[1] * OVERSAMPLING) + 1) if moving else size
    pixels = _pixels(decode(content, request["format"], request["pixels"], needed))
    if pixels.shape[2] == 4 and int(pixels[:, :, 3].min()) == 255:
        pixels = pixels[:, :, :3]
    return _answered(moving_planes(pixels, *size) if moving else still_planes(pixels, *size))


def _answered(planes: tuple[NDArray[np.uint8], ...]) -> tuple[Facts, bytes]:
    facts: Facts = {"width": planes[0].shape[1], "height": planes[0].shape[0], "alpha": len(planes) == 5}
    return facts, b"".join(plane.tobytes() for plane in planes)


def make_backdrop(content: bytes, request: Request) -> tuple[Facts, bytes]:
    """A small, blurred copy that covers width × height: what lies behind a picture with fit `blur`."""
    from renderer.picture.planes import backdrop_of_rgb

    width, height = request["width"], request["height"]
    picture = decode(content, request["format"], request["pixels"], (width, height)).convert("RGB")
    scale = max(width / picture.width, height / picture.height)
    box_width, box_height = min(picture.width, width / scale), min(picture.height, height / scale)
    left, top = int((picture.width - box_width) / 2), int((picture.height - box_height) / 2)
    cropped = picture.crop((left, top, left + max(1, int(box_width)), top + max(1, int(box_height))))
    return _answered(backdrop_of_rgb(_pixels(cropped), width, height))


def _pixels(picture: Image.Image) -> NDArray[np.uint8]:
    import numpy as np

    return np.asarray(picture, dtype=np.uint8)


def answer(request: Request, content: bytes) -> tuple[dict[str, object], bytes]:
    """Carry out one request; a picture that can't be used is an answer, not a crash."""
    try:
        match request["task"]:
            case "facts":
                return dict(read_facts(content, request["format"], request["pixels"])), b""
            case "still" | "moving":
                facts, planes = make_planes(content, request)
            case "backdrop":
                facts, planes = make_backdrop(content, request)
        return dict(facts), planes
    except RefusedPictureError as error:
        return {"error": str(error)}, b""
    except MemoryError:
        return {"error": "needs more memory to decode than is allowed"}, b""
    except (OSError, SyntaxError, ValueError, EOFError, Warning, Image.DecompressionBombError, IndexError) as error:
        return {"error": f"damaged or not a {request['format']} picture ({error})"}, b""


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Answer requests until the input ends."""
    while line := requests.readline():
        request: Request = json.loads(line)
        facts, payload = answer(request, requests.read(request["bytes"]))
        answers.write(json.dumps(facts | {"bytes": len(payload)}).encode() + b"\n")
        answers.write(payload)
        answers.flush()


def main() -> None:
    warnings.simplefilter("error")
    serve(sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
