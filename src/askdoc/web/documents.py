"""The Documents tab: the report, and the ways in which a person changes the folder."""

import os
import queue
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from askdoc.assistant import Assistant
from askdoc.errors import BadInput
from askdoc.ingest.files import LOADERS
from askdoc.types import FileReport, Progress, Status

UPLOADS = "uploads"  # the folder of the corpus in which uploaded files land
COLUMNS = ("Document", "Status", "Pages", "Characters", "Passages", "Language", "Why")


def report(assistant: Assistant) -> str:
    """The table of the report as HTML: a row for each file, and what can be done with it."""
    reports = assistant.index.reports()
    head = "".join(f'<th scope="col">{name}</th>' for name in COLUMNS)
    rows = "".join(_row(file_report, assistant.settings.read_only) for file_report in reports)
    read = sum(file_report.status is Status.READ for file_report in reports)
    warning = escape(assistant.index.warning())
    return (
        f"<p>{read} of {len(reports)} files are read. {warning}</p>"
        f'<div class="report" tabindex="0" role="region" aria-label="Report"><table>'
        f'<thead><tr>{head}<th scope="col"><span class="hidden">What to do</span></th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _row(file_report: FileReport, read_only: bool) -> str:
    """One file's row."""
    cells = (
        file_report.status,
        file_report.pages or "",
        f"{file_report.characters:,}" if file_report.characters else "",
        file_report.passages or "",
        file_report.language or "",
        file_report.why,
    )
    name = escape(file_report.source)
    acts = [("open", "Open"), ("only", "Ask about")] if file_report.status is Status.READ else []
    acts += [] if read_only else [("delete", "Delete")]
    buttons = "".join(
        f'<button type="button" class="{act}" data-source="{name}" '
        f'aria-label="{label} {name}">{label}</button>'
        for act, label in acts
    )
    return (
        f'<tr class="{"read" if file_report.status is Status.READ else "unread"}">'
        f'<th scope="row"><bdi>{name}</bdi></th>'
        + "".join(f"<td><bdi>{escape(str(cell))}</bdi></td>" for cell in cells)
        + f'<td class="do">{buttons}</td></tr>'
    )


def banner(assistant: Assistant) -> str:
    """What has changed in the folder since the last sync, as HTML; empty when nothing has."""
    known = {file_report.source for file_report in assistant.index.reports()}
    changes = assistant.index.changes()
    told = [
        f"{len(sources)} {word}"
        for word, sources in (
            ("new", [source for source in changes if source not in known]),
            ("changed or gone", [source for source in changes if source in known]),
        )
        if sources
    ]
    if not told:
        return ""
    return (
        f'<p class="banner" role="status">The folder has changed since it was indexed: '
        f"{' and '.join(told)}. The next question or <b>Sync now</b> brings the index up to "
        "date.</p>"
    )


def upload(assistant: Assistant, paths: Sequence[str]) -> list[str]:
    """Moves files into the corpus; their new sources.

    Raises BadInput for a file of a kind that askdoc does not read; then none is moved.
    """
    _check_writable(assistant)
    for path in map(Path, paths):
        if path.suffix.lower() not in LOADERS:
            known = ", ".join(suffix.removeprefix(".") for suffix in LOADERS)
            raise BadInput(f"{path.name} cannot be read: askdoc reads {known}")
    folder = assistant.settings.corpus / UPLOADS
    try:
        folder.mkdir(exist_ok=True)
        targets = [Path(shutil.move(path, _free(folder, Path(path).name))) for path in paths]
    except OSError as error:
        raise BadInput(f"{folder} cannot be written to: {error.strerror}") from error
    return [f"{UPLOADS}/{target.name}" for target in targets]


def delete(assistant: Assistant, source: str) -> None:
    """Deletes a document's file; raises BadInput when it is none of the corpus."""
    _check_writable(assistant)
    if source not in {file_report.source for file_report in assistant.index.reports()}:
        raise BadInput(f"there is no document {source!r}")
    try:
        (assistant.settings.corpus / source).unlink(missing_ok=True)
    except OSError as error:
        raise BadInput(f"{source} cannot be deleted: {error.strerror}") from error


def _check_writable(assistant: Assistant) -> None:
    if assistant.settings.read_only:
        raise BadInput("this chat is served read-only: files are neither taken nor deleted")


def syncing(assistant: Assistant) -> Iterator[str]:
    """Brings the index up to date; tells now and then how far it is. Raises what sync raises."""
    steps: queue.Queue[Progress | None] = queue.Queue()
    ended: list[str | Exception] = []

    def work() -> None:
        try:
            ended.append(assistant.catch_up(steps.put))
        except Exception as error:  # noqa: BLE001 - raised again below, where somebody listens
            ended.append(error)
        finally:
            steps.put(None)

    began = time.monotonic()
    threading.Thread(target=work, daemon=True).start()
    while (step := steps.get()) is not None:
        yield step.told(time.monotonic() - began)
    for end in ended:
        if isinstance(end, Exception):
            raise end
        if end:
            yield end


def _free(folder: Path, name: str) -> Path:
    """A path in the folder that no other file has; a leading dot would hide it from askdoc."""
    wanted = Path(name.lstrip(".") or "file")
    path, number = folder / wanted, 1
    while os.path.lexists(path):  # a link that leads nowhere counts
        number += 1
        path = folder / f"{wanted.stem} ({number}){wanted.suffix}"
    return path
