"""Other people's jobs, made runnable: blanks and tokens filled in, inputs pointed at small media. And their tally.

The jobs are not part of the project: `python tests/backends/mediaconvert/service/public_jobs.py FOLDER` runs a folder
of them and prints the table of `docs/mediaconvert-local.md`.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from pathlib import Path

ROLE = "arn:aws:iam::111122223333:role/convert"
KEY = "00112233445566778899aabbccddeeff"
CLIPPED_S = 32
"""Two of the jobs clip their template at 31 seconds."""


def pascal(value, inside=()):
    """PascalCase keys; names of selectors and groups are their authors' own."""
    if isinstance(value, dict):
        named = inside and inside[-1] in ("AudioSelectors", "AudioSelectorGroups", "CaptionSelectors", "UserMetadata")
        keys = {key: key if named else key[:1].upper() + key[1:] for key in value}
        return {keys[key]: pascal(item, (*inside, keys[key])) for key, item in value.items()}
    return [pascal(item, inside) for item in value] if isinstance(value, list) else value


def request_of(document, name):
    """A CreateJob request from any kind of file, everything blank filled in."""
    document = pascal(document)
    if "Job" in document:
        document = document["Job"]
    if {"ContainerSettings", "VideoDescription"} & document.keys():
        document = {"OutputGroups": [{"Outputs": [document | {"NameModifier": "_preset"}]}]}
    settings = document.get("Settings", document)
    if {"ContainerSettings", "VideoDescription"} & settings.keys():
        settings = {"OutputGroups": [{"Outputs": [settings | {"NameModifier": "_preset"}]}]}
    inputs = settings.get("Inputs") or [{"AudioSelectors": {"Audio Selector 1": {"DefaultSelection": "DEFAULT"}}}]
    settings["Inputs"] = [filled_input(source) for source in inputs]
    for group in settings.get("OutputGroups", []):
        fill_group(group, name)
    kept = {key: document[key] for key in ("StatusUpdateInterval", "UserMetadata", "Priority") if key in document}
    return {"Role": ROLE, "Settings": settings, **kept}


def filled_input(source):
    long = "InputClippings" in source
    source = dict(source)
    if "VideoGenerator" not in source:
        source["FileInput"] = f"s3://media/{'long' if long else 'clip'}.mp4"
    for name, selector in source.get("AudioSelectors", {}).items():
        if "ExternalAudioFileInput" in selector:
            mono = "5.1" in name
            selector["ExternalAudioFileInput"] = f"s3://media/{'mono' if mono else 'stereo'}.wav"
    for selector in source.get("CaptionSelectors", {}).values():
        file = selector.get("SourceSettings", {}).get("FileSourceSettings")
        if file is not None:
            file["SourceFile"] = "s3://media/captions.srt"
    for image in source.get("ImageInserter", {}).get("InsertableImages", []):
        image["ImageInserterInput"] = "s3://media/picture.png"
    return source


def fill_group(group, name):
    settings = group.setdefault("OutputGroupSettings", {})
    kind = settings.get("Type")
    if kind is None:
        container = group["Outputs"][0]["ContainerSettings"]["Container"]
        kind = {"MPD": "DASH_ISO_GROUP_SETTINGS", "M3U8": "HLS_GROUP_SETTINGS"}.get(container, "FILE_GROUP_SETTINGS")
        settings["Type"] = kind
    member = "".join(part.capitalize() for part in kind.replace("_ISO", "_Iso").split("_"))
    own = settings.setdefault(member, {})
    label = re.sub(r"\W+", "-", str(group.get("Name") or group.get("CustomName") or kind)).strip("-").lower()
    own["Destination"] = f"s3://out/{name}/{label}/main"
    static = own.get("Encryption", {}).get("StaticKeyProvider")
    if static is not None:
        static |= {"StaticKeyValue": KEY, "Url": "https://example.com/key"}
    for output in group["Outputs"]:
        burn = [d.get("DestinationSettings", {}) for d in output.get("CaptionDescriptions", [])]
        for settings_of in burn:
            settings_of.get("BurninDestinationSettings", {}).pop("FontFileRegular", None)


