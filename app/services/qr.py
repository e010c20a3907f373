"""Codes to photograph: addresses as drawings."""

import io

import segno


def draw(address: str, title: str) -> bytes:
    """Return the code of an address as SVG, without a size of its own. `title`: what those hear who do not see it."""
    drawing = io.BytesIO()
    # Level M still reads with a seventh of it dirty or torn.
    segno.make(address, error="m", micro=False).save(
        drawing,
        kind="svg",
        omitsize=True,
        border=4,
        light="#fff",
        title=title,
        desc=address,
        svgclass=None,
        lineclass=None,
    )
    return drawing.getvalue()
