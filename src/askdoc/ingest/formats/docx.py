"""Word documents, by way of the HTML that mammoth makes of them."""

from pathlib import Path

from askdoc.errors import Unreadable
from askdoc.ingest.extract import Extract
from askdoc.ingest.formats import html
from askdoc.types import Status

TITLE = "p[style-name='Title'] => h1:fresh"


def read(path: Path) -> Extract:
    """A Word document with its headings and tables; its title is its first top heading."""
    import mammoth  # where first used: only a corpus with Word documents should pay for it

    no_images = mammoth.images.img_element(lambda image: {})
    with path.open("rb") as file:
        try:
            page = mammoth.convert_to_html(file, style_map=TITLE, convert_image=no_images)
        except MemoryError:
            raise
        # mammoth has no root error: a damaged file surfaces as whatever its parsers raise.
        except Exception as error:
            raise Unreadable(
                Status.FAILED, f"it is no Word document that can be read ({error})"
            ) from error
    return html.from_markup(page.value)
