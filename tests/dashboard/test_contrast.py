"""Checks the contrast of every colour with its background, in both themes, also for colour vision deficiencies."""

import re
from pathlib import Path

import pytest

CSS = (Path(__file__).parents[2] / "dashboard" / "static" / "board.css").read_text()
THEMES = dict(zip(("light", "dark"), re.findall(r":root \{(.*?)\}", CSS, re.DOTALL), strict=True))
TEXT = ("--ink", "--quiet", "--free", "--alert")
SHAPES = ("--free", "--taken", "--away", "--unknown", "--closed", "--wall", "--focus")
Colour = tuple[float, float, float]
# Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB
SIGHT = {
    "full": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protan": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deutan": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritan": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


def linear(theme: str, name: str, sight: str = "full") -> Colour:
    found = re.search(rf"{name}: #([0-9a-f]{{6}})", THEMES[theme])
    assert found, f"{name} is missing in {theme}"
    return colour(found[1], sight)


def colour(code: str, sight: str = "full") -> Colour:
    channels = [int(code[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    rgb = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    seen = [min(1.0, max(0.0, sum(w * c for w, c in zip(row, rgb, strict=True)))) for row in SIGHT[sight]]
    return seen[0], seen[1], seen[2]


def contrast(one: Colour, other: Colour) -> float:
    """The contrast ratio of WCAG 2.2."""
    light, dark = sorted((0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("name", TEXT)
def test_text_has_a_contrast_of_at_least_four_and_a_half(theme: str, sight: str, name: str) -> None:
    assert contrast(linear(theme, name, sight), linear(theme, "--ground", sight)) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("share", re.findall(r"\.h\d \{ background: color-mix\(in srgb, var\(--free\) (\d+)%", CSS))
def test_a_count_is_readable_on_the_shade_of_its_hour(theme: str, share: str) -> None:
    def mixed(free: int, ground: int) -> int:
        return round((int(share) * free + (100 - int(share)) * ground) / 100)

    free, ground, ink = (re.search(rf"{name}: #(\w{{6}})", THEMES[theme]) for name in ("--free", "--ground", "--ink"))
    assert free
    assert ground
    assert ink
    shade = "".join(f"{mixed(int(free[1][at : at + 2], 16), int(ground[1][at : at + 2], 16)):02x}" for at in (0, 2, 4))
    assert contrast(colour(ink[1]), colour(shade)) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("name", SHAPES)
def test_shapes_have_a_contrast_of_at_least_three(theme: str, sight: str, name: str) -> None:
    assert contrast(linear(theme, name, sight), linear(theme, "--ground", sight)) >= 3
