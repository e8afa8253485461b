"""What can go wrong with colours: changes of RGB pixels, and of a frame's planes in place."""

from __future__ import annotations

import numpy as np


def hue(degrees):
    def turn(pixels):
        """Rotate the colour differences of BT.709; what the picture's hue means to a video."""
        rgb = pixels.astype(float)
        y = rgb @ (0.2126, 0.7152, 0.0722)
        u, v = (rgb[..., 2] - y) / 1.8556, (rgb[..., 0] - y) / 1.5748
        turned = (u + 1j * v) * np.exp(1j * np.radians(degrees))
        red, blue = y + 1.5748 * turned.imag, y + 1.8556 * turned.real
        green = (y - 0.2126 * red - 0.0722 * blue) / 0.7152
        return np.clip(np.stack([red, green, blue], axis=2) + 0.5, 0, 255).astype(np.uint8)

    return turn


def gamma(value):
    return lambda pixels: (255 * (pixels / 255) ** (1 / value) + 0.5).astype(np.uint8)


def limited(plane):
    return np.clip(np.rint(plane), 0, 255).astype(np.uint8)


def full_range(_number, y, u, v):
    y[:] = limited((y.astype(float) - 16) * 255 / 219)
    for plane in (u, v):
        plane[:] = limited((plane.astype(float) - 128) * 255 / 224 + 128)


def bt601(_number, y, u, v):
    """Luma needs chroma at its own size: repeated."""
    big_u, big_v = (np.repeat(np.repeat(plane.astype(float) - 128, 2, 0), 2, 1)[: y.shape[0]] for plane in (u, v))
    luma = y.astype(float) - 16
    red, blue = luma + 1.5748 * 219 / 224 * big_v, luma + 1.8556 * 219 / 224 * big_u
    green = (luma - 0.2126 * red - 0.0722 * blue) / 0.7152
    other = 0.299 * red + 0.587 * green + 0.114 * blue
    y[:] = limited(other + 16)
    u[:] = limited(((blue - other) / 1.772 * 224 / 219)[::2, ::2] + 128)
    v[:] = limited(((red - other) / 1.402 * 224 / 219)[::2, ::2] + 128)
