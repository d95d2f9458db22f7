"""HTML from templates: whatever is put into one is escaped, unless the template calls it safe."""

import re
from pathlib import Path, PurePosixPath
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

# What Markdown sets off inside a line: words between two, or one, of these signs.
SET_OFF = (
    (re.compile(r"(\*\*|__)(?=\S)(.{1,300}?)(?<=\S)\1"), "strong"),
    (re.compile(r"(?<![\w*])(\*)(?=[^\s*])(.{1,300}?)(?<=[^\s*])\1(?![\w*])"), "em"),
    (re.compile(r"(?<![\w_])(_)(?=[^\s_])(.{1,300}?)(?<=[^\s_])\1(?![\w_])"), "em"),
    (re.compile(r"(`)([^`]{1,300})\1"), "code"),
)
# The half of such signs, as where one sentence of several is quoted that are set off.
LONE = re.compile(r"^(?:\*{1,3}|_{1,3})(?=[A-Z])|(?<=[.!?])(?:\*{1,3}|_{1,3})$")

LANGUAGES = (
    ("en", "English"),
    ("de", "Deutsch"),
    ("fr", "Français"),
    ("es", "Español"),
    ("ru", "Русский"),
    ("hy", "Հայերեն"),
)
"""Of the page: each but English has a table of words in ``UI/words``."""
UI = Path(__file__).parent / "ui"  # the page's own scripts, styles and words

ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,  # questions, answers and documents are others' text
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)


def set_off(text: str) -> Markup:
    """A text, escaped, with what Markdown sets off inside a line set off as HTML does."""
    html = str(escape(text))
    for signs, tag in SET_OFF:
        html = signs.sub(rf"<{tag}>\2</{tag}>", html)
    html = LONE.sub("", html)
    return Markup(html)  # noqa: S704 - escaped above, and only our tags are put in


def kind(source: str) -> str:
    """What kind of file a document is, as people call it: the end of its name, in capitals."""
    return PurePosixPath(source).suffix.removeprefix(".").upper()


ENVIRONMENT.filters |= {"set_off": set_off, "kind": kind}
ENVIRONMENT.globals["languages"] = LANGUAGES


def render(name: str, **values: Any) -> str:
    """The HTML of the template ``templates/name.html`` with these values."""
    return ENVIRONMENT.get_template(f"{name}.html").render(values)
