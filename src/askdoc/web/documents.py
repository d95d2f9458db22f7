"""The Documents tab: the report, and the ways in which a person changes the folder."""

import os
import queue
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from datetime import date
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from askdoc.assistant import Assistant
from askdoc.errors import BadInput
from askdoc.ingest.files import LOADERS, path_of
from askdoc.types import Progress, Status
from askdoc.web.events import failed, line
from askdoc.web.templating import kind, render

PATIENCE = 60  # seconds: what was deleted must not answer when this page has said that it is gone
ROWS = 2_000  # of the table, at most
# The columns, and whether they are shown on demand only.
COLUMNS = (
    ("Document", False),
    ("Kind", False),
    ("Pages", False),
    ("Changed", False),
    ("Status", False),
    ("Characters", True),
    ("Passages", True),
    ("Language", True),
)
ADVICE = {
    Status.ENCRYPTED: "Save a copy without its password.",
    Status.TOO_LARGE: "Split it.",
    Status.TOOK_TOO_LONG: "Split it, or save it as plain text.",
    Status.FAILED: "Open it in the program that made it, and save it anew.",
}
LISTED = TypeAdapter(list[str])
UPLOADS = "uploads"  # the folder of the corpus in which uploaded files land


def report(assistant: Assistant) -> str:
    """The table of the report as HTML: a row for each file, and what can be done with it.

    What could not be read comes first.
    """
    files = assistant.index.reports()
    times = dict(assistant.index.newest(len(files)))
    rows = sorted(files, key=lambda file: file.status is Status.READ)[:ROWS]
    return render(
        "report",
        files=files,
        shown=[(file, kind(file.source), day(times.get(file.source, 0))) for file in rows],
        columns=COLUMNS,
        advice=ADVICE,
        read=sum(file.status is Status.READ for file in files),
        warning=assistant.index.warning(),
        read_only=assistant.settings.read_only,
    )


def day(changed: int) -> str:
    """The day of a time in nanoseconds since 1970; empty where there is none."""
    return date.fromtimestamp(changed / 1e9).isoformat() if changed else ""


def banner(assistant: Assistant) -> str:
    """What has changed in the folder since the last sync, as HTML; empty when nothing has."""
    known = {file.source for file in assistant.index.reports()}
    changes = assistant.index.changes()
    new = sum(source not in known for source in changes)
    return render("banner", new=new, other=len(changes) - new) if changes else ""


def upload(assistant: Assistant, paths: Sequence[str]) -> list[str]:
    """Moves files into the corpus; their new sources.

    Raises BadInput for a file of a kind that askdoc does not read; then none is moved, and all are
    deleted.
    """
    try:
        return _taken(assistant, paths)
    finally:
        for path in map(Path, paths):
            path.unlink(missing_ok=True)


def _taken(assistant: Assistant, paths: Sequence[str]) -> list[str]:
    _check_writable(assistant)
    for path in map(Path, paths):
        if path.suffix.lower() not in LOADERS:
            known = ", ".join(suffix.removeprefix(".") for suffix in LOADERS)
            raise BadInput(f"{path.name} cannot be read: askdoc reads {known}")
    folder = assistant.settings.corpus / UPLOADS
    targets: list[Path] = []
    try:
        folder.mkdir(exist_ok=True)
        for path in map(Path, paths):
            targets.append(_free(folder, path.name))
            shutil.move(path, targets[-1])
    except OSError as error:
        for target in targets:  # the last one may be there in part
            target.unlink(missing_ok=True)
        raise BadInput(f"{folder} cannot be written to: {error.strerror}") from error
    return [f"{UPLOADS}/{target.name}" for target in targets]


def delete(assistant: Assistant, sources: Sequence[str]) -> None:
    """Deletes the files of documents; raises BadInput, and deletes none, where one is none."""
    _check_writable(assistant)
    known = {file.source for file in assistant.index.reports()}
    for source in sources:
        if source not in known:
            raise BadInput(f"there is no document {source[:200]!r}")
    given = assistant.index.given()
    assistant.remove(given.intersection(sources))
    for source in sources:
        if source in given:
            continue
        try:
            path_of(assistant.settings.corpus, source).unlink(missing_ok=True)
            assistant.index.deleted([source])
        except OSError as error:
            raise BadInput(f"{source} cannot be deleted: {error.strerror}") from error


def named(sources: str) -> list[str]:
    """The sources that a click names, as JSON; raises BadInput where it is no list of them."""
    try:
        return LISTED.validate_json(sources)
    except ValidationError as error:
        raise BadInput("the page named no documents: load it again") from error


def _check_writable(assistant: Assistant) -> None:
    if assistant.settings.read_only:
        raise BadInput("this chat is served read-only: files are neither taken nor deleted")


def changing(assistant: Assistant, act: Callable[[], object]) -> Iterator[str]:
    """The lines, as HTML, that tell of an act and of the sync after it, also of what failed."""
    step = ""
    try:
        act()
        for step in syncing(assistant, PATIENCE):
            yield line(step)
        yield line(step if assistant.index.changes() else "The index is up to date.")
    except Exception as error:  # noqa: BLE001 - the page must not stay silent
        yield failed(error)


def syncing(assistant: Assistant, patience: float = 1) -> Iterator[str]:
    """Brings the index up to date; tells now and then how far it is. Raises what sync raises.

    Another sync is waited for, for some seconds.
    """
    steps: queue.Queue[Progress | None] = queue.Queue()
    note: Future[str] = Future()

    def work() -> None:
        try:
            note.set_result(assistant.catch_up(steps.put, patience))
        except Exception as error:  # noqa: BLE001 - raised again below, where somebody listens
            note.set_exception(error)
        finally:
            steps.put(None)

    began = time.monotonic()
    threading.Thread(target=work, daemon=True).start()
    while (step := steps.get()) is not None:
        yield step.told(time.monotonic() - began)
    if note.result():
        yield note.result()


def _free(folder: Path, name: str) -> Path:
    """A path in the folder that no other file has; a leading dot would hide it from askdoc."""
    wanted = Path(name.lstrip(".") or "file")
    path, number = folder / wanted, 1
    while os.path.lexists(path):  # a link that leads nowhere counts
        number += 1
        path = folder / f"{wanted.stem} ({number}){wanted.suffix}"
    return path
