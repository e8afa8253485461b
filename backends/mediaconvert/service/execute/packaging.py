"""Encoded outputs of a streaming group → segments and manifests: HLS, DASH, CMAF. Packets are copied, never encoded.

FFmpeg writes under generated names in a private folder; names from the job enter manifests as text, escaped, and
nothing else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, cast
from xml.sax.saxutils import quoteattr

from renderer.errors import OutputError
from renderer.ffmpeg_process import ArgumentGraph, Limits, compile_argv, run_process

if TYPE_CHECKING:
    from pathlib import Path

    from backends.mediaconvert.service.translate.plan import GroupPlan, OutputPlan
    from backends.mediaconvert.service.translate.reader import Reader

_LIMITS = Limits(wall_s=7_200, trusted=True)
ALTERNATE = {
    "ALTERNATE_AUDIO_AUTO_SELECT_DEFAULT": (True, True),
    "ALTERNATE_AUDIO_AUTO_SELECT": (False, True),
    "ALTERNATE_AUDIO_NOT_AUTO_SELECT": (False, False),
}
"""HLS audio tracks beside the pictures: DEFAULT and AUTOSELECT."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """One output of a group, encoded to an MP4 of its own; `bandwidth` counts in bit/s."""

    plan: OutputPlan
    file: Path
    bandwidth: int
    codecs: str


@dataclass(frozen=True, slots=True)
class Package:
    """What a group becomes: name below the group's folder → file, manifests last. `playlists` by output."""

    files: dict[str, Path]
    manifests: tuple[str, ...]
    playlists: tuple[str, ...]


def package_hls(group: GroupPlan, outputs: list[Encoded], scratch: Path) -> Package:
    """One media playlist and its segments for each output, and the top playlist. Raises: ToolError, OutputError."""
    files: dict[str, Path] = {}
    playlists = []
    for index, encoded in enumerate(outputs):
        folder = scratch / f"hls-{index}"
        folder.mkdir()
        made = _hls_segments(group, encoded, folder)
        playlists.append(f"{encoded.plan.base}.m3u8")
        files |= made
    main = scratch / "main.m3u8"
    main.write_text(_main_playlist(group, outputs), encoding="utf-8")
    name = f"{group.base}.m3u8"
    ordered = {key: path for key, path in files.items() if not key.endswith(".m3u8")}
    ordered |= {key: path for key, path in files.items() if key.endswith(".m3u8")}
    return Package(ordered | {name: main}, (name,), tuple(playlists))


def _hls_segments(group: GroupPlan, encoded: Encoded, folder: Path) -> dict[str, Path]:
    import ffmpeg

    settings = group.settings
    length = settings.whole("SegmentLength") or 10
    single = settings.text("SegmentControl", "SEGMENTED_FILES") == "SINGLE_FILE"
    options: dict[str, str | int] = {"hls_flags": "single_file"} if single else {"start_number": 1}
    key_file = _key_file(settings, folder)
    if key_file is not None:
        options["hls_key_info_file"] = str(key_file)
    graph = ffmpeg.input(f"file:{encoded.file}", f="mov").output(
        f"file:{folder}/media.m3u8",
        format="hls",
        c="copy",
        map=0,
        hls_time=length,
        hls_list_size=0,
        hls_playlist_type="vod",
        hls_segment_filename=f"{folder}/{'media' if single else 'seg_%05d'}.ts",
        **options,
    )
    run_process(compile_argv(cast("ArgumentGraph", graph)), limits=_LIMITS)
    modifier = encoded.plan.settings.node("OutputSettings").node("HlsSettings").text("SegmentModifier")
    base = encoded.plan.base
    names = {
        path.name: f"{base}{modifier}{path.stem.removeprefix('seg').removeprefix('media')}.ts"
        for path in folder.glob("*.ts")
    }
    playlist = folder / "media.m3u8"
    text = playlist.read_text(encoding="utf-8")
    if settings.text("ManifestDurationFormat", "FLOATING_POINT") == "INTEGER":
        text = re.sub(r"#EXTINF:([\d.]+),", lambda m: f"#EXTINF:{max(1, round(float(m[1])))},", text)
    prefix = settings.text("BaseUrl")
    lines = [f"{prefix}{names[line]}" if line in names else line for line in text.splitlines()]
    if not names:
        raise OutputError(f"{base}: no segment was written")
    playlist.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return {names[name]: folder / name for name in sorted(names)} | {f"{base}.m3u8": playlist}


def _key_file(settings: Reader, folder: Path) -> Path | None:
    """AES-128 with a static key: the key's file for FFmpeg, its public address for the playlist."""
    encryption = settings.node("Encryption")
    if encryption.text("EncryptionMethod") != "AES128":
        return None
    static = encryption.node("StaticKeyProvider")
    key = folder / "key.bin"
    key.write_bytes(bytes.fromhex(static.text("StaticKeyValue")))
    url = static.text("Url").replace("\n", "")
    vector = encryption.text("ConstantInitializationVector")
    info = folder / "key.info"
    info.write_text("\n".join([url or "key.bin", str(key), *([vector] if vector else [])]) + "\n", encoding="utf-8")
    return info


