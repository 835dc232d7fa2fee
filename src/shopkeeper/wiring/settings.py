"""All settings: `shopkeeper.toml` in the workspace, overridden by `SHOPKEEPER_*` environment variables."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from shopkeeper.errors import ConfigError, FieldProblem
from shopkeeper.rollout.ramp import DEFAULT_RAMP, RampStep, wrong_in
from shopkeeper.wiring.settings_content import ContentSettings
from shopkeeper.wiring.settings_prices import PriceRolloutSettings, PriceWebhookSettings
from shopkeeper.wiring.settings_serving import ServingSettings

CONFIG_FILE = "shopkeeper.toml"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EngineSettings(_Section):
    """Which engine plays each role, by URL or folder; folders are relative to the workspace."""

    state_url: str = "sqlite:///state.db"
    """SQLAlchemy URL of the state database."""
    warehouse_url: str | None = None
    """ClickHouse database that analytical reads run on; None = DuckDB over the lake."""
    cache_url: str | None = None
    """Valkey or Redis that serving processes share profiles and answers on; None = each holds its own."""
    jobs_url: str | None = None
    """SQLAlchemy URL of the database of jobs; not set = `jobs.db` beside a SQLite state database, else the same one."""
    lists: Path = Path("lists")
    """Folder of `STORE.parquet` files of `export recommendations`, which an arm with `lists: nightly` answers from."""
    runs: Path = Path("runs")
    """Folder in which runs of jobs keep their files while they work."""
    log: Path = Path("log")
    """Folder of the event log's segments."""
    lake: Path = Path("lake")
    """Folder of the compacted Parquet partitions."""
    models: Path = Path("models")
    """Folder of the model bundles."""
    quarantine: Path = Path("quarantine")
    """Folder of rejected rows."""
    secrets: Path = Path("secrets")
    """Folder of the keys that hash network addresses."""
    mlflow_url: str = "sqlite:///mlflow.db"
    """Experiment log: a SQLite file or an MLflow server's http(s) address; empty = none."""
    mlflow: Path = Path("mlflow")
    """Folder of the experiment log: files of runs, and writes that did not get through yet."""
    shards: str = "local"
    """What computes shards of long work: `local` = processes here, else the address of a Ray cluster."""
    shard_workers: int = Field(default=0, ge=0)
    """Most shards at a time; 0 = one for each core."""
    flag_provider: str | None = None
    """`package.module:function` that makes the OpenFeature provider which assigns units; None = our own hash."""


class IntakeSettings(_Section):
    """Limits on what comes in."""

    future_seconds: float = Field(300.0, ge=0)
    """How far in the future a time may lie, seconds."""
    quarantine_share: float = Field(0.05, ge=0, le=1)
    """Share of rejected rows above which an import ends with exit code 1."""
    batch_rows: int = Field(20_000, gt=0)
    """Rows read at a time by an import."""


class QualitySettings(_Section):
    """Traffic that is not shoppers: the shop's own, its monitors, and programs that say nothing."""

    internal_users: list[str] = Field(default_factory=list)
    """Customer numbers of staff and testers."""
    internal_visitors: list[str] = Field(default_factory=list)
    """Devices or cookies of staff and testers."""
    internal_ip_hashes: list[str] = Field(default_factory=list)
    """Hashes of office addresses, where the source hashes addresses itself."""
    internal_networks: list[str] = Field(default_factory=list)
    """Addresses and networks of offices, compared before an address is hashed."""
    internal_agents: list[str] = Field(default_factory=list)
    """Words in user agents of the shop's own programs."""
    monitoring_agents: list[str] = Field(default_factory=list)
    """Words in user agents of probes that watch the shop."""
    app_agents: list[str] = Field(default_factory=list)
    """Words in user agents of the shop's own apps: people, whatever library they speak with."""


