"""A config as a file says it: YAML or JSON, with the line of every key.

Numbers are read as people write them: `2e-4` is one, although YAML 1.1 takes it for a text. A key that is given twice
is refused, because one of the two would be lost without a word.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

import yaml

from verbose_logging.errors import SettingsError, hint_at_neighbours
from verbose_logging.options.value_checks import shown

_ON_THE_COMMAND_LINE = 0


class GivenConfig(NamedTuple):
    """A config as it was given, in code or in a file.

    Args:
        values: Its keys and their values.
        path: The file; `None` for a config given in code.
        lines: The line of every key in the file, from 1; 0 for one that was given on the command line.
    """

    values: dict[str, Any]
    path: Path | None = None
    lines: Mapping[str, int] = MappingProxyType({})

    def place(self, key: str) -> str:
        """Returns what a message about a key begins with: `FILE:LINE: `, or as much of it as there is.

        Example:
            >>> GivenConfig({"lora_r": 8}, Path("run.yaml"), {"lora_r": 3}).place("lora_r")
            'run.yaml:3: '
            >>> GivenConfig({"lora_r": 8}).place("lora_r")
            ''
        """
        line = self.lines.get(key)
        if line == _ON_THE_COMMAND_LINE:
            return "--set "
        if self.path is None:
            return ""
        return f"{self.path}:{line}: " if line else f"{self.path}: "

    def with_values(self, **values: Any) -> GivenConfig:
        """Returns the config with these values in place of its own, those that are `None` left out."""
        changes = {key: value for key, value in values.items() if value is not None}
        lines = {key: line for key, line in self.lines.items() if key not in changes}
        return GivenConfig({**self.values, **changes}, self.path, lines)

    def without(self, *keys: str) -> GivenConfig:
        """Returns the config without these keys."""
        return self._replace(values={key: value for key, value in self.values.items() if key not in keys})

    def with_assignments(self, assignments: Sequence[str]) -> GivenConfig:
        """Returns the config with `key=value` texts from a command line in place of its own values.

        A value is read as YAML; a point in the key reaches into a mapping.

        Raises:
            SettingsError: A text is no assignment, or its value no YAML.

        Example:
            >>> given = GivenConfig({"model_name": {"hidden_size": 64}})
            >>> given.with_assignments(["model_name.hidden_size=128", "learning_rate=2e-4"]).values
            {'model_name': {'hidden_size': 128}, 'learning_rate': 0.0002}
        """
        values, lines = self.values, dict(self.lines)
        for assignment in assignments:
            key, separator, text = assignment.partition("=")
            key = key.strip()
            if not (key and separator):
                raise SettingsError(f"--set {assignment}: expected key=value")
            path = key.split(".")
            values = _assigned(values, path, _value(assignment, text))
            lines[path[0]] = _ON_THE_COMMAND_LINE
        return GivenConfig(values, self.path, lines)


Config: TypeAlias = Mapping[str, Any] | str | os.PathLike[str] | GivenConfig


class _Loader(yaml.SafeLoader):
    """YAML's safe loader that knows a number without a point."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
)


def given_config(config: Config) -> GivenConfig:
    """Returns a config that was given as a mapping or as the file that holds it.

    Raises:
        SettingsError: It is neither, or the file cannot be read.

    Example:
        >>> given_config({"lora_r": 8}).values
        {'lora_r': 8}
    """
    if isinstance(config, GivenConfig):
        return config
    if not isinstance(config, Mapping | str | os.PathLike):
        raise SettingsError(f"config: got {shown(config)}, expected a mapping or the file that holds it")
    return GivenConfig(dict(config)) if isinstance(config, Mapping) else read_config_file(config)


def read_config_file(path: str | os.PathLike[str]) -> GivenConfig:
    """Returns what a YAML or JSON file says.

    Raises:
        SettingsError: It cannot be read, is empty, is no YAML, is no mapping, or gives a key twice; the text begins
            with `FILE:LINE:COL` where the place is known.
    """
    text = _text(path)
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        values = None if node is None else loader.construct_document(node)
    except (yaml.YAMLError, ValueError) as error:
        raise SettingsError(f"{path}{_place(error, text)}: {_what(error)}") from error
    if values is None:
        raise SettingsError(f"{path}: the file is empty; expected keys with values, such as 'max_steps: 100'")
    kind = "a list" if isinstance(values, list) else shown(values)
    if not isinstance(node, yaml.MappingNode) or not isinstance(values, dict):
        raise SettingsError(f"{path}: expected a mapping of options, got {kind}")
    return GivenConfig({str(key): value for key, value in values.items()}, Path(path), _lines(path, node))


def _lines(path: str | os.PathLike[str], node: yaml.MappingNode) -> dict[str, int]:
    lines: dict[str, int] = {}
    for key_node, _ in node.value:
        key, line = str(key_node.value), key_node.start_mark.line + 1
        if key in lines:
            raise SettingsError(f"{path}:{line}: {key}: given twice, first in line {lines[key]}")
        lines[key] = line
    return lines


def _value(assignment: str, text: str) -> Any:
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - a safe loader with one more form of number
    except (yaml.YAMLError, ValueError) as error:
        raise SettingsError(f"--set {assignment}: {_what(error)}") from error


def _assigned(config: Mapping[str, Any], path: Sequence[str], value: Any) -> dict[str, Any]:
    name, *rest = path
    inner = config.get(name)
    return {**config, name: _assigned(inner if isinstance(inner, Mapping) else {}, rest, value) if rest else value}


def _text(path: str | os.PathLike[str]) -> str:
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        near = hint_at_neighbours(Path(path)) if isinstance(error, FileNotFoundError) else ""
        raise SettingsError(f"{path}: {error.strerror}{near}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: no text in UTF-8 (byte {error.start})") from error


def _place(error: Exception, text: str) -> str:
    mark = getattr(error, "problem_mark", None)
    position = getattr(error, "position", None)  # of a character that YAML does not allow
    if mark is not None:
        return f":{mark.line + 1}:{mark.column + 1}"
    if isinstance(position, int):
        before = text[:position]
        return f":{before.count(chr(10)) + 1}:{position - before.rfind(chr(10))}"
    return ""


def _what(error: Exception) -> str:
    """Returns what is wrong, in one line."""
    return " ".join(str(getattr(error, "problem", None) or getattr(error, "reason", None) or error).split())