def _main_playlist(group: GroupPlan, outputs: list[Encoded]) -> str:
    """The top playlist: audio groups first, then one line for each rendition with pictures."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:4", "#EXT-X-INDEPENDENT-SEGMENTS"]
    prefix = group.settings.text("BaseUrl")
    sounds: dict[str, Encoded] = {}
    for encoded in outputs:
        settings = _stream_settings(encoded)
        if encoded.plan.picture is None and encoded.plan.sounds:
            identifier = settings.text("AudioGroupId", "program_audio")
            sounds.setdefault(identifier, encoded)
            lines.append(_media_line(encoded, settings, identifier, prefix))
    for encoded in outputs:
        if encoded.plan.picture is not None:
            lines += _variant(group, encoded, sounds, prefix)
    if all(encoded.plan.picture is None for encoded in outputs):
        for encoded in outputs:
            lines += [f"#EXT-X-STREAM-INF:BANDWIDTH={encoded.bandwidth},CODECS={_quoted(encoded.codecs)}"]
            lines += [f"{prefix}{encoded.plan.base}.m3u8"]
    return "\n".join([*lines, ""])


def _stream_settings(encoded: Encoded) -> Reader:
    """HlsSettings in HLS groups, CmfcSettings in CMAF groups: their audio members are the same."""
    if encoded.plan.container == "CMFC":
        return encoded.plan.settings.node("ContainerSettings").node("CmfcSettings")
    return encoded.plan.settings.node("OutputSettings").node("HlsSettings")


def _media_line(encoded: Encoded, settings: Reader, identifier: str, prefix: str) -> str:
    sound = encoded.plan.sounds[0]
    default, auto = ALTERNATE.get(settings.text("AudioTrackType"), (True, True))
    language = f",LANGUAGE={_quoted(sound.language)}" if sound.language else ""
    name = sound.name or sound.language or encoded.plan.base
    described = ""
    if settings.text("DescriptiveVideoServiceFlag") == "FLAG":
        described = ',CHARACTERISTICS="public.accessibility.describes-video"'
    return (
        f"#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID={_quoted(identifier)},NAME={_quoted(name)}{language},"
        f'DEFAULT={_yes(default)},AUTOSELECT={_yes(auto)}{described},CHANNELS="{len(sound.matrix)}",'
        f"URI={_quoted(f'{prefix}{encoded.plan.base}.m3u8')}"
    )


def _variant(group: GroupPlan, encoded: Encoded, sounds: dict[str, Encoded], prefix: str) -> list[str]:
    picture = encoded.plan.picture
    assert picture is not None  # noqa: S101  (the caller's condition)
    timeline = picture.timeline
    sets = [name.strip() for name in _stream_settings(encoded).text("AudioRenditionSets").split(",") if name.strip()]
    linked = [name for name in sets if name in sounds]
    if not linked and not encoded.plan.sounds:
        linked = list(sounds)[:1]
    bandwidth, codecs = encoded.bandwidth, encoded.codecs
    attributes = []
    for name in linked[:1]:
        bandwidth += sounds[name].bandwidth
        codecs = f"{codecs},{sounds[name].codecs}"
        attributes.append(f"AUDIO={_quoted(name)}")
    if group.settings.text("StreamInfResolution", "INCLUDE") == "INCLUDE":
        attributes.insert(0, f"RESOLUTION={timeline.width}x{timeline.height}")
    attributes.insert(0, f"FRAME-RATE={float(timeline.rate):.3f}")
    line = f"#EXT-X-STREAM-INF:BANDWIDTH={bandwidth},CODECS={_quoted(codecs)},{','.join(attributes)}"
    return [line, f"{prefix}{encoded.plan.base}.m3u8"]


def _quoted(text: str) -> str:
    """A quoted string of a playlist, which knows no escapes (RFC 8216, 4.2)."""
    return '"' + re.sub(r'["\r\n]', "'", text) + '"'


def _yes(value: bool) -> str:  # noqa: FBT001
    return "YES" if value else "NO"


def package_dash(group: GroupPlan, outputs: list[Encoded], scratch: Path) -> Package:
    """DASH and CMAF: fragmented MP4 segments, one MPD, for CMAF HLS playlists too. Raises: ToolError, OutputError."""
    folder = scratch / "dash"
    folder.mkdir()
    settings = group.settings
    single = settings.text("SegmentControl", "SINGLE_FILE")
    _run_dash(group, outputs, folder, single=single == "SINGLE_FILE")
    names = _representations(outputs)
    files: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        renamed = _renamed(path.name, names)
        if renamed is not None:
            files[renamed] = path
    mpd = (folder / "main.mpd").read_text(encoding="utf-8")
    (folder / "main.mpd").write_text(_renamed_mpd(mpd, names), encoding="utf-8")
    manifests: dict[str, Path] = {}
    if settings.text("WriteDashManifest", "ENABLED") == "ENABLED":
        manifests[f"{group.base}.mpd"] = folder / "main.mpd"
    if group.kind == "CMAF_GROUP" and settings.text("WriteHlsManifest", "ENABLED") == "ENABLED":
        files |= _media_playlists(folder, names)
        (scratch / "main.m3u8").write_text(_main_playlist(group, outputs), encoding="utf-8")
        manifests[f"{group.base}.m3u8"] = scratch / "main.m3u8"
    return Package(files | manifests, tuple(manifests), ())


def _run_dash(group: GroupPlan, outputs: list[Encoded], folder: Path, *, single: bool) -> None:
    import ffmpeg

    settings = group.settings
    inputs = [ffmpeg.input(f"file:{encoded.file}", f="mov") for encoded in outputs]
    sets = [f"id={number},streams={','.join(map(str, members))}" for number, members in enumerate(_sets(outputs))]
    length = settings.number("SegmentLength") or (30 if group.kind == "DASH_ISO_GROUP" else 10)
    fragment = settings.number("FragmentLength") or 2
    names: dict[str, str | int] = {
        "init_seg_name": "init-$RepresentationID$.mp4",
        "media_seg_name": "chunk-$RepresentationID$-$Number%09d$.mp4",
    }
    if single:
        names = {"single_file": 1, "single_file_name": "single-$RepresentationID$.mp4"}
    graph = ffmpeg.output(
        *[
            stream["v:0"] if encoded.plan.picture else stream["a:0"]
            for stream, encoded in zip(inputs, outputs, strict=True)
        ],
        f"file:{folder}/main.mpd",
        format="dash",
        c="copy",
        seg_duration=length,
        frag_type="duration",
        frag_duration=fragment,
        use_template=0 if single else 1,
        use_timeline=0 if single else 1,
        hls_playlist=int(group.kind == "CMAF_GROUP"),
        adaptation_sets=" ".join(sets),
        **names,
    )
    run_process(compile_argv(cast("ArgumentGraph", graph)), limits=_LIMITS)


def _sets(outputs: list[Encoded]) -> list[list[int]]:
    """Outputs that a player may switch between: pictures of one codec and aspect together, each sound by itself."""
    found: dict[object, list[int]] = {}
    for index, encoded in enumerate(outputs):
        picture = encoded.plan.picture
        key: object = index
        if picture is not None:
            size = Fraction(picture.timeline.width, picture.timeline.height)
            key = picture.codec, size * picture.pixel_aspect
        found.setdefault(key, []).append(index)
    return list(found.values())


def _representations(outputs: list[Encoded]) -> dict[str, tuple[str, str]]:
    """Representation id → the output's base name and the extension of its segments."""
    found = {}
    for index, encoded in enumerate(outputs):
        extension = "mp4"
        if encoded.plan.container == "CMFC":
            extension = "cmfv" if encoded.plan.picture is not None else "cmfa"
        found[str(index)] = encoded.plan.base, extension
    return found


