from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from verbose_logging.inspection.redaction import REDACTED, redact, redact_argv, redact_text
from verbose_logging.inspection.secret_keys import is_secret

JSON_WEB_TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"  # noqa: S105 - a sample
PRIVATE_KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA7\n-----END RSA PRIVATE KEY-----"
SECRET_SHAPES = [
    "hf_abcdefghijklmnopqrstuvwxyzABCDEFGH",
    "hf_Ab1dEf2h",
    "sk-proj-abcdefghijklmnop_1234",
    "sk-ant-api03-abcdefghijklmnop",
    "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "github_pat_11ABCDEFG0abcdefghijkl_mnopqrstuvwxyz",
    "glpat-abcdefghij0123456789",
    "AKIAIOSFODNN7EXAMPLE",
    "xoxb-123456789012-abcdefABCDEF",
    "AIzaSyA-abcdefghijklmnopqrstuvwxyz01234",
    JSON_WEB_TOKEN,
    PRIVATE_KEY,
]


@pytest.mark.parametrize(
    "name",
    [
        "token", "hub_token", "push_to_hub_token", "hf_token", "HF_TOKEN", "hubToken", "use_auth_token", "authtoken",
        "secret", "client_secret", "password", "smtp_password", "passwd", "api_key", "apikey", "apiKey", "API-KEY",
        "wandb_api_key", "authorization", "Authorization", "credentials", "private_key", "access_key",
        "AWS_SECRET_ACCESS_KEY", "aws_access_key_id", "webhook", "slack_webhook_url", "dsn", "sentry_dsn", "cookie",
        "Set-Cookie", "X-Api-Key", "basic_auth", "db_pwd", "access_tokens", "--hub-token", "kwargs.token",
    ],
)  # fmt: skip
def test_what_stands_under_a_secret_name_is_hidden(name: str) -> None:
    """The value of a name that says secret is hidden, whatever it looks like."""
    assert {name: REDACTED} == redact({name: "swordfish"})


@pytest.mark.parametrize(
    "name",
    [
        "pad_token", "eos_token", "bos_token", "unk_token", "mask_token", "padToken", "pad_token_id", "token_id",
        "max_tokens", "num_tokens", "num_input_tokens_seen", "include_num_input_tokens_seen", "tokenizer",
        "tokenizer_name", "token_type_ids", "mean_token_accuracy", "max_new_tokens", "tokens_per_second", "author",
        "keyboard", "key", "monkey", "dataset", "learning_rate",
    ],
)  # fmt: skip
def test_what_stands_under_an_ordinary_name_stays(name: str) -> None:
    """Names of vocabulary entries, of counts and of tokenizers hide nothing."""
    assert {name: "ordinary"} == redact({name: "ordinary"})


@pytest.mark.parametrize("value", [None, True, False, ""])
def test_what_gives_nothing_away_stays(value: Any) -> None:
    """An option that is not set reads as not set."""
    assert {"hub_token": value, "password": value} == redact({"hub_token": value, "password": value})


def test_special_tokens_and_counts_stay_under_any_token_name() -> None:
    """A vocabulary's own marks and numbers per token are no credentials."""
    tree = {"boi_token": "<start_of_image>", "tool_token": "[TOOL]", "joules_per_token": 0.5, "last_token": 17}

    assert tree == redact(tree)


def test_a_number_under_a_password_is_hidden() -> None:
    """A password may be a number."""
    assert {"password": REDACTED} == redact({"password": 1234})


def test_a_container_under_a_secret_name_is_hidden_whole() -> None:
    """What lies inside a secret is part of it."""
    assert {"credentials": REDACTED} == redact({"credentials": {"user": "ann", "code": ["x"]}})


def test_secrets_are_found_at_any_depth() -> None:
    """Nested options are searched too, in dictionaries and in lists."""
    tree = {"model_init_kwargs": {"token": "abc", "headers": [{"Cookie": "id=1"}, "hf_abcdefghijklmnopqr"]}}

    assert {"model_init_kwargs": {"token": REDACTED, "headers": [{"Cookie": REDACTED}, REDACTED]}} == redact(tree)


