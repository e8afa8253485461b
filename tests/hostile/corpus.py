"""Hostile and odd media, built from nothing when a test asks: no file of this corpus is copied from anywhere.

`PICTURES` and `SOUNDS` name files that must be refused; each row writes one file at the path it is given. `SAFETY` rows
F1 to F11 keep their number in the row's name. What is odd but good is built by the functions further down.
"""

from __future__ import annotations

import io
import os
import socket
import struct
import zlib

import numpy as np
from PIL import Image, PngImagePlugin

CANARY = b"CANARY-d1f0-must-stay-secret"
CORNERS = {"red": (200, 30, 30), "green": (30, 160, 40), "blue": (30, 40, 190), "white": (235, 235, 235)}
"""Top left, top right, bottom left and bottom right of every good picture."""


def quarters(mode="RGB", size=(64, 48)):
    """A picture of four coloured quarters."""
    width, height = size
    pixels = np.zeros((height, width, 3), np.uint8)
    red, green, blue, white = CORNERS.values()
    pixels[: height // 2, : width // 2], pixels[: height // 2, width // 2 :] = red, green
    pixels[height // 2 :, : width // 2], pixels[height // 2 :, width // 2 :] = blue, white
    return Image.fromarray(pixels).convert(mode)


def encoded(picture, kind, **save):
    """The bytes Pillow writes; HEIC through pillow-heif."""
    if kind == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener()
    out = io.BytesIO()
    picture.save(out, kind, **save)
    return out.getvalue()


def noise(size=(160, 120)):
    """A picture that no encoder makes small: cutting it in half cuts pixels."""
    return Image.fromarray(np.random.default_rng(7).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8))


def half(data):
    return data[: len(data) // 2]


# --- PNG by hand -------------------------------------------------------------------------------------------------


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, *, depth=8, colour=2, rows=None, extra=b"", interlace=0):
    """A PNG of the given header; `rows` is its raw pixel data, all zero where not given."""
    samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    line = 1 + -(-width * samples * depth // 8)
    data = _zeros(line * height) if rows is None else zlib.compress(rows)
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def _zeros(count):
    """`count` zero bytes compressed, without holding them."""
    packer = zlib.compressobj(1)
    parts = [packer.compress(bytes(min(1_000_000, count - start))) for start in range(0, count, 1_000_000)]
    return b"".join([*parts, packer.flush()])


def text_bomb(kind, megabytes=64):
    packed = _zeros(megabytes * 1_000_000)
    bodies = {b"zTXt": b"k\0\0" + packed, b"iTXt": b"k\0\1\0\0\0" + packed, b"iCCP": b"icc\0\0" + packed}
    return png(8, 8, extra=chunk(kind, bodies[kind]))


def many_text_bombs():
    return png(8, 8, extra=chunk(b"zTXt", b"k\0\0" + _zeros(1_000_000)) * 200)


# --- JPEG, GIF, WebP by hand -------------------------------------------------------------------------------------


def jpeg_of_size(width, height):
    """A real JPEG whose frame header claims another size."""
    data = bytearray(encoded(quarters(), "JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def many_scans(count=20_000, side=6000):
    """A progressive JPEG that repeats its last, nearly empty scan: little to store, much to decode."""
    data = encoded(Image.new("L", (side, side), 128), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:-2] + data[last:-2] * count + data[-2:]


def gif_of_size(width, height):
    data = bytearray(encoded(quarters("P"), "GIF"))
    data[6:10] = struct.pack("<HH", width, height)
    at = data.index(b"\x2c", 13 + 3 * 2 ** ((data[10] & 7) + 1))
    data[at + 5 : at + 9] = struct.pack("<HH", width, height)
    return bytes(data)


def webp_of_size(width, height):
    """An extended WebP whose canvas claims another size."""
    data = bytearray(encoded(quarters("RGBA"), "WEBP", lossless=True, exif=b"Exif\0\0II*\0\0\0\0\0"))
    at = data.index(b"VP8X")
    data[at + 12 : at + 18] = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return bytes(data)


def iso_of_size(kind, width, height):
    """A HEIC or AVIF whose size box claims another size."""
    data = bytearray(encoded(quarters(), kind))
    at = data.index(b"ispe")
    data[at + 8 : at + 16] = struct.pack(">II", width, height)
    return bytes(data)


# --- playlists and documents -------------------------------------------------------------------------------------


def hls(url):
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{url}\n#EXT-X-ENDLIST\n".encode()


def ffconcat(name):
    return f"ffconcat version 1.0\nfile '{name}'\nduration 5\n".encode()


def dash(url):
    return (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" profiles="urn:mpeg:dash:profile:'
        'isoff-on-demand:2011" mediaPresentationDuration="PT10S"><Period><AdaptationSet mimeType="audio/mp4"><Represent'
        f'ation id="1" bandwidth="1"><BaseURL>{url}</BaseURL></Representation></AdaptationSet></Period></MPD>'
    ).encode()


def svg(href="file:///etc/hostname"):
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="64" height="48">'
        f'<image xlink:href="{href}" width="64" height="48"/><rect width="64" height="48" fill="red"/></svg>'
    ).encode()


HTML = b"<!doctype html><script>alert(1)</script><img src=http://127.0.0.1:9/x>"


# --- things that are no ordinary file ----------------------------------------------------------------------------


def make_socket(path):
    with socket.socket(socket.AF_UNIX) as endpoint:
        here = os.getcwd()  # noqa: PTH109  (a socket's name may have 107 characters: bind it from its own folder)
        os.chdir(path.parent)
        try:
            endpoint.bind(path.name)
        finally:
            os.chdir(here)


def sparse(start, size):
    """A file of `size` bytes that begins with `start` and takes no room."""

    def make(path):
        with path.open("wb") as file:
            file.write(start)
            file.truncate(size)

    return make


def link(target):
    return lambda path: path.symlink_to(target)


def nothing(_path):
    """Make nothing at all."""


def written(make):
    return lambda path: path.write_bytes(make() if callable(make) else make)


# --- the rows ----------------------------------------------------------------------------------------------------

FOREIGN = "is not a picture that can be used"
TOO_LARGE = "over the limit of 50 megapixels"
DAMAGED = r"damaged or not a \w+ picture"
REFUSED = f"{TOO_LARGE}|{DAMAGED}"

PICTURES = {
    "F1 hls playlist named jpg": ("f1.jpg", written(lambda: hls("http://127.0.0.1:9/s.ts")), FOREIGN),
    "F2 hls playlist of a local file": ("f2.png", written(lambda: hls("file:///etc/hostname")), FOREIGN),
    "F3 ffconcat named jpg": ("f3.jpg", written(lambda: ffconcat("good.png")), FOREIGN),
    "F4 ffconcat of an absolute path": ("f4.gif", written(lambda: ffconcat("/etc/hostname")), FOREIGN),
    "F5 dash manifest named webp": ("f5.webp", written(lambda: dash("http://127.0.0.1:9/a")), FOREIGN),
    "F6 svg named png": ("f6.png", written(svg), FOREIGN),
    "F9 jpeg cut in half": ("f9.jpg", written(lambda: half(encoded(noise(), "JPEG"))), DAMAGED),
    "F9 progressive jpeg cut in half": (
        "f9p.jpg",
        written(lambda: half(encoded(noise(), "JPEG", progressive=True))),
        DAMAGED,
    ),
    "F9 png cut in half": ("f9.png", written(lambda: half(encoded(noise(), "PNG"))), DAMAGED),
    "F9 png without its end": ("f9e.png", written(lambda: encoded(noise(), "PNG")[:-12]), DAMAGED),
    "F9 webp cut in half": ("f9.webp", written(lambda: half(encoded(noise(), "WEBP"))), DAMAGED),
    "F9 lossless webp cut in half": (
        "f9l.webp",
        written(lambda: half(encoded(noise(), "WEBP", lossless=True))),
        DAMAGED,
    ),
    "F9 gif cut in half": ("f9.gif", written(lambda: half(encoded(noise(), "GIF"))), DAMAGED),
    "F9 heic cut in half": ("f9.heic", written(lambda: half(encoded(noise(), "HEIF"))), DAMAGED),
    "F9 avif cut in half": ("f9.avif", written(lambda: half(encoded(noise(), "AVIF"))), DAMAGED),
    "png that is only a signature": ("sig.png", written(b"\x89PNG\r\n\x1a\n"), DAMAGED),
    "jpeg that is only a start": ("sig.jpg", written(b"\xff\xd8\xff\xe0"), DAMAGED),
    "png whose pixels are cut but well summed": (
        "idat.png",
        written(lambda: png(160, 120, rows=bytes(100))),
        DAMAGED,
    ),
    "png whose pixels are no zlib but well summed": (
        "zlib.png",
        written(lambda: png(8, 8).replace(chunk(b"IDAT", _zeros(200)), chunk(b"IDAT", b"no zlib data at all"))),
        DAMAGED,
    ),
    "F10 png of 900 megapixels": ("f10.png", written(lambda: png(30_000, 30_000, depth=1, colour=0)), TOO_LARGE),
    "F10 png of 51 megapixels": ("f10b.png", written(lambda: png(8000, 6400, depth=1, colour=0)), TOO_LARGE),
    "F10 jpeg that claims 4 gigapixels": ("f10.jpg", written(lambda: jpeg_of_size(65_500, 65_500)), TOO_LARGE),
    "F10 gif that claims 4 gigapixels": ("f10.gif", written(lambda: gif_of_size(65_535, 65_535)), TOO_LARGE),
    "F10 webp that claims 268 megapixels": ("f10.webp", written(lambda: webp_of_size(16_383, 16_383)), REFUSED),
    "F10 heic that claims a gigapixel": ("f10.heic", written(lambda: iso_of_size("HEIF", 40_000, 30_000)), REFUSED),
    "F10 avif that claims a gigapixel": ("f10.avif", written(lambda: iso_of_size("AVIF", 40_000, 30_000)), REFUSED),
    "F10 file of more than 25 MB": ("f10f.png", sparse(png(8, 8), 25_000_001), "larger than 25 MB"),
    "png whose pixels are cut but well summed, with exif": (
        "exif.png",
        written(lambda: png(160, 120, rows=bytes(100), extra=chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\0\0\0\0\0"))),
        DAMAGED,
    ),
    "ztxt bomb": ("ztxt.png", written(lambda: text_bomb(b"zTXt")), DAMAGED),
    "itxt bomb": ("itxt.png", written(lambda: text_bomb(b"iTXt")), DAMAGED),
    "icc bomb": ("icc.png", written(lambda: text_bomb(b"iCCP")), DAMAGED),
    "two hundred ztxt bombs": ("ztxts.png", written(many_text_bombs), DAMAGED),
    "no bytes": ("empty.png", written(b""), "is empty"),
    "text": ("text.jpg", written(b"This is not a picture.\n"), FOREIGN),
    "html behind a png signature": ("poly.png", written(b"\x89PNG\r\n\x1a\n" + HTML), DAMAGED),
    "html behind a gif signature": ("poly.gif", written(b"GIF89a=1;/*" + HTML), DAMAGED),
    "html behind a jpeg signature": ("poly.jpg", written(b"\xff\xd8\xff\xe0" + HTML), DAMAGED),
    "tiff": ("tiff.png", written(lambda: encoded(quarters(), "TIFF")), FOREIGN),
    "bmp": ("bmp.png", written(lambda: encoded(quarters(), "BMP")), FOREIGN),
    "psd": ("psd.png", written(b"8BPS\0\1" + bytes(200)), FOREIGN),
    "ico": ("ico.png", written(lambda: encoded(quarters(), "ICO", sizes=[(16, 16)])), FOREIGN),
    "pdf": ("pdf.png", written(lambda: encoded(quarters(), "PDF")), FOREIGN),
    "eps": ("eps.png", written(lambda: encoded(quarters(), "EPS")), FOREIGN),
    "ppm": ("ppm.png", written(lambda: encoded(quarters(), "PPM")), FOREIGN),
    "tga": ("tga.png", written(lambda: encoded(quarters(), "TGA")), FOREIGN),
    "jpeg 2000": ("jp2.jpg", written(lambda: encoded(quarters(), "JPEG2000")), FOREIGN),
    "zip": ("zip.png", written(b"PK\3\4" + bytes(100)), FOREIGN),
    "program": ("elf.png", written(b"\x7fELF" + bytes(100)), FOREIGN),
    "folder": ("folder.png", lambda path: path.mkdir(), "found a folder"),
    "fifo": ("fifo.png", os.mkfifo, "found a FIFO"),
    "socket": ("socket.png", make_socket, "can't be opened"),
    "device behind a link": ("zero.png", link("/dev/zero"), "lies outside"),
    "link to a file outside": ("outside.png", link("../outside/secret.png"), "lies outside"),
    "link to a folder outside": ("linked", link("../outside"), "found a folder|lies outside"),
    "link to itself": ("loop.png", link("loop.png"), "can't be opened"),
    "link to nothing": ("dangling.png", link("gone.png"), "file not found"),
}
"""What must be refused: file name, how to make it, what the message must say."""

WRITTEN_PATHS = {
    "missing file": ("gone.png", "file not found"),
    "file outside by dots": ("../outside/secret.png", "lies outside"),
    "file outside by dots from a folder": ("sub/../../outside/secret.png", "lies outside"),
    "file outside by its full name": ("/etc/hostname", "lies outside"),
    "program's own folder left by dots": ("asset:../cli.py", "lies outside"),
    "program's own folder left by a full name": ("asset:/etc/hostname", "lies outside"),
    "asset that is not there": ("asset:no-such.png", "file not found"),
    "F7 subfile": ("subfile,,start,0,end,0,,:/etc/hostname", "file not found"),
    "F7 concat": ("concat:good.png|good.png", "file not found"),
    "F7 async": ("async:good.png", "file not found"),
    "F7 file scheme": ("file:good.png", "expected a local file|file not found"),
    "F7 http": ("http://127.0.0.1:9/x.png", "expected a local file"),
    "F7 data": ("data:image/png;base64,iVBORw0KGgo=", "expected a local file|file not found"),
    "F7 pipe": ("pipe:0", "expected a local file|file not found"),
    "capital letters": ("GOOD.PNG", "file not found"),
    "folder itself": (".", "found a folder"),
    "name too long for a file system": ("x" * 300 + ".png", "File name too long"),
    "path longer than the system takes": ("d/" * 480 + "x.png", "file not found|File name too long"),
    "line break": ("a\nb.png", "in one line"),
    "text that runs backwards": ("photo\u202egnp.exe", "file not found|expected"),
    "file used as a folder": ("good.png/x.png", "Not a directory|file not found|can't be opened"),
    "spaces": ("   ", "expected a file name|expected the name"),
}
"""What an author writes for a file that must not open, and what the message must say."""


SPECIAL = {
    "fifo": os.mkfifo,
    "folder": lambda path: path.mkdir(),
    "socket": make_socket,
    "device": link("/dev/zero"),
    "missing": nothing,
}
"""Things that a spec can't be."""


def build_pictures(folder):
    """Every hostile picture in `folder`, a secret beside it in `outside`, one good picture."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder.parent / "outside").mkdir(exist_ok=True)
    quarters().save(folder.parent / "outside" / "secret.png")
    quarters().save(folder / "good.png")
    (folder / "sub").mkdir(exist_ok=True)
    for file, make, _ in PICTURES.values():
        make(folder / file)


# --- odd but good ------------------------------------------------------------------------------------------------


def cmyk_jpeg(*, adobe):
    """A CMYK JPEG of quarters; with `adobe` it carries the marker of the usual inverted kind."""
    data = encoded(quarters("CMYK"), "JPEG", quality=95, subsampling=0)
    at = data.index(b"\xff\xee")
    length = struct.unpack(">H", data[at + 2 : at + 4])[0]
    return data if adobe else data[:at] + data[at + 2 + length :]


def sixteen_bits(colour, transparent=None):
    """A 16-bit PNG of quarters, grey (`colour` 0) or RGB (2); `transparent` is the grey level to see through."""
    samples = np.asarray(quarters("L" if colour == 0 else "RGB")).astype(">u2") * 257
    rows = b"".join(b"\0" + line.tobytes() for line in samples)
    extra = b"" if transparent is None else chunk(b"tRNS", struct.pack(">H", transparent))
    return png(64, 48, depth=16, colour=colour, rows=rows, extra=extra)


def palette_with_transparency(**save):
    """Four palette entries; the green quarter is transparent."""
    picture = quarters("P")
    transparent = picture.getpixel((63, 0))
    return encoded(picture, "PNG", transparency=transparent, **save)


def rgb_with_transparent_colour(**save):
    """An RGB PNG whose tRNS chunk makes the green quarter transparent."""
    return encoded(quarters(), "PNG", transparency=CORNERS["green"], **save)


def animated(kind, **save):
    """Quarters, then three frames of black."""
    rest = [Image.new("RGB", (64, 48))] * 3
    return encoded(quarters(), kind, save_all=True, append_images=rest, **save)


def gif_with_huge_delays():
    data = bytearray(animated("GIF", duration=100))
    at = data.index(b"\x21\xf9\x04")
    data[at + 4 : at + 6] = b"\xff\xff"
    return bytes(data)


def srgb_profile():
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def swapped_profile():
    """A matrix profile that calls red blue: applied, red becomes blue; not applied, nothing changes."""
    data = bytearray(srgb_profile())
    count = struct.unpack(">I", data[128:132])[0]
    entries = {bytes(data[at : at + 4]): at for at in range(132, 132 + 12 * count, 12)}
    red, blue = entries[b"rXYZ"], entries[b"bXYZ"]
    data[red + 4 : red + 12], data[blue + 4 : blue + 12] = data[blue + 4 : blue + 12], data[red + 4 : red + 12]
    return bytes(data)


XMP_TURNED = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
)


def png_turned_by_xmp(mode="RGB", **save):
    """A PNG that says only in its XMP packet that it must be turned by 90°."""
    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", XMP_TURNED.decode())
    picture = quarters("RGB")
    if mode == "I;16":
        picture = Image.fromarray(np.asarray(quarters("L")).astype(np.uint16) * 257)
    return encoded(picture, "PNG", pnginfo=info, **save)


def turned_exif(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


def turned(orientation, kind="JPEG", mode="RGB", **save):
    """Quarters with an EXIF orientation."""
    exif, picture = turned_exif(orientation), quarters(mode)
    picture.info["exif"] = exif  # pillow-heif turns a HEIC by what it finds here
    return encoded(picture, kind, exif=exif, **save)


# --- sounds ------------------------------------------------------------------------------------------------------


def wav(*, rate=48_000, channels=1, bits=16, tag=1, data=bytes(9600), claimed=None):
    """A WAV whose header says what it is told to."""
    block = channels * bits // 8
    form = struct.pack("<HHIIHH", tag, channels, rate, rate * block & 0xFFFFFFFF, block & 0xFFFF, bits)
    size = len(data) if claimed is None else claimed
    body = b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", size) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def box(kind, *parts):
    body = b"".join(parts)
    return struct.pack(">I", len(body) + 8) + kind + body


def m4a_that_refers_to(name, m4a):
    """An M4A whose samples lie in another file, by its data reference box (ISO/IEC 14496-12, 8.7.2)."""
    alias = (
        bytes(130)
        + struct.pack(">HH", 1, 1)
        + bytes(16)
        + struct.pack(">HH", 2, len(name))
        + name.encode()
        + bytes(len(name) % 2)
    )
    alias += struct.pack(">HH", 18, len(name)) + name.encode() + bytes(len(name) % 2) + struct.pack(">HH", 0xFFFF, 0)
    outside = box(b"dref", bytes(4), struct.pack(">I", 1), box(b"alis", bytes(4), alias))
    at = m4a.index(b"dref") - 4
    old = struct.unpack(">I", m4a[at : at + 4])[0]
    data = bytearray(m4a[:at] + outside + m4a[at + old :])
    for kind in (b"moov", b"trak", b"mdia", b"minf", b"dinf"):
        place = data.index(kind) - 4
        size = struct.unpack(">I", data[place : place + 4])[0]
        data[place : place + 4] = struct.pack(">I", size + len(outside) - old)
    return bytes(data)


def ogg_page_bomb():
    """An Ogg stream that starts as Opus and then promises 2^62 samples in an empty page."""
    head = b"OpusHead\x01\x01\0\0\x80\xbb\0\0\0\0\0"
    pages = [(2, 0, head), (0, 0, b"OpusTags" + struct.pack("<II", 0, 0)), (4, 1 << 62, b"\xfc\xff\xfe")]
    out = b""
    for number, (flags, granule, body) in enumerate(pages):
        page = b"OggS\0" + struct.pack("<BqIIIB", flags, granule, 7, number, 0, 1) + bytes([len(body)]) + body
        out += page[:22] + struct.pack("<I", _ogg_crc(page)) + page[26:]
    return out


def _ogg_crc(page):
    crc = 0
    for byte in page:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ 0x04C11DB7 if crc & 0x80000000 else crc << 1) & 0xFFFFFFFF
    return crc


NO_SOUND = "is not a sound that can be used"
UNREADABLE = (
    r"is no readable|cut off|holds no sound|can't be decoded|lasts longer|may last|not accepted|changes its sample rate"
)

SOUNDS = {
    "F1 hls playlist named mp3": ("f1.mp3", written(lambda: hls("http://127.0.0.1:9/s.ts")), NO_SOUND),
    "F2 hls playlist of a local file": ("f2.m4a", written(lambda: hls("file:///etc/hostname")), NO_SOUND),
    "F3 ffconcat named mp4": ("f3.mp4", written(lambda: ffconcat("sibling.wav")), NO_SOUND),
    "F3 ffconcat named mp3": ("f3.mp3", written(lambda: ffconcat("sibling.wav")), NO_SOUND),
    "F4 ffconcat of an absolute path": ("f4.wav", written(lambda: ffconcat("/etc/hostname")), NO_SOUND),
    "F4 ffconcat of an address": ("f4.ogg", written(lambda: ffconcat("http://127.0.0.1:9/x")), NO_SOUND),
    "F5 dash manifest named mp3": ("f5.mp3", written(lambda: dash("http://127.0.0.1:9/a")), NO_SOUND),
    "no bytes": ("empty.wav", written(b""), "is empty"),
    "text": ("text.wav", written(b"nothing to hear\n"), NO_SOUND),
    "picture": ("picture.mp3", written(lambda: encoded(quarters(), "JPEG")), NO_SOUND),
    "aiff": ("aiff.wav", written(b"FORM\0\0\0\x1eAIFFCOMM" + bytes(20)), NO_SOUND),
    "avi": ("avi.wav", written(b"RIFF\0\0\1\0AVI LIST" + bytes(200)), NO_SOUND),
    "matroska that is no webm": ("x.webm", written(b"\x1a\x45\xdf\xa3\x8b\x42\x82\x88matroska"), NO_SOUND),
    "playlist behind an id3 tag": (
        "tagged.mp3",
        written(lambda: b"ID3\4\0\0\0\0\0\0" + hls("http://127.0.0.1:9/s.ts")),
        UNREADABLE,
    ),
    "playlist behind a wav header": ("wave.wav", written(lambda: b"RIFF\xff\0\0\0WAVE" + hls("http://x/")), UNREADABLE),
    "playlist behind an mp4 header": (
        "iso.m4a",
        written(lambda: box(b"ftyp", b"M4A \0\0\0\0") + hls("http://x/")),
        UNREADABLE,
    ),
    "playlist behind an ogg mark": ("ogg.ogg", written(lambda: b"OggS" + hls("http://x/")), UNREADABLE),
    "html behind a flac mark": ("flac.flac", written(b"fLaC" + HTML), UNREADABLE),
    "html behind a webm head": ("webm.webm", written(b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm" + HTML), UNREADABLE),
    "mp4 without a track": ("bare.m4a", written(lambda: box(b"ftyp", b"M4A \0\0\0\0") + box(b"moov")), UNREADABLE),
    "wav without samples": ("silent.wav", written(lambda: wav(data=b"")), UNREADABLE),
    "wav of no channels": ("channels0.wav", written(lambda: wav(channels=0)), UNREADABLE),
    "wav of 65,535 channels": ("channels.wav", written(lambda: wav(channels=65_535, data=bytes(300_000))), UNREADABLE),
    "wav at 0 Hz": ("hz0.wav", written(lambda: wav(rate=0)), UNREADABLE),
    "wav at 1 Hz": ("hz1.wav", written(lambda: wav(rate=1, data=bytes(200_000))), UNREADABLE),
    "wav at 4 GHz": ("ghz.wav", written(lambda: wav(rate=0xFFFF_FFFF)), UNREADABLE),
    "wav at 2 GHz": ("ghz2.wav", written(lambda: wav(rate=0x7FFF_FFFF)), UNREADABLE),
    "wav of an unknown codec": ("codec.wav", written(lambda: wav(tag=0x1234)), UNREADABLE),
    "wav of an old game's codec": ("game.wav", written(lambda: wav(tag=0x61, bits=4)), UNREADABLE),
    "file of more than 500 MB": ("big.wav", sparse(wav(claimed=0x7FFF_0000), 500_000_001), "larger than 500 MB|500 MB"),
    "three hours of silence": (
        "long.wav",
        sparse(wav(rate=8000, bits=8, data=b"", claimed=8000 * 3 * 3600), 44 + 8000 * 3 * 3600),
        "may last 20 s",
    ),
    "folder": ("folder.wav", lambda path: path.mkdir(), "found a folder"),
    "fifo": ("fifo.wav", os.mkfifo, "found a FIFO"),
    "socket": ("socket.wav", make_socket, "can't be opened"),
    "device behind a link": ("zero.wav", link("/dev/zero"), "lies outside"),
    "missing file": ("gone.wav", nothing, "file not found"),
}
"""Sounds that must be refused, as `PICTURES`."""


# --- mutations ---------------------------------------------------------------------------------------------------

EDITS = ("flip", "set", "cut", "drop", "double", "zero", "number")


def mutated(data, edits):
    """`data` after edits of (kind, place from 0 to 1, byte): bit flips, truncation, lost, doubled and zeroed parts."""
    for kind, place, byte in edits:
        if not data:
            break
        at = min(int(place * len(data)), len(data) - 1)
        data = data[:at] + _edited(data[at:], kind, byte)
    return data


def _edited(rest, kind, byte):
    length = byte + 1
    changed = {
        "flip": lambda: bytes([rest[0] ^ (1 << byte % 8)]) + rest[1:],
        "set": lambda: bytes([byte]) + rest[1:],
        "cut": lambda: b"",
        "drop": lambda: rest[length:],
        "double": lambda: rest[:length] * 2 + rest[length:],
        "zero": lambda: bytes(min(length, len(rest))) + rest[length:],
        "number": lambda: (b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\0\0\0\0")[byte % 4] + rest[4:],
    }
    return changed[kind]()


def with_right_sums(data):
    """A PNG whose checksums are made right again, so that damage reaches what lies behind them."""
    out, at = data[:8], 8
    while at + 12 <= len(data):
        length = struct.unpack(">I", data[at : at + 4])[0]
        if at + 12 + length > len(data):
            break
        out += chunk(data[at + 4 : at + 8], data[at + 8 : at + 8 + length])
        at += 12 + length
    return out + data[at:]


def small_pictures():
    """One small picture of each kind, with what real ones carry: profile, EXIF, XMP, transparency, animation."""
    extras = {"exif": turned_exif(6), "icc_profile": srgb_profile()}
    picture = noise((48, 40))
    return {
        "png": encoded(picture, "PNG", **extras),
        "png with right sums": png_turned_by_xmp(icc_profile=srgb_profile()),
        "palette png": palette_with_transparency(),
        "sixteen-bit png": sixteen_bits(2),
        "animated png": animated("PNG"),
        "jpeg": encoded(picture, "JPEG", **extras),
        "progressive jpeg": encoded(picture, "JPEG", progressive=True),
        "cmyk jpeg": cmyk_jpeg(adobe=True),
        "webp": encoded(picture, "WEBP", **extras),
        "lossless webp": encoded(quarters("RGBA"), "WEBP", lossless=True),
        "animated webp": animated("WEBP"),
        "gif": encoded(quarters("P"), "GIF"),
        "animated gif": animated("GIF"),
        "heic": encoded(picture, "HEIF"),
        "avif": encoded(picture, "AVIF"),
    }
