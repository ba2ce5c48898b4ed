"""Every option: its default, its check, and the four places it can come from.

A value in the environment wins over one in code, because the person at the shell speaks last.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import msgspec

from verbose_logging.entries import Severity
from verbose_logging.errors import SettingsError
from verbose_logging.levels import Level, level_named
from verbose_logging.options.checks import check_names, explain
from verbose_logging.options.config_file import read_config_file
from verbose_logging.options.environment import options_of
from verbose_logging.options.meaning import as_meant
from verbose_logging.options.notify_addresses import scheme_of
from verbose_logging.options.phases import Phase
from verbose_logging.options.usable import check_settings

ConsoleForm: TypeAlias = Literal["auto", "steps", "progress", "table", "milestones", "off"]
Positive: TypeAlias = Annotated[float, msgspec.Meta(gt=0)]

ALIASES = {"wandb_run_name": "run_name"}


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All options of a recording.

    Args:
        verbosity_level: "low", "medium", "high" or "ultra".
        log_file: The full log; a relative path starts at the working directory.
        standard_log_file: The short log, beside `log_file` unless it names a folder; `None` switches it off.
        run_name: A name for people, which begins the name of the run's JSON file; "run" stands there without one.
        run_id: Names the run in every line, where it has to be known beforehand; made anew for every run by default.
        output_dir: Where the run's JSON file goes; by default the Trainer's `output_dir`, else the log's folder.
        save_log_to_json: Whether the run's JSON file is written.
        log_save_interval: Steps between two savings of it.
        max_log_bytes: What `log_file` may take on the disk, the parts that are set aside and packed beside it included,
            and `standard_log_file` likewise; at least 1 MiB, `None` for no bound.
        console: What is printed: "steps" a line per step, "progress" a block per progress report, "table" a row per
            logged step, "milestones" starts, epochs, evaluations, checkpoints, findings and the end, which all others
            have too, "off" nothing; "auto" is milestones at low, progress at medium, steps and progress above.
        console_interval: Least time of training between two step lines, in seconds; 0 prints all. By default 0.1 where
            somebody watches, on a terminal or in a notebook, and 0 elsewhere.
        progress_percent: Share of the run between two progress reports, in percent; by default the level's.
        model_state: A function of the Trainer's state and the model, called at progress reports only, that returns
            numbers and texts by name for the report.
        phases: Names for shares of the run, as in `[(0.0, "basic", "What is learned first"), (0.5, "deep")]`.
        sample_interval_seconds: Time between two readings of the machine, a second at least; by default the level's.
            Swap space and the rates of disks and network are read every five seconds at most, free disk space and
            temperatures every ten.
        alerts: Parameters of rules by name, or "off", as in `{"high_memory": {"above": 80}, "slow_steps": "off"}`;
            beside them "action": "stop", "notify", "console", a function of the finding, or a list of these.
        rules: Further rules: classes, or callables without arguments, that make one for each run.
        notify: Addresses that are sent a message at the run's start and end, and of findings: those of apprise, as
            `"slack://..."` or `"mailto://..."`.
        notify_severity: From which severity up findings are sent.
        probes: What reads the machine; by default every built-in probe that finds its hardware.
        sinks: Further destinations of the log's entries: "tensorboard", "wandb", "prometheus", the name of an installed
            one, or objects of the `Sink` protocol.
        tensorboard_dir: Where "tensorboard" writes; by default `runs` in the output folder.
        prometheus_port: Where "prometheus" listens, on this machine only.
        taps: Whether the live Trainer is reached for every step's loss, tokens and gradient norm; without, the hooks
            alone give what the Trainer logs.
        all_ranks: Whether every rank records; rank 1 then writes `NAME.rank00001.jsonl` beside rank 0's `NAME.jsonl`.
        module_norms_every: At ultra, steps between two readings of each module's gradient norm.
        peak_flops: What one device can do, in FLOP/s, for a device that the table of peaks does not know.
        fsync: When the log is brought to the disk itself, for the case that the machine loses power: "milestones" at
            checkpoints and ends, "interval" every five seconds as well.
        handle_sigterm: Whether a training in the main thread records its end when SIGTERM comes; a handler of yours is
            called all the same, and the exit status stays what it was.
        enabled: Whether anything is recorded at all.
        strict: Whether a failing meter or rule raises on the recorder's thread, for tests.

    Example:
        >>> Settings.from_options(verbosity_level="low").console
        'auto'
        >>> Settings.from_options(verbosity_level="hihg")
        Traceback (most recent call last):
            ...
        verbose_logging.errors.SettingsError: verbosity_level: no level 'hihg'; did you mean 'high'? \
Valid: low, medium, high, ultra
    """

    verbosity_level: str = "high"
    log_file: str = "verbose_training_logs.jsonl"
    standard_log_file: str | None = "training_logs.jsonl"
    run_name: str | None = None
    run_id: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")] | None = None
    output_dir: str | None = None
    save_log_to_json: bool = True
    log_save_interval: Annotated[int, msgspec.Meta(ge=1)] = 100
    max_log_bytes: Annotated[int, msgspec.Meta(ge=1 << 20)] | None = None
    console: ConsoleForm = "auto"
    console_interval: Annotated[float, msgspec.Meta(ge=0)] | None = None
    progress_percent: Positive | None = None
    model_state: Any = None
    phases: list[Phase] = []
    sample_interval_seconds: Positive | None = None
    alerts: dict[str, dict[str, Any] | Literal["off"]] = {}
    rules: Any = ()
    notify: list[str] = []
    notify_severity: Severity = "ERROR"
    probes: Any = None
    sinks: Any = ()
    tensorboard_dir: str | None = None
    prometheus_port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 9464
    taps: bool = True
    all_ranks: bool = False
    module_norms_every: Annotated[int, msgspec.Meta(ge=1)] = 10
    peak_flops: Positive | None = None
    fsync: Literal["milestones", "interval"] = "milestones"
    handle_sigterm: bool = True
    enabled: bool = True
    strict: bool = False

    @classmethod
    def from_options(cls, **options: Any) -> Settings:
        """Returns checked settings from keyword arguments.

        Raises:
            SettingsError: An option is unknown or its value not usable; the text names it and the nearest valid one.
        """
        check_names(options, cls.__struct_fields__)
        options = as_meant(options)
        level_named(options.get("verbosity_level", "high"))
        try:
            settings = msgspec.convert(options, cls)
        except msgspec.ValidationError as error:
            raise SettingsError(explain(error, options, cls)) from None
        check_settings(settings)
        return settings

    @classmethod
    def from_mapping(cls, config: Mapping[str, Any]) -> Settings:
        """Returns checked settings from a training config, whose other keys are left alone.

        Raises:
            SettingsError: A value is not usable.

        Example:
            >>> Settings.from_mapping({"verbosity_level": "low", "learning_rate": 2e-4}).verbosity_level
            'low'
        """
        options = {ALIASES.get(name, name): value for name, value in config.items()}
        return cls.from_options(**{name: options[name] for name in cls.__struct_fields__ if name in options})

    @classmethod
    def from_yaml(cls, path: str | os.PathLike[str]) -> Settings:
        """Returns checked settings from a YAML training config.

        Raises:
            SettingsError: The file cannot be read, is no mapping, or a value is not usable.
        """
        return cls.from_mapping(read_config_file(path).values)

    def with_environment(self, environ: Mapping[str, str]) -> Settings:
        """Returns these settings with what the environment says instead.

        Args:
            environ: Read for the names that `verbose_logging.options.environment` lists.

        Raises:
            SettingsError: VERBOSE_LOGGING_LEVEL names no level, or VERBOSE_LOGGING_NOTIFY no address.
        """
        changes = options_of(environ)
        return msgspec.structs.replace(self, **changes) if changes else self

    def for_rank(self, rank: int) -> Settings:
        """Returns the settings of one rank: above 0 a log of its own, no other file, no message, a silent console.

        Example:
            >>> Settings.from_options(log_file="run.jsonl").for_rank(1).log_file
            'run.rank00001.jsonl'
        """
        if rank == 0:
            return self
        path = Path(self.log_file)
        own = str(path.with_name(f"{path.stem}.rank{rank:05d}{path.suffix}"))
        return msgspec.structs.replace(
            self, log_file=own, standard_log_file=None, save_log_to_json=False, console="off", notify=[]
        )

    def writing_to(self, output_dir: str | os.PathLike[str] | None) -> Settings:
        """Returns the settings with an output folder, where they name none themselves."""
        if self.output_dir is not None or output_dir is None:
            return self
        return msgspec.structs.replace(self, output_dir=os.fspath(output_dir))

    @property
    def level(self) -> Level:
        """What the verbosity level includes."""
        return level_named(self.verbosity_level)

    @property
    def log_path(self) -> Path:
        """Where the full log is written, absolute."""
        return Path(self.log_file).expanduser().absolute()

    @property
    def standard_log_path(self) -> Path | None:
        """Where the short log is written, absolute; `None` when switched off."""
        if self.standard_log_file is None:
            return None
        path = Path(self.standard_log_file).expanduser()
        return self.log_path.parent / path if path.parent == Path() else path.absolute()

    @property
    def output_path(self) -> Path | None:
        """The folder of the run's JSON file, absolute; `None` when that is switched off."""
        return self._output_folder if self.save_log_to_json else None

    @property
    def tensorboard_path(self) -> Path:
        """The folder of TensorBoard's files, absolute."""
        if self.tensorboard_dir is None:
            return self._output_folder / "runs"
        return Path(self.tensorboard_dir).expanduser().absolute()

    @property
    def _output_folder(self) -> Path:
        return self.log_path.parent if self.output_dir is None else Path(self.output_dir).expanduser().absolute()

    @property
    def console_forms(self) -> tuple[str, ...]:
        """What is printed, with "auto" decided by the level."""
        return self.level.console_forms if self.console == "auto" else (self.console,)

    @property
    def report_percent(self) -> float:
        """Share of the run between two progress reports, in percent."""
        return self.progress_percent or self.level.progress_percent

    def described(self) -> dict[str, Any]:
        """Returns the settings as plain values, as the log carries them."""
        parts = {"rules", "probes", "sinks", "notify", "model_state"}
        plain = {name: getattr(self, name) for name in self.__struct_fields__ if name not in parts}
        return plain | {
            "rules": [getattr(rule, "__qualname__", type(rule).__name__) for rule in self.rules],
            "probes": None if self.probes is None else [type(probe).__name__ for probe in self.probes],
            "sinks": [sink if isinstance(sink, str) else type(sink).__name__ for sink in self.sinks],
            "notify": [scheme_of(address) for address in self.notify],
            "model_state": getattr(self.model_state, "__qualname__", None),
        }
