"""Draws addresses as QR codes."""

import io

from django.utils.safestring import SafeString, mark_safe
from qrcode.constants import ERROR_CORRECT_M
from qrcode.image.svg import SvgPathImage
from qrcode.main import QRCode


def drawn(address: str) -> SafeString:
    """`address` as an SVG, four modules of quiet zone around it (ISO/IEC 18004)."""
    code = QRCode(border=4, error_correction=ERROR_CORRECT_M, image_factory=SvgPathImage)
    code.add_data(address)
    drawing = io.BytesIO()
    code.make_image().save(drawing)
    _, _, svg = drawing.getvalue().decode().partition("?>\n")
    return mark_safe(svg)  # noqa: S308 - modules of a grid, whatever the address says
