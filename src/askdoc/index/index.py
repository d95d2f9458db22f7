"""What is stored of a corpus: kept true to the folder by ``sync``, asked by ``search``."""

import os
import threading
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType

from askdoc.errors import (
    AskdocError,
    BadInput,
    IndexBusy,
    IndexDamaged,
    IndexUnavailable,
    Unreadable,
)
from askdoc.index.cluster import Cluster
from askdoc.index.dense import cosine
from askdoc.index.embedder import check_weights, embedder, languages_of
from askdoc.index.filter import Where, condition, shown
from askdoc.index.hands import STEP, Changed, Hands, Reading
from askdoc.index.home import Home, check_corpus
from askdoc.index.lock import only_writer
from askdoc.index.manifest import Entry, File, Times, Titles, given_in
from askdoc.index.stores import TOGETHER, Ranking, Stores, drop
from askdoc.ingest.chunker import chunk
from askdoc.ingest.files import Found, file_sha256, find, path_of
from askdoc.ingest.words import language
from askdoc.settings import Settings
from askdoc.types import Document, FileReport, Passage, Progress, Status, SyncReport, plain

READING = 5  # one part in so many of a file's progress is for reading it, the rest for embedding
TELLING = 300  # characters from which a text's language is told reliably
PATIENCE = 5  # seconds to wait for another writer
WRITTEN = (0.1, 0.4, 1.5)  # seconds to wait before trying to read again what is just being written
# A file this young may change again without its time changing: its content is compared again.
RACY = 2_000_000_000  # nanoseconds

