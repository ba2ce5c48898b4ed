"""Fine-tuning from a config file, `config.yaml` beside this script.

Run it: python examples/config_file.py
Then look: verbose-logging show
The same from the shell: verbose-logging train examples/config.yaml
"""

from __future__ import annotations

from pathlib import Path

from verbose_logging import train_with_config

result = train_with_config(Path(__file__).with_name("config.yaml"))
print(f"loss {result.metrics['train_loss']:.3f} after {result.steps} steps; {result.model_path}, {result.run_file}")
