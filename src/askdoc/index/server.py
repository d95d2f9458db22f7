"""A Chroma server that holds the vectors: how it is addressed, and what is wrong with it."""

from typing import Any
from urllib.parse import urlsplit

from askdoc.errors import BadInput, IndexUnavailable
from askdoc.redaction import redact

SILENT = 30.0  # seconds that a server may be silent before it is given up
PORT = 8000  # of a server without TLS whose address names none
WORDS = 200  # characters of what a server says that are told, at most


def as_chroma_has_it(url: str, token: str) -> dict[str, Any]:
    """Chroma's settings for a server.

    A token, where there is one, is told in both headers that Chroma knows. Raises BadInput where
    that is no address.
    """
    return {
        "chroma_api_impl": "chromadb.api.fastapi.FastAPI",
        "chroma_server_host": _address(url),
        "chroma_server_http_port": PORT,  # it has to be there, and does not count: the address does
        "chroma_server_headers": (
            {"Authorization": f"Bearer {token}", "X-Chroma-Token": token} if token else None
        ),
    }


def failure(error: Exception, url: str, rebuild_command: str) -> IndexUnavailable:
    """What to raise where a server gave this error: what is wrong with it, and what to do."""
    kind, lines = type(error).__name__, str(error).splitlines()
    says = redact(lines[0])[:WORDS] if lines else kind
    # Chroma raises a plain Exception, with all that came, from where it found the status bad.
    status = getattr(getattr(error.__context__, "response", None), "status_code", None)
    if "CERTIFICATE" in says:
        what = f"shows a certificate that is not trusted ({says}): name its issuer in SSL_CERT_FILE"
    elif kind == "ConnectError":
        what = f"cannot be reached ({says}): start it, or set ASKDOC_CHROMA_URL right"
    elif kind.endswith("Timeout"):
        what = f"has been silent for {SILENT:g} seconds: see what it is busy with"
    elif kind in ("ReadError", "WriteError", "RemoteProtocolError"):
        what = f"broke off ({says}): see whether it still runs"
    elif kind == "NotFoundError":
        what = f"has lost the vectors: put them in again with `{rebuild_command}`"
    elif status in (401, 403):
        what = "lets nobody in without its token: set ASKDOC_CHROMA_TOKEN right"
    elif status == 404 or (status is None and not hasattr(error, "trace_id")):
        what = "does not answer as Chroma 1 does: see what it is, and of which version"
    else:
        what = f"refuses ({says}): see to its log and its disk"
    return IndexUnavailable(f"Chroma at {redact(url)} {what}")


def _address(url: str) -> str:
    """A server's address with its port; raises BadInput where it is none."""
    parts = urlsplit(url)
    try:
        place = parts.netloc if parts.port or parts.scheme == "https" else f"{parts.netloc}:{PORT}"
    except ValueError:  # a port that is no number
        place = ""
    if parts.scheme not in ("http", "https") or not parts.hostname or not place:
        raise BadInput(f"setting chroma_url = {redact(url)!r}: it must look like http://host:8000")
    return f"{parts.scheme}://{place}{parts.path}"
