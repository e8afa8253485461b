"""Spec → timeline → frames and samples. Imports no backend and no cloud; FFmpeg only through `ffmpeg_process`."""