def make_media(root):
    """A clip of 2 s and one of 32 s with sound, tones, a picture and captions, below `root/media`."""
    from renderer.ffmpeg_process import find_ffmpeg, run_process

    folder = root / "media"
    folder.mkdir(parents=True)
    program = [str(find_ffmpeg().path), "-hide_banner", "-nostdin", "-loglevel", "error", "-y"]
    for name, seconds in (("clip", 2), ("long", CLIPPED_S)):
        picture = ["-f", "lavfi", "-i", f"testsrc2=s=640x360:r=30000/1001:d={seconds}"]
        sound = ["-f", "lavfi", "-i", f"sine=440:r=48000:d={seconds}", "-ac", "2"]
        codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac"]
        run_process([*program, *picture, *sound, *codecs, f"file:{folder / name}.mp4"])
    for name, channels in (("mono", 1), ("stereo", 2)):
        tone = ["-f", "lavfi", "-i", f"sine=330:r=48000:d={CLIPPED_S}", "-ac", str(channels)]
        run_process([*program, *tone, f"file:{folder / name}.wav"])
    still = ["-f", "lavfi", "-i", "testsrc2=s=600x400:d=1", "-frames:v", "1"]
    run_process([*program, *still, f"file:{folder / 'picture.png'}"])
    cues = [f"{n}\n00:00:0{n},000 --> 00:00:0{n},900\nCaption {n}\n" for n in range(1, 4)]
    (folder / "captions.srt").write_text("\n".join(cues))


def run_jobs(folder, root, *patterns):
    """(file, verdict, details) for each job in `folder`, or those of the patterns; `root` holds what S3 would."""
    from backends.mediaconvert.service.single import run_job_file
    from backends.mediaconvert.service.storage.folder import FolderStorage
    from renderer.errors import StoryreelError

    make_media(root)
    storage = FolderStorage(root)
    for path in sorted(path for pattern in patterns or ["*.json"] for path in folder.glob(pattern)):
        name = path.stem.partition("__")[2][:60]
        try:
            request = request_of(json.loads(path.read_bytes()), name)
        except (KeyError, TypeError, IndexError) as error:
            yield path.name, "no job", repr(error)
            continue
        job = root / "job.json"
        job.write_text(json.dumps(request))
        try:
            outcome, warnings = run_job_file(job, storage, strict=False)
        except StoryreelError as error:
            yield path.name, "refused", str(error).replace(str(job), "").strip(": \n")
            continue
        problems = list(mismatches(request, outcome, root))
        details = problems or f"{len(outcome.paths())} files named, {len(warnings)} warnings"
        yield path.name, "WRONG" if problems else "COMPLETE", details


def mismatches(request, outcome, root):
    """What differs between the outputs and the settings: container, codecs, size, rate, duration."""
    from backends.mediaconvert.service.execute.checking import file_facts

    for group, made in zip(request["Settings"]["OutputGroups"], outcome.groups, strict=True):
        for output, result in zip(group["Outputs"], made.outputs, strict=False):
            video = output.get("VideoDescription")
            for url in result.paths:
                path = root / url.removeprefix("s3://")
                if not path.is_file() or path.stat().st_size == 0:
                    yield f"{url} is missing"
                elif path.suffix in (".mp4", ".mov", ".webm", ".m2ts", ".ts"):
                    yield from wrong_facts(url, file_facts(path), video, output, result)
                elif path.suffix == ".m3u8":
                    yield from wrong_playlist(url, path, result)
                    yield from wrong_segment(url, path, video, output, result)
            if not result.paths:
                yield from wrong_representation(root, made.playlists, output, video, result)
        for url in made.playlists:
            if not (root / url.removeprefix("s3://")).is_file():
                yield f"{url} is missing"


