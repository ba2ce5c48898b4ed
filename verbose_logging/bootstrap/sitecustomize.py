"""Adds the recorder to every Trainer of a Python process that `verbose-logging run` has started, or one below it.

Python imports the first `sitecustomize` on its path when it starts. This one waits until the process imports
`transformers.trainer`, and then adds the recorder to the callbacks that every Trainer has: the script stays as it is,
and a process that trains nothing pays nothing. A `sitecustomize` that stands further down the path still has its turn.
"""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from types import ModuleType

_TRAINER = "transformers.trainer"


class AfterImport(MetaPathFinder):
    """Finds the Trainer's module as everybody does, once, and adds the recorder when it has been loaded."""

    def find_spec(self, fullname: str, *_: object) -> ModuleSpec | None:
        """Returns the module's own spec, its loader followed by `add_recorder`."""
        if fullname != _TRAINER:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(fullname)
        if spec is None or spec.loader is None:
            return spec
        load = spec.loader.exec_module

        def load_and_add(module: ModuleType) -> None:
            load(module)
            add_recorder(module)

        spec.loader.exec_module = load_and_add  # type: ignore[method-assign]
        return spec


def add_recorder(trainer_module: ModuleType) -> None:
    """Adds the recorder to the callbacks of every Trainer; where that fails the script runs without."""
    try:
        from verbose_logging.automatic import AutomaticCallback  # noqa: PLC0415 - loads transformers

        trainer_module.DEFAULT_CALLBACKS.append(AutomaticCallback)
    except Exception as error:  # noqa: BLE001 - an observer never stops the observed
        sys.stderr.write(f"verbose-logging: not recorded: {type(error).__name__}: {error}\n")


def run_next_sitecustomize(here: str) -> None:
    """Runs the `sitecustomize` that this one stands before, if there is one."""
    sys.path[:] = [folder for folder in sys.path if folder != here]
    spec = PathFinder.find_spec("sitecustomize")
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(module_from_spec(spec))


if __name__ == "sitecustomize":  # not where it is imported to be looked at
    sys.meta_path.insert(0, AfterImport())
    run_next_sitecustomize(str(Path(__file__).parent))