OnProgress = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sync would do, by sizes and times: files that are new or changed, and those gone.

    ``unseen`` are indexed and were not found, and yet kept: their disk or share may be away.
    """

    unread: dict[str, os.stat_result]
    removed: tuple[str, ...]
    unseen: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.unread or self.removed)


class Index:
    """The index of one corpus."""

    def __init__(self, settings: Settings, stores: Stores) -> None:
        self.settings = settings
        # Absolute: a process that changes its folder must not index another corpus into this one.
        self.corpus = settings.corpus.absolute()
        self.folder = stores.home.folder
        self.embedder = embedder(settings.embedder)
        self._home, self._stores = stores.home, stores
        self._current = self._home.current
        self._opening = threading.Lock()
        self._same: dict[str, Times] = {}  # of files that were found to be as they were
        self._deleted: set[str] = set()  # on purpose, so that they are gone and not away

    @classmethod
    def open(cls, settings: Settings) -> "Index":
        """The index that settings name, new and empty where there is none.

        Raises BadInput when there is no such folder, IndexMismatch when the index was built with
        other settings than these, IndexDamaged when its files are not as they were written.
        """
        home = home_of(settings)
        return cls(settings, Stores.open(settings, home, home.current()))

    @classmethod
    def rebuild(
        cls,
        settings: Settings,
        on_progress: OnProgress = lambda progress: None,
        ray: str | None = None,
    ) -> tuple["Index", SyncReport]:
        """An index built from nothing, and its report; until it is done, the one before answers.

        Documents that are no files are taken over from that one. ``ray`` is as for ``sync``.
        Raises BadInput when it cannot be built, IndexBusy when another process is writing.
        """
        home = home_of(settings)
        home.make()
        gone = partial(drop, settings, home)
        with only_writer(home, PATIENCE), home.replacing(gone) as build:
            given: list[Document] = []
            with suppress(AskdocError):  # what cannot be read is why it is built again
                given = given_in(home)
            index = cls(settings, Stores.open(settings, home, build))
            index._current = lambda: build
            if given:
                index._put(given, nullcontext())
            report = index._synced(nullcontext(), on_progress, ray=ray)
        index._current = home.current
        return index, report

    @property
    def stores(self) -> Stores:
        """What it is made of, opened anew where another process has changed or replaced it."""
        with self._opening:
            build = self._current()
            if build != self._stores.build:
                self._stores = Stores.open(self.settings, self._home, build)
            elif self._stores.outdated:
                self._stores = self._stores.renewed(self.settings)
            return self._stores

    def sync(
        self,
        on_progress: OnProgress = lambda progress: None,
        patience: float = PATIENCE,
        prune: bool = False,
        ray: str | None = None,
    ) -> SyncReport:
        """Makes the index hold what the corpus holds now; works only on what changed.

        What cannot be seen is kept, also where over half of the files are gone at once, unless it
        is told to ``prune``. ``ray`` is the address of a Ray cluster that reads and embeds. Raises
        IndexBusy when another process is at it for longer than ``patience`` seconds, and BadInput
        where there is no such cluster.
        """
        return self._synced(only_writer(self._home, patience), on_progress, prune, ray)

    def _synced(
        self,
        lock: AbstractContextManager[None],
        on_progress: OnProgress,
        prune: bool = False,
        ray: str | None = None,
    ) -> SyncReport:
        """What ``sync`` gives; nobody else writes within the lock."""
        began = time.perf_counter()
        check_corpus(self.corpus)
        before = after = self.stores.manifest.files()
        plan = self._plan(self._of_folder(before), prune)
        if plan or self.stores.dirty:
            hands = self._hands(ray if plan.unread else None)
            with hands, lock, self._writable().writing() as lost:
                check_weights(self.settings.embedder)
                self._write_given(lost)
                before = self.stores.manifest.files()
                # Planned anew: another writer may have ended.
                known = self._of_folder(before)
                plan = self._plan(known, prune)
                self._work_off(plan, known, hands, on_progress)
            after = self.stores.manifest.files()
        both = before.keys() & after.keys()
        changed = {source for source in both if before[source].sha256 != after[source].sha256}
        return SyncReport(
            _reports(after),
            added=tuple(sorted(after.keys() - before.keys())),
            changed=tuple(sorted(changed)),
            removed=tuple(sorted(before.keys() - after.keys())),
            kept=tuple(sorted(both - changed)),
            unseen=plan.unseen,
            seconds=time.perf_counter() - began,
        )

    def add(self, documents: Sequence[Document]) -> None:
        """Puts documents in that are no files, or in again under their sources.

        Raises BadInput, and puts none in, where a source is twice among them or that of a file,
        and IndexBusy when another process is writing.
        """
        files = self._of_folder(self.stores.manifest.files())
        seen: set[str] = set()
        for source in (document.source for document in documents):
            if source in seen:
                raise BadInput(f"the id {source!r} is there twice: give each document its own")
            if os.path.lexists(self.corpus / source) or source in files:
                raise BadInput(f"the id {source!r} is that of a file in the folder: give another")
            seen.add(source)
        self._put(documents, only_writer(self._home, PATIENCE))

    def remove(self, sources: Sequence[str]) -> None:
        """Drops documents that are no files; raises BadInput, and drops none, where one is none."""
        given = self.given()
        for source in sources:
            if source not in given:
                raise BadInput(f"no document was added as {source[:200]!r}")
        with only_writer(self._home, PATIENCE), self._writable().writing() as lost:
            self._write_given(lost)
            self.stores.remove(sources)

    def given(self) -> set[str]:
        """The sources of the documents that are no files."""
        return self.stores.manifest.given()

    def _put(self, documents: Sequence[Document], lock: AbstractContextManager[None]) -> None:
        """Writes documents that are no files; nobody else writes within the lock."""
        with lock, self._writable().writing() as lost:
            check_weights(self.settings.embedder)
            put = {document.source for document in documents}
            self._write_given([*(each for each in lost if each.source not in put), *documents])

    def _write_given(self, documents: Sequence[Document]) -> None:
        """Cuts, embeds and writes documents that are no files, some at a time."""
        batch: list[Entry] = []
        hands = self._hands()
        for number, document in enumerate(documents, 1):
            batch.append(self._given(document))
            passages = sum(len(each.passages) for each in batch)
            if number == len(documents) or passages >= hands.together:
                self._write(batch, 0, 0, hands, lambda progress: None)
                batch = []

    def _given(self, document: Document) -> Entry:
        """A document that is no file, cut into passages, with what stands in for its file."""
        began = time.perf_counter()
        spoken = language(document.text)
        if spoken:
            document = replace(document, metadata={"language": spoken, **document.metadata})
        passages = chunk(document, self.settings.passage_size)
        file_report = FileReport(
            document.source,
            Status.READ,
            characters=len(document.text),
            passages=len(passages),
            seconds=time.perf_counter() - began,
            language=spoken,
            why=document.unseen,
        )
        times = Times(len(document.text), time.time_ns(), 0)
        return Entry(File(times, document.file_sha256, file_report), document, passages, given=True)

    def _hands(self, ray: str | None = None) -> Hands:
        """Who reads and embeds: this machine, or the Ray cluster at an address."""
        work = self.corpus, self.settings.passage_size, self.embedder
        return Cluster(ray, *work) if ray else Hands(*work)

    def _writable(self) -> Stores:
        """The stores to write to, opened anew where they were but a copy."""
        if self.stores.copied:
            self._open_anew()
        return self.stores

    def _open_anew(self) -> None:
        with self._opening:
            self._stores = self._stores.renewed(self.settings)

    def search(self, query: str, k: int, sources: Sequence[str] = ()) -> tuple[Ranking, Ranking]:
        """The best ``k`` passages of each way to find, of those sources only, if any are named.

        They come best first, dense ones with cosines (-1 to 1), the others with BM25 (0 and up).
        """
        vector = self.embedder.embed_query(plain(query))
        for seconds in WRITTEN:
            stores = self.stores
            try:
                return stores.search(vector, query, k, sources)
            except (IndexDamaged, IndexUnavailable):
                if self.stores is not stores:  # another has taken its place meanwhile
                    continue
                if not stores.manifest.is_written:
                    break
            time.sleep(seconds)
            self._open_anew()
        return self.stores.search(vector, query, k, sources)

    def idf(self, terms: Iterable[str]) -> dict[str, float]:
        """How much each term tells; about 0 for one in every passage, most for one in none."""
        return self.stores.bm25.idf(terms)

    def knows(self, terms: Iterable[str]) -> bool:
        """Whether a passage has one of these terms."""
        return self.stores.bm25.knows(terms)

    def with_term_like(self, term: str, changes: int) -> list[Passage]:
        """Passages with a term at most one or two changes of letters away."""
        return list(self.stores.manifest.passages(self.stores.bm25.like(term, changes)).values())

    def passages(self, source: str) -> list[Passage]:
        """The passages of a document, in no order; none where there is no such document."""
        ids = self.stores.manifest.ids([source])
        return list(self.stores.manifest.passages(ids).values())

    def all_passages(self) -> Iterator[list[Passage]]:
        """All passages, some at a time, as they stand in the documents by source.

        Raises IndexBusy where some may be missing: another process writes, or a sync was stopped.
        """
        stores = self.stores
        busy = IndexBusy(
            f"the index at {self.folder} is being written, or a sync was stopped: run "
            "`askdoc index`, then this again"
        )
        if stores.manifest.is_written:
            raise busy
        for ids in stores.manifest.in_order(TOGETHER):
            found = stores.manifest.passages(ids)
            yield [found[id] for id in ids if id in found]
            # Only now, as whoever asked may have looked up more of these.
            if self.stores is not stores or stores.manifest.is_written:
                raise busy

    def cosines(self, text: str, passages: Sequence[Passage]) -> list[float]:
        """The cosine (-1 to 1) of a text with each of some passages."""
        asked = self.embedder.embed_query(text)
        return [cosine(asked, vector) for _, vector in self.vectors(passages)]

    @property
    def is_empty(self) -> bool:
        """Whether there is no passage to search."""
        return not len(self.stores.bm25)

    def size(self, sources: Sequence[str] = ()) -> int:
        """How many passages there are, of those sources if any are named."""
        return len(self.stores.manifest.ids(sources)) if sources else len(self.stores.bm25)

    def document(self, source: str) -> Document:
        """A document as it was indexed; raises BadInput when there is none of that source."""
        manifest = self.stores.manifest
        document = manifest.document(source) or manifest.document(self.spelt(source))
        if document is None:
            raise BadInput(f"there is no document {source[:200]!r} in the index")
        return document

    def spelt(self, source: str) -> str:
        """A source as the index spells it: letters composed and in parts are the same.

        One that the index does not have is given as it is.
        """
        wanted, known = unicodedata.normalize("NFC", source), self.stores.manifest.files()
        same = (each for each in known if unicodedata.normalize("NFC", each) == wanted)
        return source if source in known else next(same, source)

    def titles(self) -> Titles:
        """The title of each document by its source, in the order of the sources."""
        return self.stores.manifest.titles()

    def newest(self, count: int) -> list[tuple[str, int]]:
        """The sources that were changed last, newest first, with their times.

        A time is in nanoseconds since 1970, as of when the file was read.
        """
        files = self.stores.manifest.files()
        read = [(source, files[source].times.modified) for source in self.titles()]
        return sorted(read, key=lambda file: file[1], reverse=True)[:count]

    def modified(self, source: str) -> int:
        """When a file was changed last, in nanoseconds since 1970; 0 where it is not known."""
        return self.stores.manifest.modified(source)

    def matching(self, where: Where, sources: Sequence[str] = ()) -> list[str]:
        """Those sources, of all if none are named, whose metadata are as ``where`` has it.

        Raises BadInput where there are none: what is misspelt must not pass for unanswered.
        """
        holds, among = condition(where), set(sources)
        each = self.stores.manifest.metadata()
        found = [
            source
            for source, metadata in each.items()
            if (not among or source in among) and holds(metadata)
        ]
        if not found:
            names = ", ".join(sorted({name for metadata in each.values() for name in metadata}))
            raise BadInput(f"no document matches where = {shown(where)}: they tell {names[:200]}")
        return found

    def vectors(self, passages: Sequence[Passage]) -> list[tuple[Passage, list[float]]]:
        """Passages with their vectors, in their order."""
        vectors = self.stores.dense.get([passage.id for passage in passages])
        return [(passage, vectors[passage.id]) for passage in passages if passage.id in vectors]

    def sample(self, count: int) -> list[Passage]:
        """Some passages, evenly taken from the whole corpus."""
        ids = sorted(self.stores.manifest.sources())  # hashes: any order is as good as another
        step = max(1, len(ids) // count)
        return list(self.stores.manifest.passages(ids[::step][:count]).values())

    def reports(self) -> tuple[FileReport, ...]:
        """The report: a line for each file, as of the last sync."""
        return _reports(self.stores.manifest.files())

    def check_not_empty(self) -> None:
        """Raises BadInput when there is no passage to search."""
        if self.is_empty:
            raise BadInput(
                f"{self.settings.corpus} holds no document that askdoc can read: put some in; "
                "`askdoc index` tells what came of each"
            )

    def deleted(self, sources: Iterable[str]) -> None:
        """Tells that files were deleted on purpose: the next sync drops them, however many."""
        self._deleted.update(sources)

    def _plan(self, known: Mapping[str, File], prune: bool = False) -> Plan:
        """What differs between the folder and its files that are indexed, before any is read."""
        looked = find(self.corpus, self.folder)
        return _planned(known, looked, self._same, self._deleted, prune)

    def _of_folder(self, files: Mapping[str, File]) -> dict[str, File]:
        """Those of the files that are indexed, read or not, which the folder has or had."""
        given = self.given()
        return {source: file for source, file in files.items() if source not in given}

    def changes(self) -> dict[str, str]:
        """What is not in the index as it is in the folder, by source; files are compared whole."""
        known = self._of_folder(self.stores.manifest.files())
        plan = self._plan(known)
        found = {}
        for source, stat in plan.unread.items():
            if source not in known:
                found[source] = "not indexed"
            elif known[source].sha256 != _sha256(path_of(self.corpus, source)):
                found[source] = "changed since it was indexed"
            else:
                self._same[source] = _settled(stat)
        gone = dict.fromkeys(plan.removed, "indexed, but gone from the corpus")
        return found | gone | dict.fromkeys(plan.unseen, "indexed, but not to be seen: it is kept")

    def verify(self, deep: bool = False) -> list[str]:
        """Every difference between corpus, manifest and both ways to find, a line each.

        ``deep`` reads all of the index first, and raises IndexDamaged where it is not as written.
        """
        if deep:
            self.stores.check_intact()
        lines = [f"{source}: {what}" for source, what in self.changes().items()]
        return lines + self.stores.differences()

    def warning(self) -> str:
        """What to know of documents in languages that the embedder was not made for, or nothing."""
        return foreign(self.settings, self.reports())

    def warning_of(self, told: Callable[[], str | None]) -> str:
        """The same of a question, whose language ``told`` gives; None is one that it may be for.

        It is not asked where the embedder is for no languages of its own.
        """
        made_for = languages_of(self.settings.embedder)
        language = told() if made_for else None
        if not language or language in made_for:
            return ""
        return (
            f"The question is in a language that the embedder was not made for: {language}. "
            f"For it, {_other_embedder(self.settings)}"
        )

    def close(self) -> None:
        """Lets go of the files."""
        self._stores.close()

    def _work_off(
        self, plan: Plan, known: dict[str, File], hands: Hands, on_progress: OnProgress
    ) -> None:
        """Reads, embeds and writes what is new or changed; drops what is gone."""
        total = sum(stat.st_size for stat in plan.unread.values())
        done, enough = 0, STEP  # so that what comes first can soon be asked
        batch: list[Entry] = []
        touched: list[tuple[*Times, str]] = []

        def changed() -> Iterator[Changed]:
            nonlocal done
            for source, stat in plan.unread.items():
                read = sum(entry.file.times.size for entry in batch) // READING
                on_progress(Progress(source, done + read, total))
                sha256 = _sha256(path_of(self.corpus, source))
                if sha256 and source in known and known[source].sha256 == sha256:
                    touched.append((*_settled(stat), source))
                    done += stat.st_size
                else:
                    yield Changed(source, _settled(stat), sha256)

        for file, reading in hands.read(changed()):
            batch.append(_entry(file, reading))
            if sum(len(entry.passages) for entry in batch) >= enough:
                done = self._write(batch, done, total, hands, on_progress)
                batch, enough = [], min(2 * enough, hands.together)
        self._write(batch, done, total, hands, on_progress)
        self.stores.manifest.touch(touched)
        self.stores.remove(plan.removed)
        self._deleted.difference_update(plan.removed)  # one of that name may come, and be away

    def _write(
        self, batch: list[Entry], done: int, total: int, hands: Hands, on_progress: OnProgress
    ) -> int:
        """Embeds and writes a batch, reports on the way, and gives the bytes that are then done."""
        if not batch:
            return done
        passages = [passage for entry in batch for passage in entry.passages]
        size = sum(entry.file.times.size for entry in batch)
        vectors = self.stores.vectors_of(passages)
        unknown = [passage for passage in passages if passage.id not in vectors]
        embedded = hands.embed([passage.indexed_text for passage in unknown])
        for start in range(0, len(unknown), STEP):
            part = unknown[start : start + STEP]
            share = size // READING + (size - size // READING) * start // len(unknown)
            on_progress(Progress(part[0].source, done + share, total))
            vectors.update(zip((passage.id for passage in part), next(embedded), strict=True))
        self.stores.replace(batch, [vectors[passage.id] for passage in passages])
        on_progress(Progress(batch[-1].file.report.source, done + size, total))
        return done + size


def _entry(file: Changed, reading: Reading) -> Entry:
    """A file as it is written: its document and passages, or the line that says why not."""
    times, outcome, seconds = file.times, reading.outcome, reading.seconds
    if isinstance(outcome, Unreadable):
        if not file.sha256 and outcome.status is not Status.TOO_LARGE:
            times = times._replace(changed=0)  # on Windows a permission changes none of them
        file_report = FileReport(file.source, outcome.status, seconds=seconds, why=outcome.why)
        return Entry(File(times, file.sha256, file_report))
    document, passages = outcome
    spoken = language(document.text)
    if spoken:
        document = replace(document, metadata={"language": spoken, **document.metadata})
    file_report = FileReport(
        file.source,
        Status.READ,
        pages=len(document.pages) or None,
        characters=len(document.text),
        passages=len(passages),
        seconds=seconds,
        language=spoken,
        why="; ".join(filter(None, (document.remark, document.unseen))),
    )
    return Entry(File(times, document.file_sha256, file_report), document, passages)


def unchanged(settings: Settings) -> SyncReport | None:
    """What a sync would tell of a folder that is as it was indexed; None where one has to be made.

    By sizes and times, and from the manifest alone: neither way to find is opened, whose files have
    the checksums that it names. A Chroma server may have lost what it held: it has to be asked, as
    both ways are where no file has a passage.
    Raises as ``Index.open`` does.
    """
    began = time.perf_counter()
    home = home_of(settings)
    if settings.chroma_url or not home.is_made:
        return None
    manifest = Stores.manifest_of(settings, home, home.current())
    try:
        if manifest.is_written:
            return None
        files, given = manifest.files(), manifest.given()
    finally:
        manifest.close()
    of_folder = {source: file for source, file in files.items() if source not in given}
    plan = _planned(of_folder, find(home.corpus, home.folder))
    if plan or plan.unseen or not any(file.report.passages for file in files.values()):
        return None
    kept = tuple(sorted(files))
    return SyncReport(_reports(files), kept=kept, seconds=time.perf_counter() - began)


def _planned(
    known: Mapping[str, File],
    looked: Found,
    same: Mapping[str, Times] = MappingProxyType({}),
    deleted: Set[str] = frozenset(),
    prune: bool = False,
) -> Plan:
    """What differs between a folder and the files that are indexed.

    ``same`` has the times of files that were found to be as they were, ``deleted`` those that were
    deleted on purpose; where most are gone, they are kept unless it is told to ``prune``.
    """
    found = looked.files
    missing = known.keys() - found.keys()
    most_are_gone = 2 * len(found) < len(known.keys() - deleted) and not prune
    unseen = {source for source in missing - deleted if most_are_gone or looked.may_have(source)}
    unread = {
        source: stat
        for source, stat in found.items()
        if source not in known or _times(stat) not in (known[source].times, same.get(source))
    }
    return Plan(unread, tuple(sorted(missing - unseen)), tuple(sorted(unseen)))


def _reports(files: Mapping[str, File]) -> tuple[FileReport, ...]:
    """A line for each file, in the order of their sources."""
    return tuple(files[source].report for source in sorted(files))


def _sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes; empty where it is too large, cannot be read, or is gone."""
    try:
        return file_sha256(path)
    except (OSError, Unreadable):
        return ""