_MADE = re.compile(r"(init|chunk|single)-(\d+)(?:-(\d{9}|\$Number%09d\$))?\.mp4")


def _renamed(name: str, names: dict[str, tuple[str, str]]) -> str | None:
    """The published name of a made file; None for manifests."""
    match = _MADE.fullmatch(name)
    if match is None:
        return None
    base, extension = names[match[2]]
    ending = {"init": "init", "single": "", "chunk": f"_{match[3]}"}[match[1]]
    return f"{base}{ending}.{extension}"


def _renamed_mpd(text: str, names: dict[str, tuple[str, str]]) -> str:
    """Names in attributes and in BaseURL, escaped as XML."""

    def templates(section: re.Match[str]) -> str:
        identifier = section[1]

        def attribute(match: re.Match[str]) -> str:
            name = match[2].replace("$RepresentationID$", identifier)
            renamed = _renamed(name, names)
            return match[0] if renamed is None else f"{match[1]}={quoteattr(renamed)}"

        return re.sub(r'(initialization|media)="([^"]*)"', attribute, section[0])

    text = re.sub(r'<Representation id="(\d+)".*?</Representation>', templates, text, flags=re.DOTALL)

    def base_url(match: re.Match[str]) -> str:
        renamed = _renamed(match[1], names)
        return match[0] if renamed is None else f"<BaseURL>{quoteattr(renamed)[1:-1]}</BaseURL>"

    return re.sub(r"<BaseURL>([^<]*)</BaseURL>", base_url, text)


def _media_playlists(folder: Path, names: dict[str, tuple[str, str]]) -> dict[str, Path]:
    """FFmpeg's `media_N.m3u8`, with the published names inside."""
    found = {}
    for path in sorted(folder.glob("media_*.m3u8")):
        text = path.read_text(encoding="utf-8")
        text = re.sub(_MADE, lambda match: _renamed(match[0], names) or match[0], text)
        path.write_text(text, encoding="utf-8")
        found[f"{names[path.stem.removeprefix('media_')][0]}.m3u8"] = path
    return found
