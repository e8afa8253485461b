"""The child process that decodes other people's pictures: one request at a time over its pipes, no files, no paths.

Request: a JSON line `{"task", "format", "pixels", "bytes", …}` followed by that many bytes of the original. Answer: a
JSON line with the facts, or `{"error": reason}`, followed by `bytes` bytes of planes. Pillow sees one allowed format,
its warnings are errors, and everything but the pixels is dropped (SAFETY S2).
"""

from __future__ import annotations

import io
import json
import sys
import threading
import warnings
from functools import cache
from typing import IO, TYPE_CHECKING, Literal, TypedDict

from PIL import ExifTags, Image, ImageCms

from renderer.picture.intake_words import WITH_KERNELS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PILLOW_FORMATS = {"png": "PNG", "jpeg": "JPEG", "webp": "WEBP", "gif": "GIF", "heic": "HEIF", "avif": "AVIF"}
PILLOW_FORMATS |= {"bmp": "BMP", "tga": "TGA"}
_DRAFT_MARGIN = 1.3
"""A JPEG is decoded at a half, quarter or eighth only while that still leaves this much to shrink."""
_STRIP_ROWS = 128
_SWAPS_SIDES = (5, 6, 7, 8)
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


Task = Literal["facts", "still", "moving", "backdrop", "pixels", "kernels"]
"""What is wanted. "kernels" comes without a picture and is answered once the compiled code is in memory."""


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
    if format_name == "heic":
        _register_heif()
    Image.MAX_IMAGE_PIXELS = None  # opening reads the size only; Pillow's own check would not say the right limit
    picture = Image.open(io.BytesIO(content), formats=[PILLOW_FORMATS[format_name]])
    Image.MAX_IMAGE_PIXELS = max_pixels
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
    """Size and transparency, after proving that the whole picture is there: a JPEG by entropy-decoding it at an eighth
    of its size, the rest by decoding it.
    """
    if format_name == "png":
        open_picture(content, format_name, max_pixels).verify()  # loading does not miss a cut-off end
    picture, orientation = _loaded(content, format_name, max_pixels, (1, 1))
    width, height = open_picture(content, format_name, max_pixels).size
    if orientation in _SWAPS_SIDES:
        width, height = height, width
    return {"width": width, "height": height, "alpha": _may_be_transparent(picture)}


def _loaded(content: bytes, format_name: str, max_pixels: int, wanted: tuple[int, int]) -> tuple[Image.Image, int]:
    """The picture as it is stored, decoded, and its orientation (EXIF 2.3, tag 0x0112: 1 to 8).

    A JPEG comes at the smallest of its scales that holds `wanted` and a margin, given in the upright picture's axes.
    """
    picture = open_picture(content, format_name, max_pixels)
    if format_name != "jpeg":
        picture.load()
        return picture, _orientation(picture)
    orientation = _orientation(picture)
    width, height = reversed(wanted) if orientation in _SWAPS_SIDES else wanted
    picture.draft(None, (int(width * _DRAFT_MARGIN) + 1, int(height * _DRAFT_MARGIN) + 1))
    picture.load()
    return picture, orientation


