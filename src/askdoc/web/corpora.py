"""Several corpora in one server: what each is called, and which one a request means.

Each has an application of its own below ``/corpus/NAME``. Between ``Below`` and ``Chosen`` a path
is what it would be with one corpus alone: what guards the server looks at what is then answered.
"""

import itertools
import re
from collections.abc import Collection, Sequence
from pathlib import Path
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from askdoc.errors import BadInput
from askdoc.web.limits import refused

BELOW = re.compile(r"/corpus/([^/]+)(/.*)?", re.DOTALL)


def names_of(folders: Sequence[Path]) -> list[str]:
    """The name of each folder, with a number where an earlier one has the same.

    Raises BadInput for a folder that is there twice.
    """
    names: list[str] = []
    whole = [folder.resolve() for folder in folders]
    for number, folder in enumerate(whole):
        if folder in whole[:number]:
            raise BadInput(f"the corpus {folders[number]} is named twice: name each folder once")
        name = folder.name.encode(errors="replace").decode() or "corpus"  # what no address can say
        called = itertools.chain([name], (f"{name} ({count})" for count in itertools.count(2)))
        names.append(next(each for each in called if each not in names))
    return names


def root_of(name: str) -> str:
    """The path below which a corpus is, as it stands in an address."""
    return f"/corpus/{quote(name, safe='')}"


class Below:
    """Takes from the beginning of a path what is not the chat's own, and keeps it as the root path.

    That is the path ``root`` below which a proxy has the chat, which some take off themselves, and
    then, of ``several`` corpora, the name of one.
    """

    def __init__(self, app: ASGIApp, several: bool = True, root: str = "") -> None:
        self._app = app
        self._several = several
        self._root = root

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hands every request on."""
        app = self._app
        if scope["type"] == "http":
            root, path = self._root, scope["path"]
            if root and path == root:  # without the slash the page's addresses would lead elsewhere
                app = RedirectResponse(f"{root}/")
            if path.startswith(f"{root}/"):
                path = path.removeprefix(root)
            query = scope["query_string"]
            if self._several and (match := BELOW.fullmatch(path)):
                name, path = match.groups()
                if path:
                    root += root_of(name)
                else:  # the same
                    path, query = "/", urlencode({"corpus": name}).encode()
            scope = {**scope, "root_path": root, "path": path, "query_string": query}
        await app(scope, receive, send)


class Chosen:
    """Sees to it that a request has the root path of a corpus: of the first, if it names none.

    It can also name one as ``?corpus=NAME``. A page has its addresses below the root path, and so
    is only shown there. ``root`` is that of all of them.
    """

    def __init__(self, app: ASGIApp, names: Collection[str], root: str = "") -> None:
        self._app = app
        self._root = root
        self._names = {root + root_of(name): name for name in names}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hands a request on, or tells that there is no such corpus."""
        app = self._app
        if scope["type"] == "http":
            name = Request(scope).query_params.get("corpus")
            first, *_ = self._names
            root, unnamed = scope["root_path"], scope["root_path"] == self._root
            if unnamed:
                root = first if name is None else self._root + root_of(name)
            if root not in self._names:
                app = refused(
                    404, f"there is no such corpus: name {', '.join(self._names.values())}"
                )
            elif unnamed and scope["path"] == "/":
                app = RedirectResponse(f"{root}/")
            scope = {**scope, "root_path": root}
        await app(scope, receive, send)
