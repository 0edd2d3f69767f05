"""Settings: the only reader of the environment. Every field can be set as `VITRINE_<NAME>`."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent
"""The folder that holds app.py."""


class Limits(BaseSettings):
    """What the intake lets through. The pages show these figures; sizes are bytes of the file as sent."""

    model_config = SettingsConfigDict(env_prefix="VITRINE_LIMIT_", frozen=True)

    image_bytes: int = 20 * 2**20
    image_pixels: int = 40_000_000
    image_side_min: int = 8
    image_side_max: int = 12_000
    image_aspect_max: float = 20.0
    archive_bytes: int = 200 * 2**20
    archive_entries: int = 20_000
    archive_unpacked_bytes: int = 500 * 2**20
    archive_ratio: float = 100.0
    archive_entry_bytes: int = 20 * 2**20
    bundle_bytes: int = 2 * 2**30
    bundle_entries: int = 2_000
    session_bytes: int = 250 * 2**20
    batch_images: int = 200
    table_bytes: int = 100 * 2**20
    table_rows: int = 1_000_000
    table_columns: int = 2_000
    table_line_bytes: int = 2**20
    table_file_bytes: int = 2 * 2**30
    """Of a table that lies on this machine, such as a data set to train on; visitors send at most `table_bytes`."""
    table_file_rows: int = 20_000_000
    text_characters: int = 20_000
    """Of one text, as a reader counts them; the beginning of a longer one is used, which is said."""
    text_bytes: int = 2**20
    """Of one text in UTF-8; a larger one is refused."""


class Settings(BaseSettings):
    """Where things lie and how the product behaves on this machine."""

    model_config = SettingsConfigDict(env_prefix="VITRINE_", frozen=True)

    home: Path = ROOT / "var"
    """Everything that Vitrine writes: database, versions, job folders, logs."""
    data: Path | None = None
    """A folder with data sets already on this machine."""
    database_url: str = ""
    """SQLAlchemy URL of the store; empty means SQLite below `home`."""
    device: str = "auto"
    """`auto`, `cpu`, `cuda` or `cuda:N`."""
    model_budget_mb: int = Field(default=2048, ge=64)
    """Bytes of models kept loaded, per device."""
    wait_for_models: bool = False
    """Report healthy only when the champions are loaded; for a presenter who must never wait."""
    offline: bool = False
    """Never probe for a network."""
    hub_cache: Path | None = None
    """Folder in the Hugging Face hub's own cache layout; None means the hub library's default."""
    models: Path | None = None
    """Folder with Transformers of your own, each in a folder in the hub's layout; training can start from them."""
    hub_endpoint: str = "https://huggingface.co"
    """Address that the probe asks and weights come from."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    job_heartbeat_s: float = 30.0
    """A worker silent for longer than this is taken for hung."""
    job_stall_minutes: float = 60.0
    """A run that neither reports nor asks whether to stop for longer than this is taken for hung."""
    job_idle_exit_s: float = 300.0
    """The supervisor ends after this long without a job."""
    job_preload: tuple[str, ...] | None = None
    """Modules that the supervisor imports once, so that every job after that starts at once; None: torch and tasks."""
    job_keep_hours: float = Field(default=24.0, ge=0.0)
    """Data and last snapshot of a job are kept for this long after its end, so that it can be resumed; 0 keeps none."""
    ray_address: str = ""
    """Head of a Ray cluster that runs the jobs, as `host:port`; this machine is one of its nodes. Empty: no Ray."""
    ray_token: SecretStr = Field(SecretStr(""), validation_alias=AliasChoices("VITRINE_RAY_TOKEN", "RAY_AUTH_TOKEN"))
    """The cluster's token; empty: it lies in `ray_token_file`."""
    ray_token_file: Path = Field(
        Path("~/.ray/auth_token"), validation_alias=AliasChoices("VITRINE_RAY_TOKEN_FILE", "RAY_AUTH_TOKEN_PATH")
    )
    """Where Ray's own tools keep the token."""
    mlflow_tracking_uri: str = Field(
        "", validation_alias=AliasChoices("VITRINE_MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_URI")
    )
    """Address of the user's own MLflow, for one-way exports; empty: none."""
    correction_limit: int = Field(default=500, ge=1)
    """Corrections and review cases kept at most, of all sectors together."""
    correction_days: float = Field(default=7.0, gt=0)
    """A picture that came with a correction is deleted after this long."""
    role: Literal["", "viewer", "presenter", "admin"] = ""
    """Role of every visitor where no sign-in is configured; empty: admin when only this machine can reach the server,
    viewer otherwise."""
    sign_in: bool | None = None
    """Ask visitors to sign in; None: when `.streamlit/secrets.toml` says how. Who has not signed in is a viewer."""
    signed_in_role: Literal["viewer", "presenter", "admin"] = "viewer"
    """Role of who has signed in and is named nowhere below."""
    roles_by_email: dict[str, Literal["viewer", "presenter", "admin"]] = Field(default_factory=dict)
    """Roles by verified e-mail address, as JSON: `{"ann@example.org": "admin"}`."""
    role_claim: str = ""
    """Claim of the sign-in's token that names groups or roles, such as `groups`."""
    roles_by_claim: dict[str, Literal["viewer", "presenter", "admin"]] = Field(default_factory=dict)
    """Roles by a value of that claim, as JSON."""
    torch_threads: int = 0
    """Threads of one model; 0 leaves torch's own choice."""
    limits: Limits = Field(default_factory=Limits)

    @property
    def store_url(self) -> str:
        """The database address in force."""
        return self.database_url or f"sqlite:///{self.home / 'vitrine.db'}"

    @property
    def assets(self) -> Path:
        """Bundled models, samples, logo and message catalogues."""
        return ROOT / "assets"

    def environment(self) -> dict[str, str]:
        """Variables that give a process on another machine these settings. Secrets and the way to Ray stay here."""
        own = {name: value for name, value in self if name != "limits" and not name.startswith("ray_")}
        named = {f"VITRINE_{name}": value for name, value in own.items()}
        named |= {f"VITRINE_LIMIT_{name}": value for name, value in self.limits}
        return {
            name.upper(): _as_variable(value)
            for name, value in named.items()
            if value is not None and not isinstance(value, SecretStr)
        }


def _as_variable(value: object) -> str:
    if isinstance(value, Path):  # a relative one means another folder where the process starts elsewhere
        return str(value.expanduser().resolve())
    return json.dumps(value) if isinstance(value, tuple | dict) else str(value)


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