@pytest.mark.parametrize("secret", SECRET_SHAPES, ids=lambda secret: secret[:12])
@pytest.mark.parametrize(
    "around", ["{}", "before {} after", "x={};y", "'{}'", "https://host/{}?page=2", "a_{}", "({})"]
)
def test_what_looks_like_a_secret_is_hidden(secret: str, around: str) -> None:
    """A key of a known shape is hidden wherever it stands in a text."""
    text = redact_text(around.format(secret))

    assert secret not in text
    assert secret[-8:] not in text
    assert REDACTED in text


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("Bearer [redacted]", "Bearer abc.def-123"),
        ("https://[redacted]@host:80/path", "https://ann:s3cr@et@host:80/path"),
        ("redis://[redacted]@cache", "redis://:pw@cache"),
        ("https://hooks.slack.com/[redacted] failed", "https://hooks.slack.com/services/T0/B0/xyz failed"),
        ("https://discord.com/api/webhooks/[redacted]", "https://discord.com/api/webhooks/1/abc"),
        ("https://api.telegram.org/bot[redacted]", "https://api.telegram.org/bot12:AB/sendMessage"),
        ("slack://[redacted]", "slack://TokenA/TokenB/TokenC"),
        ("curl -H 'Authorization: [redacted]'", "curl -H 'Authorization: Basic dXNlcjpwYXNz'"),
        ("Cookie: [redacted]\nHost: x", "Cookie: a=b; c=d\nHost: x"),
        ("{'Authorization': '[redacted]'}", "{'Authorization': 'Basic dXNlcjpwYXNz'}"),
        ('{\\"token\\": \\"[redacted]\\"}', '{\\"token\\": \\"two words\\"}'),
        ("login(token='[redacted]', retries=3)", "login(token='it is secret', retries=3)"),
        ("args: token=[redacted]", "args: token=abc"),
        ('password: "[redacted]"', 'password: "it\'s"'),
        ("?token=[redacted]&page=2", "?token=abc&page=2"),
        ("key=[redacted]", "key=hf_abcdefghijklmnopqr"),
    ],
)
def test_a_text_keeps_everything_but_the_secret(expected: str, text: str) -> None:
    """What stands around a secret in a message stays readable."""
    assert expected == redact_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "loss=0.5 num_tokens=1536 eos_token='</s>' pad_token=<pad>",
        "if token == other_token:",
        "KeyError: 'token'",
        "CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 24.00 GiB total capacity)",
        "https://huggingface.co/org/model?revision=main",
        "ssh://git@github.com/org/repo",
        "task-specific-fine-tuning-of-a-model",
        "hf_hub hf_dataset risk-aversion-benchmark-suite",
        "password=",
        'api_key=""',
        "The bearer of this",
        "d41d8cd98f00b204e9800998ecf8427e",
    ],
)
def test_an_ordinary_text_stays(text: str) -> None:
    """A text without a secret is not changed."""
    assert text == redact_text(text)


@pytest.mark.parametrize(
    ("expected", "argv"),
    [
        (["--hub_token", REDACTED], ["--hub_token", "abc"]),
        (["--hub-token=[redacted]"], ["--hub-token=abc def"]),
        (["hub_token=[redacted]"], ["hub_token=abc"]),
        (["--use_auth_token", "--bf16"], ["--use_auth_token", "--bf16"]),
        (["--eos_token", "</s>", "--max_tokens", "5"], ["--eos_token", "</s>", "--max_tokens", "5"]),
        (["--model", "org/model", REDACTED], ["--model", "org/model", "hf_abcdefghijklmnopqr"]),
        (["--token", REDACTED, "config.yaml"], ["--token", "-abc", "config.yaml"]),
        (["-H", "Authorization: [redacted]"], ["-H", "Authorization: Bearer abc"]),
        ([], []),
    ],
)
def test_a_command_line_keeps_everything_but_the_secret(expected: list[str], argv: list[str]) -> None:
    """A secret behind its flag, after an equals sign or by its looks is hidden; the rest stays."""
    assert expected == redact_argv(argv)


_fragments = st.sampled_from(
    [
        *("token", "hub_token", "eos_token", "password", "Cookie:", "Authorization: ", "Bearer ", "basic "),
        *("=", ":", " ", "'", '"', "\\", "[", "]", "{", "(", ",", "&", "\n", "/", "@", "-", "_", "<s>", REDACTED),
        *("://", "hooks.slack.com/", "slack", "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----"),
        *SECRET_SHAPES,
    ]
)
_texts = st.lists(_fragments | st.text(max_size=4), max_size=12).map("".join)
_trees = st.recursive(
    st.none() | st.booleans() | st.integers() | _texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_texts, inner, max_size=4),
    max_leaves=10,
)


@given(_trees)
def test_redacting_twice_changes_nothing_more(tree: Any) -> None:
    """A redacted tree is its own redacted form."""
    once = redact(tree)

    assert once == redact(once)


@given(_texts)
def test_redacting_a_command_line_twice_changes_nothing_more(text: str) -> None:
    """A redacted command line is its own redacted form."""
    once = redact_argv(["--hub_token", text, text])

    assert once == redact_argv(once)


@given(st.recursive(st.none() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_numbers_stay_where_no_name_says_secret(tree: Any) -> None:
    """A tree of numbers under ordinary names keeps its form and its values."""
    if _has_secret_name(tree):
        return

    assert tree == redact(tree)


def _has_secret_name(tree: Any) -> bool:
    if isinstance(tree, dict):
        return any(is_secret(key, 1) or key != redact_text(key) or _has_secret_name(tree[key]) for key in tree)
    return isinstance(tree, list) and any(map(_has_secret_name, tree))


@pytest.mark.parametrize(
    "piece", ["a", "a=", "token=", "token: ", 'a:"', "://a:", "-eyJ", "sk-", "-----BEGIN PRIVATE KEY", "bearer ", "\\'"]
)
def test_a_hostile_text_costs_no_square(piece: str) -> None:
    """The longest string that is kept is searched in well under a second, whatever is in it."""
    text = (piece * 65_536)[:65_536]

    started = time.process_time()
    redact_text(text)

    assert 1.0 > time.process_time() - started


def test_redacted_values_are_plain() -> None:
    """A redacted tree can be written like any plain one."""
    tree = redact({"a": [1, 2.5, None, True], "token": "x"})

    assert b'{"a":[1,2.5,null,true],"token":"[redacted]"}' == msgspec.json.encode(tree)
