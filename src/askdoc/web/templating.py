"""HTML from templates: whatever is put into one is escaped, unless the template calls it safe."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,  # questions, answers and documents are others' text
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)


def render(name: str, **values: Any) -> str:
    """The HTML of the template ``templates/name.html`` with these values."""
    return ENVIRONMENT.get_template(f"{name}.html").render(values)