def _times(stat: os.stat_result) -> Times:
    """What tells, without a look into a file, whether it has changed."""
    return Times(stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)


def _settled(stat: os.stat_result) -> Times:
    """The same, but no time where another change may come within the same time."""
    times = _times(stat)
    return times if time.time_ns() - times.changed > RACY else times._replace(changed=0)


def foreign(settings: Settings, reports: Iterable[FileReport]) -> str:
    """What to know of files in languages that the embedder was not made for, or nothing."""
    made_for = languages_of(settings.embedder)
    counts = Counter(
        file_report.language
        for file_report in reports
        if made_for and file_report.language and file_report.characters >= TELLING
        if file_report.language not in made_for
    )
    if not counts:
        return ""
    found = ", ".join(f"{code} ({count})" for code, count in counts.most_common())
    return (
        f"{counts.total()} documents are in languages that the embedder was not made for: "
        f"{found}. For these, {_other_embedder(settings)}"
    )


def _other_embedder(settings: Settings) -> str:
    """What to do about such languages."""
    return (
        f"set ASKDOC_EMBEDDER=intfloat/multilingual-e5-small and run `{settings.rebuild_command}`"
    )


def home_of(settings: Settings) -> Home:
    """Where the index lies; raises BadInput when none can be built with these settings."""
    check_settings(settings)
    return Home(
        settings.index_folder.absolute(), settings.corpus.absolute(), settings.rebuild_command
    )


def check_settings(settings: Settings) -> None:
    """Raises BadInput when no index can be built with these settings."""
    check_corpus(settings.corpus)
    if settings.index_folder.resolve() == settings.corpus.resolve():
        raise BadInput(f"the index cannot be the corpus {settings.corpus} itself: name another")
    embedder(settings.embedder)
