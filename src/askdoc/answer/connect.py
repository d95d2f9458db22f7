"""Language models by name and address, as LangChain's clients reach them."""

import os
from contextlib import suppress
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from askdoc.answer.model import EXTRAS, Model
from askdoc.errors import BadInput
from askdoc.redaction import redact
from askdoc.settings import Settings

LOCAL = ("ollama",)  # providers that run on the user's own machine
ADDRESSES = {  # variables by which the environment names a provider's address
    "anthropic": ("ANTHROPIC_API_URL", "ANTHROPIC_BASE_URL"),
    "ollama": ("OLLAMA_HOST",),
    "openai": ("OPENAI_API_BASE", "OPENAI_BASE_URL"),
}


def connect(settings: Settings) -> Model | None:
    """The language model that the settings name; None when they name none.

    Raises BadInput for a model of no known provider, or one whose package is not installed.
    """
    if not settings.llm:
        return None
    # Imported where first used: two seconds that nobody without a model should pay.
    from langchain.chat_models import init_chat_model

    provider = settings.llm.partition(":")[0]
    key = settings.llm_key.get_secret_value() if settings.llm_key else ""
    options: dict[str, Any] = {"api_key": key} if key else {}
    if settings.llm_base_url:
        options = _addressed(settings.llm_base_url, provider, key)
    if settings.llm_base_url or provider in LOCAL:
        options["temperature"] = 0  # some of the big providers' models refuse to be told
    here = is_here(_address(settings.llm_base_url, provider))
    try:
        if here:
            options |= _directly(provider)
        chat = init_chat_model(settings.llm, **options)
        if here and provider == "anthropic":
            _reach_directly(chat)
    except ImportError as error:
        extra = f"pip install 'askdoc[{provider}]'" if provider in EXTRAS else str(error)
        raise BadInput(f"{settings.llm} needs a package that is not there: {extra}") from error
    # Each provider's client has errors of its own for a missing key or a name it does not like.
    except Exception as error:
        first = redact((str(error).splitlines() or [""])[0])[:200]
        raise BadInput(f"setting llm = {settings.llm!r} cannot be used: {first}") from error
    return Model(settings.llm, chat, settings.llm_timeout, key, settings.tracing)


def _addressed(address: str, provider: str, key: str) -> dict[str, Any]:
    """What makes a client reach an address, and bring nothing there but the key named for it.

    Left alone, it would bring what the environment holds for the provider's own address. Raises
    BadInput where it cannot be kept from that.
    """
    if provider not in EXTRAS:
        known = ", ".join(f"{name}:…" for name in EXTRAS)
        raise BadInput(f"an address goes with {known}: most servers speak OpenAI's API, openai:…")
    custom = f"{provider.upper()}_CUSTOM_HEADERS"
    if os.environ.get(custom):
        raise BadInput(f"{custom} would be sent to the address that is named: unset it")
    key = key or "none"  # a server of one's own asks for none, but clients want one
    more: dict[str, dict[str, Any]] = {
        "google_genai": {"vertexai": False},  # the environment may ask for that login
        "ollama": {"client_kwargs": {"headers": {"authorization": f"Bearer {key}"}}},
        "openai": {
            "model_kwargs": {"extra_headers": {"openai-organization": "", "openai-project": ""}},
            "stream_usage": True,  # nor does it tell tokens unless asked
        },
    }
    return {"base_url": address, "api_key": key, **more.get(provider, {})}


def is_here(address: str) -> bool:
    """Whether an address is on this machine: ``localhost``, or of a loopback interface."""
    host = ""
    with suppress(ValueError):
        host = urlsplit(address if "://" in address else f"//{address}").hostname or ""
        return ip_address(host).is_loopback or ip_address(host).is_unspecified
    return f".{host}".removesuffix(".").endswith(".localhost")


def _address(named: str | None, provider: str) -> str:
    """Where a provider's client will go: as the settings name it, or the environment."""
    found = [named, *(os.environ.get(name) for name in ADDRESSES.get(provider, ()))]
    return next(filter(None, found), "localhost" if provider in LOCAL else "")


def _directly(provider: str) -> dict[str, Any]:
    """What makes a client disregard the proxy that the environment names.

    What is meant for a model on this machine would be sent to it. The libraries are imported where
    they are used: all come with the provider's package.
    """
    if provider == "openai":
        import openai

        return {
            "http_socket_options": (),  # else LangChain warns that it, too, would go past a proxy
            "http_client": openai.DefaultHttpxClient(trust_env=False),
            "http_async_client": openai.DefaultAsyncHttpxClient(trust_env=False),
        }
    if provider == "google_genai":
        import httpx

        return {"client_args": {"transport": httpx.AsyncHTTPTransport()}}  # else it takes aiohttp
    kinds = ("sync_client_kwargs", "async_client_kwargs") if provider == "ollama" else ()
    return {kind: {"trust_env": False} for kind in kinds}


def _reach_directly(chat: Any) -> None:
    """The same for Anthropic's client, which can only be exchanged."""
    import anthropic

    client = anthropic.DefaultAsyncHttpxClient(trust_env=False)
    own = anthropic.AsyncAnthropic(**chat._client_params, http_client=client)
    vars(chat)["_async_client"] = own
