"""Ask a folder of documents; every sentence of the answer cites an exact span of a source file.

>>> import askdoc
>>> askdoc.ask("What is Eagle Partner for?", corpus="corpus").citations[0].source
'eagle-partner.md'
"""

from askdoc.assistant import Assistant, ask
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
from askdoc.evaluation.evaluate import Evaluation, evaluate
from askdoc.settings import Settings
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
