from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from verbose_logging.cli import main


def test_the_schema_is_printed_and_holds_for_a_log(log_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What `schema` prints validates every line of a log."""
    assert 0 == main(["schema"])

    schema = json.loads(capsys.readouterr().out)
    for line in log_file.read_text(encoding="utf-8").splitlines():
        jsonschema.validate(json.loads(line), schema, cls=jsonschema.Draft202012Validator)

    assert "https://json-schema.org/draft/2020-12/schema" == schema["$schema"]
