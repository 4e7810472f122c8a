"""A phone's camera that looks at a QR code: Chromium takes a film in its place."""

from pathlib import Path

from qrcode.constants import ERROR_CORRECT_M
from qrcode.image.svg import SvgPathImage
from qrcode.main import QRCode

WIDTH, HEIGHT = 640, 480
MODULE = 5  # pixels
BLACK, WHITE, GREY = b"\x10", b"\xeb", b"\x80"
PICTURES = 2


def flags(film: Path) -> list[str]:
    """What makes Chromium take `film` for a camera, and allow it."""
    return [
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    ]


def film(address: str, path: Path) -> Path:
    """The QR of `address` held before the camera, as Y4M: brightness, then two colours."""
    picture = b"FRAME\n" + _brightness(address) + GREY * (WIDTH * HEIGHT // 2)
    head = f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F5:1 Ip A1:1 C420jpeg\n".encode()
    path.write_bytes(head + picture * PICTURES)
    return path


def _brightness(address: str) -> bytes:
    code = QRCode(border=4, error_correction=ERROR_CORRECT_M, image_factory=SvgPathImage)
    code.add_data(address)
    rows = [_row(modules) for modules in code.get_matrix() for _ in range(MODULE)]
    assert len(rows) <= HEIGHT, "the code is larger than the picture"
    above = (HEIGHT - len(rows)) // 2
    empty = WHITE * WIDTH
    return b"".join([*[empty] * above, *rows, *[empty] * (HEIGHT - above - len(rows))])


def _row(modules: list[bool]) -> bytes:
    dots = b"".join((BLACK if dark else WHITE) * MODULE for dark in modules)
    return dots.center(WIDTH, WHITE)