def _orientation(picture: Image.Image) -> int:
    """Photographs with damaged metadata are common: what can't be read there says nothing about the picture."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = picture.getexif().get(ExifTags.Base.Orientation, 1)
        except Exception:  # noqa: BLE001  (any failure of a metadata parser)
            return 1
    return found if isinstance(found, int) and found in _TURNS else 1


def _may_be_transparent(picture: Image.Image) -> bool:
    return picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info


def decode(content: bytes, format_name: str, max_pixels: int, wanted: tuple[int, int]) -> Image.Image:
    """The upright picture in sRGB, mode RGB or RGBA; a JPEG much larger than `wanted` comes at a smaller scale."""
    picture, orientation = _loaded(content, format_name, max_pixels, wanted)
    turn = _TURNS.get(orientation)
    converted = _to_srgb(picture)
    return converted if turn is None else converted.transpose(turn)


def _to_srgb(picture: Image.Image) -> Image.Image:
    """Convert by the embedded profile where there is a usable one, else by the mode alone."""
    mode = "RGBA" if _may_be_transparent(picture) else "RGB"
    profile = picture.info.get("icc_profile")
    converted = _by_profile(picture, profile, mode) if profile else None
    if converted is not None:
        return converted
    plain = _eight_bits(picture)
    return plain if plain.mode == mode else plain.convert(mode)  # converting to its own mode copies all of it


def _by_profile(picture: Image.Image, profile: bytes, mode: str) -> Image.Image | None:
    """None where the profile is broken or belongs to another kind of picture: browsers ignore it then, too."""
    source = _eight_bits(picture)
    if mode == "RGBA" or source.mode == "P":
        source = source.convert(mode)
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
    """Sixteen-bit grey to eight bits, rounded; Pillow's own conversion clips it at 255."""
    if not picture.mode.startswith("I"):
        return picture
    import numpy as np

    samples = np.asarray(picture).astype(np.int64)
    grey = Image.fromarray(((samples * 255 + 32_767) // 65_535).clip(0, 255).astype(np.uint8))
    transparent = picture.info.get("transparency")
    if transparent is not None:
        alpha = Image.fromarray(np.where(samples == transparent, 0, 255).astype(np.uint8))
        grey = Image.merge("LA", (grey, alpha))
    return grey


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


def make_pixels(content: bytes, request: Request) -> tuple[Facts, bytes]:
    """What `still` makes planes from, as straight RGB or RGBA: a picture of it becomes the same planes again."""
    from renderer.picture.planes import still_pixels

    size = (request["width"], request["height"])
    pixels = _pixels(decode(content, request["format"], request["pixels"], size))
    if pixels.shape[2] == 4 and int(pixels[:, :, 3].min()) == 255:
        pixels = pixels[:, :, :3]
    shown = still_pixels(pixels, *size)
    facts: Facts = {"width": size[0], "height": size[1], "alpha": shown.shape[2] == 4}
    return facts, shown.tobytes()


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
    """The (height, width, channels) samples, copied in strips: Pillow's own way holds the picture three times."""
    import numpy as np

    pixels = np.empty((picture.height, picture.width, len(picture.getbands())), np.uint8)
    for top in range(0, picture.height, _STRIP_ROWS):
        bottom = min(top + _STRIP_ROWS, picture.height)
        pixels[top:bottom] = np.asarray(picture.crop((0, top, picture.width, bottom)))
    return pixels


def answer(request: Request, content: bytes) -> tuple[dict[str, object], bytes]:
    """Carry out one request; a picture that can't be used is an answer, not a crash."""
    try:
        match request["task"]:
            case "kernels":
                return ({"error": failed} if (failed := load_kernels()) else {}), b""
            case "facts":
                return dict(read_facts(content, request["format"], request["pixels"])), b""
            case "still" | "moving":
                facts, planes = make_planes(content, request)
            case "backdrop":
                facts, planes = make_backdrop(content, request)
            case "pixels":
                facts, planes = make_pixels(content, request)
        return dict(facts), planes
    except RefusedPictureError as error:
        return {"error": str(error)}, b""
    except MemoryError:
        return {"error": "needs more memory to decode than is allowed"}, b""
    except Exception as error:  # noqa: BLE001  (whatever a decoder raises over a hostile file is an answer)
        return {"error": f"damaged or not a {request['format']} picture{_said(error)}"}, b""


def _said(error: Exception) -> str:
    """What a decoder said, as a part of one line; nothing where it only shows the program's inside."""
    text = " ".join("".join(c if c.isprintable() else " " for c in str(error)).split())
    return "" if not text or "<" in text or len(text) > 200 else f" ({text})"


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Answer requests until the input ends."""
    while line := requests.readline():
        request: Request = json.loads(line)
        facts, payload = answer(request, requests.read(request["bytes"]))
        answers.write(json.dumps(facts | {"bytes": len(payload)}).encode() + b"\n")
        answers.write(payload)
        answers.flush()


class _Loading(threading.Thread):
    """Loads the kernels; `failed` is why it could not."""

    failed = ""

    def run(self) -> None:
        try:
            _load_kernels()
        except Exception as error:  # noqa: BLE001  (whatever stands in the way of compiling)
            self.failed = f"{type(error).__name__}: {error}"


@cache
def _loading() -> _Loading:
    thread = _Loading(daemon=True)
    thread.start()
    return thread


def load_kernels() -> str:
    """Have the compiled code of every task in memory; where nothing is compiled yet, that takes a minute.

    Returns why it failed, else nothing.
    """
    thread = _loading()
    thread.join()
    return thread.failed


def _load_kernels() -> None:
    import numpy as np

    from renderer.picture.planes import moving_planes, still_planes

    for task in (still_planes, moving_planes):
        for channels in (3, 4):
            task(np.zeros((4, 4, channels), np.uint8), 2, 2)


def main() -> None:
    warnings.simplefilter("error")
    if WITH_KERNELS in sys.argv:
        _loading()
    serve(sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
