"""Secrets planted everywhere: none of them stands in anything that a run leaves behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.trainer

SECRETS = {
    "HUB": "hf_PlantedHubTokenAAAAAAAAAAAAAAAAAA",
    "INIT": "hf_PlantedInitTokenBBBBBBBBBBBBBBBBB",
    "ARGV": "plantedargvvalue1234",
    "ARGV2": "plantedargvvalue5678",
    "ENVIRONMENT": "plantedenvironmentvalue",
    "MESSAGE": "sk-PlantedMessageCCCCCCCCCCCCCCCCCCCC",
    "SINK": "ghp_PlantedSinkDDDDDDDDDDDDDDDDDDDDDDDD",
    "PROBE": "AKIAPLANTEDPROBE1234",
    "NOTE": "xoxb-123456789012-plantednoteEEEEEEEE",
    "URL": "plantedurlpassword",
    "WEBHOOK": "PlantedWebhookFFFFFFFFFFFF",
    "LOGGED": "plantedloggedvalue",
}

SCRIPT = """
import logging, sys
sys.argv = ["train.py", "--api-key", "{ARGV}", "--password={ARGV2}"]
os.environ["MY_SECRET_TOKEN"] = "{ENVIRONMENT}"
os.environ["WANDB_API_KEY"] = "{ENVIRONMENT}"
class BadSink:
    def write(self, entries):
        raise OSError("refused: token={SINK}")
    flush = close = lambda self: None
class BadProbe:
    name, interval_seconds = "bad", 0.01
    def read(self):
        raise OSError("https://me:{URL}@host refused AWS key {PROBE}")
def fail(state, model):
    raise ValueError("Authorization: Bearer {MESSAGE}")
callback = ours(sinks=[BadSink()], probes=[BadProbe()], model_state=fail, console="steps",
                notify={NOTIFY})
def write():
    entry = {{"type": "note", "message": "{NOTE}", "slack_webhook": "x{WEBHOOK}", "deep": [{{"password": "{LOGGED}"}}]}}
    callback._write_log(entry)
def end():
    callback.flush()
    raise RuntimeError("cannot push with {MESSAGE}")
args = dict(hub_token="{HUB}")
trainer = make_trainer(callback, AtStep(2, write), AtStep(4, end), steps=6, output_dir="out", **args)
trainer.args.model_init_kwargs = {{"token": "{INIT}", "headers": {{"Authorization": "Bearer {INIT}"}}}}
trainer.train()
"""
URLS = ["json://user:{URL}@127.0.0.1:9/hook?token={WEBHOOK}"]  # nobody answers there


def everything_written(folder: Path) -> dict[str, str]:
    """Returns all that a run leaves behind, by file; what Python itself prints of an uncaught exception is not ours."""
    texts = {
        str(path): path.read_text(encoding="utf-8", errors="replace") for path in folder.rglob("*") if path.is_file()
    }
    stderr = str(folder / "stderr")
    return texts | {stderr: texts[stderr].split("Traceback (most recent call last)")[0]}


def test_no_secret_is_written(nursery: Any, tmp_path: Path) -> None:
    """Hub tokens, argv, environment, exceptions of the training and of our parts, users' notes, notification URLs."""
    addresses = [url.format(**SECRETS) for url in URLS]
    status, child = nursery.run(tmp_path, SCRIPT.format(NOTIFY=addresses, **SECRETS))
    texts = everything_written(tmp_path)
    found = {(name, path) for path, text in texts.items() for name, secret in SECRETS.items() if secret in text}

    assert 1 == status
    assert "training_failed" == child.lines()[-1]["type"]
    assert {"bad", "note"} <= set(texts[str(tmp_path / "logs" / "log.jsonl")].replace('"', " ").split())
    assert (tmp_path / "logs" / "verbose_logging_errors.log").exists()
    assert set() == found
