"""Ask a folder of documents; every sentence of the answer cites an exact span of a source file.

>>> import askdoc
>>> askdoc.ask("What is Eagle Partner for?", corpus="corpus").citations[0].source
'eagle-partner.md'
"""

import importlib
import logging
import os
from typing import TYPE_CHECKING, Any

from askdoc.errors import (
    AskdocError,
    BadInput,
    IndexBusy,
    IndexDamaged,
    IndexMismatch,
    IndexUnavailable,
    ModelFailed,
    PortInUse,
    Unreadable,
)
from askdoc.types import (
    NO_ANSWER,
    Answer,
    Block,
    BlockKind,
    Certainty,
    Citation,
    Document,
    FileReport,
    Hit,
    Passage,
    Progress,
    Sentence,
    Status,
    SyncReport,
)

if TYPE_CHECKING:
    from askdoc.assistant import Assistant, ask
    from askdoc.evaluation.evaluate import Evaluation, evaluate
    from askdoc.settings import Settings

logging.getLogger(__name__).addHandler(logging.NullHandler())  # who wants to hear it says so
# Read when ONNX Runtime is imported, which is after this, in the process that reads files, too.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

_LATER = {
    "Assistant": "askdoc.assistant",
    "Evaluation": "askdoc.evaluation.evaluate",
    "Settings": "askdoc.settings",
    "ask": "askdoc.assistant",
    "evaluate": "askdoc.evaluation.evaluate",
}
"""Names that are imported when first used, by their modules: `askdoc --help` needs none."""

__all__ = [
    "NO_ANSWER",
    "Answer",
    "AskdocError",
    "Assistant",
    "BadInput",
    "Block",
    "BlockKind",
    "Certainty",
    "Citation",
    "Document",
    "Evaluation",
    "FileReport",
    "Hit",
    "IndexBusy",
    "IndexDamaged",
    "IndexMismatch",
    "IndexUnavailable",
    "ModelFailed",
    "Passage",
    "PortInUse",
    "Progress",
    "Sentence",
    "Settings",
    "Status",
    "SyncReport",
    "Unreadable",
    "ask",
    "evaluate",
]


def __getattr__(name: str) -> Any:
    """A name of ``_LATER``."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(_LATER[name]), name)
    return value


def __dir__() -> list[str]:
    """What there is, used or not."""
    return sorted({*globals(), *__all__})
