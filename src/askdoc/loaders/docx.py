"""Word documents, by way of the HTML that mammoth makes of them."""

from pathlib import Path

import mammoth

from askdoc.errors import Unreadable
from askdoc.loaders import html
from askdoc.loaders.extract import Extract

OLE = bytes.fromhex("d0cf11e0a1b11ae1")  # a .docx with a password is wrapped in an OLE container
TITLE = "p[style-name='Title'] => h1:fresh"


def read(path: Path) -> Extract:
    """A Word document with its headings and tables; its title is its first top heading."""
    with path.open("rb") as file:
        if file.read(len(OLE)) == OLE:
            raise Unreadable("encrypted", "it needs a password")
        file.seek(0)
        no_images = mammoth.images.img_element(lambda image: {})
        try:
            made = mammoth.convert_to_html(file, style_map=TITLE, convert_image=no_images)
        # mammoth has no root error: a damaged file surfaces as whatever its parsers raise.
        except Exception as error:
            raise Unreadable(
                "failed", f"it is no Word document that can be read ({error})"
            ) from error
    return html.from_markup(made.value)
