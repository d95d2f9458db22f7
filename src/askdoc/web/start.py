"""What an empty conversation shows: what there is to ask, or what some documents hold."""

from collections.abc import Sequence

from askdoc.assistant import Assistant
from askdoc.errors import AskdocError
from askdoc.web.outline import outline
from askdoc.web.overview import Overview
from askdoc.web.suggestions import about, is_topic
from askdoc.web.templating import render
from askdoc.web.warmup import Warmup

OUTLINED = 3  # documents whose outlines are shown, at most
TOPICS = 12  # headings of one that are offered to be asked about, at most


class Start:
    """The beginnings of conversations over one assistant, as HTML."""

    def __init__(self, assistant: Assistant, warmup: Warmup) -> None:
        self._assistant = assistant
        self._warmup = warmup

    def welcome(self, told: bool = False) -> str:
        """What this is and, if ``told``, what there is to ask.

        That is there once the models that have tried it are loaded.
        """
        error = ""
        overview = Overview()
        try:
            overview = self._warmup.overview() if told else overview
        except AskdocError as failure:
            error = str(failure)
        count = len(self._assistant.index.titles())  # not known before a new folder is indexed
        return render(
            "welcome",
            corpus=str(self._assistant.settings.corpus),
            documents={0: "documents", 1: "one document"}.get(count, f"{count:,} documents"),
            overview=overview,
            about=about,
            error=error,
        )

    def of(self, sources: Sequence[str]) -> str:
        """The outlines of the documents that a conversation is about to be kept to."""
        outlines = []
        titles = self._assistant.index.titles()
        for source in [source for source in sources if source in titles][:OUTLINED]:
            shown = outline(self._assistant, self._assistant.document(source))
            words = [shown.document.words(heading) for heading in shown.headings]
            outlines.append((shown, list(dict.fromkeys(filter(is_topic, words)))[:TOPICS]))
        return render("outlines", outlines=outlines, sources=sources, about=about)
