"""What a user may choose: by argument, by an ``ASKDOC_*`` variable, or in a ``.env`` file."""

import logging
import os
import re
import shlex
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from askdoc.errors import BadInput

BUNDLED = "all-MiniLM-L6-v2"
"""The embedder whose weights are installed with askdoc."""


BUNDLED_READER = "askdoc-reader"
"""The reader whose weights are part of askdoc."""


LOG = logging.getLogger("askdoc")
SECRET = ("auth", "chroma_token", "llm_key")  # settings whose value no message shows
HARMLESS = (  # none of them opens a connection or a door, or loads a model
    "corpus", "index", "passage_size", "k", "threshold", "sure", "llm_tokens", "llm_timeout",
    "strict", "port",
)  # fmt: skip
"""What counts from the ``.env`` of whatever folder askdoc is started in: it may be a stranger's."""


class Settings(BaseSettings):
    """Everything that can be set; each field is also read from ``ASKDOC_`` and its name.

    ``_env_file`` names a file of such variables, which goes before the user's own and before the
    ``.env`` of the folder. Raises BadInput when a value does not fit.
    """

    model_config = SettingsConfigDict(
        env_prefix="ASKDOC_", frozen=True, extra="ignore", env_ignore_empty=True
    )

    corpus: Path = Field(Path("corpus"), description="The folder of documents.")
    index: Path | None = Field(
        None, description="The folder of the index; by default `.askdoc` inside the corpus."
    )
    embedder: str = Field(
        BUNDLED,
        min_length=1,
        description="The bundled MiniLM, a sentence-transformers model, or `provider:model`.",
    )
    reader: str = Field(
        BUNDLED_READER,
        min_length=1,
        description="The bundled reader, or a cross-encoder that sentence-transformers knows.",
    )
    chroma_url: str | None = Field(
        None,
        description="A Chroma server to keep the vectors in; by default they are in the index.",
    )
    chroma_token: SecretStr | None = Field(
        None, description="The token by which that server, or the proxy before it, lets one in."
    )
    passage_size: int = Field(
        600, ge=100, le=4000, description="Characters of a passage, at most, where sentences allow."
    )
    k: int = Field(8, ge=1, le=100, description="Hits of a search; a language model is shown them.")
    threshold: float = Field(
        0.2, ge=0, le=1, description="Confidence below which askdoc says that it does not know."
    )
    sure: float = Field(
        0.78, ge=0, le=1, description="Confidence from which askdoc does not say that it is unsure."
    )
    llm: str | None = Field(
        None,
        description="The language model that writes the answers, as `provider:model`; none by "
        "default.",
    )
    llm_base_url: str | None = Field(
        None, description="The address of the model's server, where it is not the provider's own."
    )
    llm_key: SecretStr | None = Field(
        None, description="The key for it; by default the variable that the provider names."
    )
    llm_tokens: int = Field(
        3000, ge=300, le=1_000_000, description="Tokens that the model is shown, at most."
    )
    llm_timeout: float = Field(
        60, gt=0, le=3600, description="Seconds that the model may be silent before it is given up."
    )
    strict: bool = Field(
        False, description="Leave out what a model wrote and its citations do not carry."
    )
    host: str = Field("127.0.0.1", description="The address on which the chat is served.")
    port: int = Field(7860, ge=0, le=65535, description="The port of the chat; 0 takes a free one.")

    auth: SecretStr | None = Field(
        None, description="`user:password` that the chat and its routes ask for."
    )
    read_only: bool = Field(False, description="No upload and no deletion in the chat.")
    max_upload: int = Field(
        200, ge=1, le=10_000, description="Megabytes of an upload in the chat, at most."
    )
    rate: int = Field(
        600, ge=1, description="Requests a minute that one address may send to the chat, by POST."
    )
    hosts: str | None = Field(
        None, description="Names by which a proxy shows the chat to others, with commas between."
    )
    root_path: str | None = Field(
        None, description="The path below which a proxy has the chat, as in `/askdoc`."
    )
    trusted_proxy: str = Field(
        "127.0.0.1",
        description="The addresses of proxies, or networks of them, whose X-Forwarded-For and "
        "X-Forwarded-Proto count, with commas between.",
    )
    metrics: bool = Field(
        False, description="Tell Prometheus at /metrics what was asked; needs `askdoc[metrics]`."
    )
    tracing: bool = Field(
        False, description="Let LangSmith trace the model's calls, where the environment asks."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Where settings come from, what goes before others first."""
        own = DotEnvSettingsSource(settings_cls, config_file())
        return init_settings, env_settings, dotenv_settings, _Nearby(settings_cls, ".env"), own

    @field_validator("auth")
    @classmethod
    def _two_parts(cls, auth: SecretStr | None) -> SecretStr | None:
        """A user and a password, with a colon between them."""
        user, _, password = auth.get_secret_value().partition(":") if auth else ("", "", "")
        if auth and not (user and password):
            raise ValueError("it must look like user:password")
        return auth

    @field_validator("chroma_token")
    @classmethod
    def _in_a_header(cls, token: SecretStr | None) -> SecretStr | None:
        """A token that can be sent."""
        if token and not re.fullmatch("[!-~]+", token.get_secret_value()):
            raise ValueError("it may have letters, digits and signs of ASCII only")
        return token

    @field_validator("root_path")
    @classmethod
    def _below(cls, path: str | None) -> str | None:
        """A path without a slash at its end."""
        if path and not re.fullmatch(r"(/[\w.~-]*[\w~-])*/?", path, re.ASCII):
            raise ValueError("it must look like /askdoc")
        return path.rstrip("/") if path else path

    @field_validator("trusted_proxy")
    @classmethod
    def _addresses(cls, proxies: str) -> str:
        """Addresses and networks, with commas between."""
        for proxy in proxies.split(","):
            ip_network(proxy.strip())  # raises ValueError
        return proxies

    @field_validator("corpus", "index")
    @classmethod
    def _at_home(cls, path: Path | None) -> Path | None:
        """A path in which ``~`` stands for the user's own folder."""
        return path.expanduser() if path else path

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except UnicodeDecodeError as error:
            raise BadInput(f"a file .env is not in UTF-8: {error}") from error
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"])
            value = "…" if name in SECRET else repr(first["input"])[:80]
            raise BadInput(f"setting {name} = {value}: {first['msg']}") from error

    @property
    def index_folder(self) -> Path:
        """Where the index is kept."""
        return self.index or self.corpus / ".askdoc"

    @property
    def rebuild_command(self) -> str:
        """The command that builds the index again."""
        return self._command("index", str(self.corpus), "--rebuild")

    @property
    def calibrate_command(self) -> str:
        """The command that fits the confidence to the embedder and the reader."""
        return self._command("calibrate", "--corpus", str(self.corpus))

    def _command(self, *words: str) -> str:
        return shlex.join(["askdoc", *words, *(["--index", str(self.index)] if self.index else [])])


class _Nearby(DotEnvSettingsSource):
    """The ``.env`` of the folder that askdoc is started in, as far as it is harmless."""

    def __call__(self) -> dict[str, Any]:
        values = super().__call__()
        others = sorted(values.keys() & Settings.model_fields.keys() - set(HARMLESS))
        if others:
            names = ", ".join(f"ASKDOC_{name.upper()}" for name in others)
            LOG.warning(
                ".env in this folder names %s, which counts only in %s, or in a file that "
                "--env-file names", names, config_file(),
            )  # fmt: skip
        return {name: value for name, value in values.items() if name in HARMLESS}


def config_file() -> Path:
    """The file of settings that are the user's own, wherever askdoc is started."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser() / "askdoc" / ".env"