class AllowedCategory(_Section):
    """A sensitive category that is treated like any other."""

    category: str
    store: str = "*"
    """Where; `*` = in every store."""


class PrivacySettings(_Section):
    """What is kept of people, and how long; docs/guides/privacy.md lists every place."""

    keep_user_agents: bool = False
    """Keep user agents as they came; else only their class."""
    event_days: float = Field(1_100.0, gt=0)
    """Life of events, decisions and verdicts about traffic, days; of events from their arrival, if that is later."""
    quarantine_days: float = Field(30.0, gt=0)
    """Life of rejected rows, days."""
    fewest_buyers: int = Field(5, ge=1)
    """Different buyers a pair of products needs before a list or a reason says that they are bought together."""
    sensitive_categories: list[str] = Field(default_factory=list)
    """Categories whose products are sensitive, whatever their feed says; without regard to case."""
    sensitive_allowed: list[AllowedCategory] = Field(default_factory=list)
    """Categories that a store treats like any other: `{category = "Health > Vitamins", store = "uk"}`."""
    sensitive_hidden_on: list[str] = ["home", "email"]
    """Surfaces on which no sensitive product is shown at all."""


class PeopleSettings(_Section):
    """Signing in to the control room, the command line and the API."""

    session_hours: float = Field(12.0, gt=0, le=24 * 31)
    """How long a sign-in lasts, hours."""
    idle_minutes: float = Field(120.0, ge=5)
    """How long a sign-in may be unused, minutes."""
    invitation_hours: float = Field(72.0, gt=0)
    """How long an invitation to choose a password is good, hours."""
    loopback_unsigned: bool = False
    """Once there are people: whoever sits at the machine itself may still look without signing in."""


class TrainingSettings(_Section):
    """Training runs."""

    seed: int = 20_261_123
    trials: int = Field(0, ge=0, le=10_000)
    """Sets of parameters a run tries, the defaults among them; 0 = the defaults, untried."""
    parallel_trials: int = Field(1, ge=1, le=1_000)
    """Trials that are drawn knowing the same earlier ones and tried side by side, by `engines.shards`."""
    minutes: float | None = Field(None, gt=0)
    """No trial begins after so many minutes; None = no limit."""
    folds: int = Field(3, ge=0, le=20)
    """Moments of the past at which a run judges its model, to show the spread; 0 = none, and 1 is no spread."""
    gap_days: float = Field(0.0, ge=0)
    """Days before validation and test that neither teach nor judge, so that what takes long to settle does not leak."""
    validation_share: float = Field(0.15, gt=0, lt=1)
    """Share of the interactions that choose parameters."""
    test_share: float = Field(0.2, gt=0, lt=1)
    """Share of the newest interactions that a time split keeps for the test."""
    bootstrap: int = Field(1_000, ge=100)
    """Bootstrap resamples behind each interval."""
    timed_answers: int = Field(500, ge=20, le=100_000)
    """Answers by which a bundle's latency is told, each timed twice."""
    minimum_interactions: int = Field(500, ge=1)
    """Fewest interactions a model is trained on."""
    sentences: bool = False
    """Read titles and descriptions as sentences too, by the extra `sentences`; V2 keeps what helps."""


class ModelSettings(_Section):
    """How many model bundles are kept; those that serve, are tested, are the way back or are pinned always are."""

    keep_newest: int = Field(10, ge=1)
    """Newest versions of each system that keep their files."""
    keep_days: float = Field(90.0, ge=0)
    """Age below which every version keeps its files, days."""


class RampStepSettings(_Section):
    """One step of the ramp, as `rollout.ramp.RampStep`."""

    stage: Literal["shadow", "ab", "ramp", "full"]
    share: float = Field(gt=0, le=1)
    """In shadow: of all requests. Else: of the units outside the holdout, those the new version answers."""
    days: float = Field(0.0, ge=0)
    """Least time in it, days."""


