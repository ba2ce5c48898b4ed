"""All that the console shows, without a model: a simulated training at each level, one log file per level.

Run it: python examples/test_verbose_logging.py --max_iters 100
More:   python examples/test_verbose_logging.py --max_iters 1000 --log_every 1
"""

from __future__ import annotations

import argparse
import math
import random
import time
from pathlib import Path
from typing import Any

from verbose_logging import TrainingLogger

FORMS = {"low": "milestones", "medium": "progress", "high": "steps", "ultra": "table"}
PHASES = [
    (0.0, "basic_awareness", "Learning to listen"),
    (0.4, "hypergraph_patterns", "Learning hypergraph patterns"),
    (0.8, "self_reflection", "Learning to look back"),
]
SECONDS_PER_LEVEL = 1.0
EPOCHS = 2
PEAK_LEARNING_RATE = 6e-4


def positive(text: str) -> int:
    """Returns a whole number above 0."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def parse_arguments() -> argparse.Namespace:
    """Returns the command line's options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--max_iters", type=positive, default=100, help="iterations of each simulated training")
    parser.add_argument(
        "--log_every", type=positive, help="iterations between two reports; a tenth of the run if left out"
    )
    options = parser.parse_args()
    options.log_every = options.log_every or max(1, options.max_iters // 10)
    return options


def model_state(state: Any, _model: Any) -> dict[str, Any]:
    """Returns what a curriculum training might want to see of its model."""
    share = state.global_step / state.max_steps
    return {
        "metrics": {"connection_ratio": 0.1 + 0.9 * share},
        "active_parameters": round(77_000_000 * (0.1 + 0.9 * share)),
        "total_parameters": 77_000_000,
        "persona": {"warmth": round(0.2 + 0.6 * share, 2), "curiosity": round(0.9 - 0.2 * share, 2)},
    }


def simulate(logger: TrainingLogger, iterations: int) -> None:
    """Trains nothing, but logs as a training would: a falling loss, a warmed-up rate, evaluations, a checkpoint."""
    scatter = random.Random(7)  # noqa: S311 - a simulation
    warm_up = max(1, iterations // 10)
    for step in range(1, iterations + 1):
        time.sleep(SECONDS_PER_LEVEL / iterations)
        loss = 0.4 + 3.0 * math.exp(-3 * step / iterations) + scatter.gauss(0, 0.03)
        rate = PEAK_LEARNING_RATE * min(step / warm_up, 0.5 + 0.5 * math.cos(math.pi * step / iterations))
        norm = 0.5 + loss / 3 + abs(scatter.gauss(0, 0.1))
        epoch = 1 + EPOCHS * (step - 1) / iterations
        logger.log_step(step, loss=loss, learning_rate=rate, grad_norm=norm, samples=32, tokens=8192, epoch=epoch)
        if step % max(1, iterations // 4) == 0:
            logger.log_evaluation(step, val_loss=loss + 0.1)
    checkpoint = Path("checkpoints") / "simulated.json"
    checkpoint.parent.mkdir(exist_ok=True)
    checkpoint.write_text('{"weights": []}', encoding="utf-8")
    logger.log_checkpoint(iterations, checkpoint)


def main() -> None:
    """Simulates a training at each level, then says what was written."""
    options = parse_arguments()
    logs = {level: Path(f"verbose_test_{level}.jsonl") for level in FORMS}
    for level, form in FORMS.items():
        print(f"\n### {level}: the form {form}\n", flush=True)
        with TrainingLogger(
            f"simulated-{level}",
            total_steps=options.max_iters,
            total_epochs=EPOCHS,
            config={"batch_size": 8, "gradient_accumulation_steps": 4, "logging_steps": options.log_every},
            verbosity_level=level,
            log_file=logs[level],
            standard_log_file=None,
            save_log_to_json=False,
            console=form,
            progress_percent=100 * options.log_every / options.max_iters,
            model_state=model_state,
            phases=PHASES,
        ) as logger:
            simulate(logger, options.max_iters)
    print("\n### One log per level\n")
    for level, log in logs.items():
        lines = log.read_text(encoding="utf-8").count("\n")
        print(f"{level:<8}{lines:>6} lines  {log.stat().st_size / 1000:>8.1f} kB  verbose-logging show {log}")


if __name__ == "__main__":
    main()