def wrong_segment(url, path, video, output, result):
    """Codecs and size of a playlist's first segment, where it is not encrypted; fragments begin with their header."""
    from backends.mediaconvert.service.execute.checking import file_facts

    text = path.read_text()
    first = next(line for line in text.splitlines() if line and not line.startswith("#"))
    if "METHOD=AES" in text:
        return
    content = (path.parent / first).read_bytes()
    header = re.search(r'#EXT-X-MAP:URI="([^"]+)"', text)
    if header:
        content = (path.parent / header[1]).read_bytes() + content
    probe = path.with_suffix(".probe.mp4" if header else ".probe.ts")
    probe.write_bytes(content)
    yield from wrong_facts(url, file_facts(probe), video, output, None)


def wrong_representation(root, manifests, output, video, result):
    """DASH and CMAF name no files: size and codec as the manifest says them, and every segment it counts."""
    manifest = next(root / url.removeprefix("s3://") for url in manifests if url.endswith(".mpd"))
    text = manifest.read_text()
    if video is not None and "Width" in video and f'width="{video["Width"]}" height="{video["Height"]}"' not in text:
        yield f"{manifest.name}: no representation of {video['Width']}x{video['Height']}"
    modifier = output["NameModifier"]
    found = [path for path in manifest.parent.iterdir() if modifier in path.name and path.stat().st_size]
    if not found:
        yield f"{manifest.name}: no segments of {modifier}"
    lasts = re.search(r'mediaPresentationDuration="PT([\d.]+)S"', text)
    if lasts is None or abs(float(lasts[1]) * 1000 - result.duration_ms) > 1100:
        yield f"{manifest.name}: lasts {lasts and lasts[1]}, told {result.duration_ms} ms"


CODECS = {"H_264": "h264", "H_265": "hevc", "VP9": "vp9", "AV1": "av1", "AAC": "aac", "AC3": "ac3", "EAC3": "eac3",
          "VORBIS": "vorbis", "OPUS": "opus"}  # fmt: skip


def wrong_facts(url, facts, video, output, result):
    if video is not None:
        track = facts.videos[0]
        wanted = (video.get("Width", track.width), video.get("Height", track.height))
        if (track.width, track.height) != wanted:
            yield f"{url}: {track.width}x{track.height}, asked {wanted}"
        if track.codec != CODECS[video["CodecSettings"]["Codec"]]:
            yield f"{url}: {track.codec}"
        settings = next(value for key, value in video["CodecSettings"].items() if key.endswith("Settings"))
        if settings.get("FramerateControl") == "SPECIFIED":
            from fractions import Fraction

            if track.rate != Fraction(settings["FramerateNumerator"], settings["FramerateDenominator"]):
                yield f"{url}: {track.rate} frames per second"
        if result is not None and abs(float(track.frames / track.rate) * 1000 - result.duration_ms) > 50:
            yield f"{url}: lasts {float(track.frames / track.rate)} s"
    for track, description in zip(facts.audios, output.get("AudioDescriptions", []), strict=True):
        if track.codec != CODECS[description["CodecSettings"]["Codec"]]:
            yield f"{url}: {track.codec}"


def wrong_playlist(url, path, result):
    text = path.read_text()
    segments = [line for line in text.splitlines() if line and not line.startswith("#")]
    missing = [name for name in segments if not (path.parent / name).is_file()]
    if missing or not segments:
        yield f"{url}: segments missing: {missing}"
    lasts = sum(float(number) for number in re.findall(r"#EXTINF:([\d.]+)", text))
    if abs(lasts * 1000 - result.duration_ms) > 1100:
        yield f"{url}: lasts {lasts} s, told {result.duration_ms} ms"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        for row in run_jobs(Path(sys.argv[1]), Path(scratch), *sys.argv[2:]):
            print(" | ".join(map(str, row)), flush=True)  # noqa: T201