class RolloutSettings(_Section):
    """How a change goes to shoppers."""

    ramp: list[RampStepSettings] = Field(
        default_factory=lambda: [
            RampStepSettings(stage=one.stage, share=one.share, days=one.minimum_days) for one in DEFAULT_RAMP
        ]
    )
    """The steps, in their order."""
    holdout: float = Field(0.01, ge=0, le=0.2)
    """Share of units kept out of every test for ever and answered by the rules."""
    minimum_shadow_requests: int = Field(1_000, ge=1)
    """Answers a version must have computed in shadow."""
    units_per_arm: int | None = Field(None, ge=1)
    """Matured units of one arm at which a test ends; None = planned from what the last weeks say."""
    power: float = Field(0.8, gt=0, lt=1)
    """Chance with which a test finds the uplift the objective names; it plans how long the test takes."""
    maximum_weeks: int = Field(26, ge=1, le=104)
    """A test that would take longer is not started."""
    prices: PriceRolloutSettings = PriceRolloutSettings()  # type: ignore[call-arg]
    """How tests of prices are made, which switch goods instead of dividing shoppers."""

    @property
    def steps(self) -> tuple[RampStep, ...]:
        """The ramp."""
        return tuple(RampStep(stage=one.stage, share=one.share, minimum_days=one.days) for one in self.ramp)

    @model_validator(mode="after")
    def _climbable(self) -> RolloutSettings:
        wrong = list(wrong_in(self.steps))
        if wrong:
            raise ValueError(" ".join(wrong))
        return self


class RecommendationSettings(_Section):
    """How recommendations are made."""

    recipe: dict[str, Any] = Field(default_factory=dict)
    """Settings of the recipe that the serving version answers by, such as `exploration = 0.1`; arms may change them."""
    trending_half_life_hours: float = Field(default=24.0, gt=0)
    """After so many hours an event counts half for what trends: the list, and what fills others."""


class PricingSettings(_Section):
    """Where prices are learnt from."""

    retail_price_lists: list[str] = Field(default_factory=lambda: ["", "retail"], min_length=1)
    """Price lists of ordinary shoppers, in order: the first that a store has prices of is learnt from and proposed for.
    Purchases of users with another price list teach nothing."""
    consumer_prices: float = Field(0.0, ge=-0.5, le=10)
    """Rise of consumer prices over the last year, a share; the policy's `inflation` is held against it."""


class SourceSettings(_Section):
    """One source that `shopkeeper sync` reads: a database, or files."""

    name: str = Field(pattern=r"^[A-Za-z0-9_-]{1,60}$")
    url: str | None = None
    """SQLAlchemy URL of a database; `${NAME}` in it is taken from the environment."""
    query: str | None = None
    """One SELECT."""
    watermark: str | None = None
    """Column of the query that only grows; without it every sync reads everything."""
    overlap_seconds: float = Field(0.0, ge=0)
    """How far a watermark that is a time is taken back, for rows that were committed late."""
    path: Path | None = None
    """File or folder, relative to the workspace."""
    store: str | None = None
    """Store of the rows; without it every row names its own."""
    table: str | None = None
    """Table of the contract that the query's columns are named after."""
    mapping: Path | None = None
    """Mapping file, relative to the workspace."""
    format: str | None = None
    """Built-in format of the files; without it their columns decide."""

    @model_validator(mode="after")
    def _one_kind(self) -> SourceSettings:
        if (self.url is None) == (self.path is None):
            raise ValueError("a source has either `url` and `query` or `path`")
        if self.url is not None and (self.query is None or (self.table is None) == (self.mapping is None)):
            raise ValueError("a database source needs `query`, and either `table` or `mapping`")
        return self


