"""The chat in the browser."""

from askdoc.web.server import create_app, listen, serve

__all__ = ["create_app", "listen", "serve"]