class Settings(BaseSettings):
    """Everything that can be set. Nothing set = one machine, no servers."""

    model_config = SettingsConfigDict(
        env_prefix="SHOPKEEPER_", env_nested_delimiter="__", extra="forbid", frozen=True, toml_file=CONFIG_FILE
    )

    workspace: Path = Path()
    """The folder everything lies in; not set in the file, it is where the file is."""
    engines: EngineSettings = EngineSettings()
    serving: ServingSettings = ServingSettings()  # type: ignore[call-arg]
    intake: IntakeSettings = IntakeSettings()  # type: ignore[call-arg]
    quality: QualitySettings = QualitySettings()
    privacy: PrivacySettings = PrivacySettings()  # type: ignore[call-arg]
    people: PeopleSettings = PeopleSettings()  # type: ignore[call-arg]
    training: TrainingSettings = TrainingSettings()  # type: ignore[call-arg]
    models: ModelSettings = ModelSettings()  # type: ignore[call-arg]
    rollout: RolloutSettings = RolloutSettings()  # type: ignore[call-arg]
    recommendations: RecommendationSettings = RecommendationSettings()
    pricing: PricingSettings = PricingSettings()  # type: ignore[call-arg]
    content: ContentSettings = ContentSettings()  # type: ignore[call-arg]
    price_webhook: PriceWebhookSettings = PriceWebhookSettings()  # type: ignore[call-arg]
    sources: list[SourceSettings] = Field(default_factory=list)
    """What `shopkeeper sync` reads, one `[[sources]]` each."""

    @classmethod
    def settings_customise_sources(  # pydantic's hook: every source is handed in by name
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order: what code says, then the environment, then the file."""
        workspace = Path(init_settings().get("workspace", "."))
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, workspace / CONFIG_FILE)

    def folder(self, path: Path) -> Path:
        """Return a configured folder as an absolute path."""
        return (self.workspace / path).resolve()

    @property
    def state_url(self) -> str:
        """The state database's URL with a relative SQLite file placed inside the workspace."""
        return self.placed(self.engines.state_url)

    @property
    def jobs_url(self) -> str:
        """The URL of the database of jobs."""
        if self.engines.jobs_url is not None:
            return self.placed(self.engines.jobs_url)
        prefix, state = "sqlite:///", self.state_url
        return f"{prefix}{Path(state.removeprefix(prefix)).with_name('jobs.db')}" if state.startswith(prefix) else state

    def placed(self, url: str) -> str:
        """Return a database URL with a relative SQLite file placed inside the workspace."""
        prefix = "sqlite:///"
        if url.startswith(prefix) and not url.startswith(prefix + "/"):
            return prefix + str((self.workspace / url.removeprefix(prefix)).resolve())
        return url


def load_settings(workspace: Path, *, need_file: bool = True) -> Settings:
    """Return the settings of a workspace.

    Raises:
        ConfigError: there is no workspace here, or a setting is wrong; names each setting.
    """
    if need_file and not (workspace / CONFIG_FILE).is_file():
        raise ConfigError(
            f"There is no {CONFIG_FILE} in {workspace.resolve()}.",
            "Make a workspace with `shopkeeper init DIR` and go there, or name one with `--workspace DIR`.",
        )
    try:
        return Settings(workspace=workspace)
    except ValidationError as error:
        problems = tuple(_problem(item) for item in error.errors())
        listed = "; ".join(f"{p.field}: {p.reason}" for p in problems)
        raise ConfigError(
            f"{CONFIG_FILE} or the environment has {len(problems)} wrong setting(s): {listed}.",
            "Mend them; docs/guides/settings.md lists every setting.",
            problems,
        ) from error
    except ValueError as error:
        raise ConfigError(
            f"{workspace / CONFIG_FILE} is not valid TOML: {error}.", "Mend the line it names."
        ) from error


def _problem(item: Any) -> FieldProblem:  # noqa: ANN401 - pydantic's error dictionary is typed by version
    name = ".".join(str(part) for part in item["loc"])
    return FieldProblem(name, f"{item['msg']} (got {item['input']!r})", "See docs/guides/settings.md.")
