"""Takes secrets out of plain values, texts and command lines: by the name they stand under, and by what they look like.

Redacting twice changes nothing more. What is hidden for no reason costs a reader a guess; what is shown for no reason
costs a key: in doubt, it is hidden.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from verbose_logging.inspection.secret_keys import is_secret

REDACTED = "[redacted]"
_MOST_PASSES = 8  # hiding one secret can lay open the edge of the next; two passes are the rule

_ADDRESS_END = r"[^\s\"'<>]+"
_KEY_ADDRESSES = (  # the part behind the host is the key
    rf"(?i)(hooks\.slack\.com/|discord(?:app)?\.com/api/webhooks/|webhook\.office\.com/|api\.telegram\.org/bot"
    rf"|\b(?:slack|discord|tgram|msteams|mmosts?|mailtos?|pover|gotifys?|ntfys?)://){_ADDRESS_END}"
)
_KEY_SHAPES = (
    r"(?<![A-Za-z0-9])(?:"
    r"hf_(?:[A-Za-z0-9]{16,}|(?=[a-z]{0,16}[A-Z0-9])[A-Za-z0-9]{8,})|api_org_[A-Za-z]{16,}"
    r"|sk-[\w-]{16,}|[rs]k_(?:live|test)_\w{10,}|AIza[\w-]{30,}|(?:AKIA|ASIA)[A-Z0-9]{12,}"
    r"|(?:gsk|npm|gh[opsur]|github_pat)_\w{16,}|(?:nvapi|glpat|pypi)-[\w-]{16,}|(?:xox[a-z]|xapp)-[\w-]{8,})"
)
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)"), REDACTED),
    (re.compile(r"(?<=://)[^/\s:@]*:[^/\s]*@"), f"{REDACTED}@"),  # user:password@
    (re.compile(_KEY_ADDRESSES), rf"\1{REDACTED}"),
    (
        re.compile(r"(?im)\b((?:set-)?cookie|(?:proxy-)?authorization)\b[ \t]*:[ \t]*[^\r\n\"']+"),
        rf"\1: {REDACTED}",
    ),
    (re.compile(r"(?i)\b(bearer)\s+[A-Za-z0-9._~+/=-]{6,}"), rf"\1 {REDACTED}"),
    (re.compile(r"(?<![\w-])eyJ[\w-]{6,}\.[\w-]{6,}(?:\.[\w-]*)?"), REDACTED),  # JSON web token
    (re.compile(_KEY_SHAPES), REDACTED),
)
_FLAG = re.compile(r"--?[A-Za-z][\w.-]*")
_NAME = re.compile(r"(?<![\w.-])(?P<name>[\w.-]+)\\?[\"']?[ \t]*[=:][ \t]*")
_VALUE = re.compile(
    r"(?P<quote>\\?[\"'])(?P<quoted>(?:(?!(?P=quote))[^\r\n])+)"
    r"|(?!\[(?!redacted\]))(?P<bare>[^\s\"'&,=({][^\s\"'&,]*)"
)


def redact(tree: Any) -> Any:
    """Returns the plain tree without its secrets.

    Example:
        >>> redact({"hub_token": "abc", "eos_token": "</s>", "env": ["HF=hf_abcdefgh01234567"], "api_key": None})
        {'hub_token': '[redacted]', 'eos_token': '</s>', 'env': ['HF=[redacted]'], 'api_key': None}
    """
    if isinstance(tree, str):
        return redact_text(tree)
    if isinstance(tree, dict):
        return {redact_text(key): REDACTED if is_secret(key, item) else redact(item) for key, item in tree.items()}
    if isinstance(tree, list):
        return [redact(item) for item in tree]
    return tree


def redact_text(text: str) -> str:
    """Returns a message, traceback or address without what looks like a secret or is assigned to a secret name.

    Example:
        >>> redact_text("GET https://me:pw@host/?token=abc&page=2 failed: password='a b', eos_token='</s>'")
        "GET https://[redacted]@host/?token=[redacted]&page=2 failed: password='[redacted]', eos_token='</s>'"
    """
    for _ in range(_MOST_PASSES):
        shown = _redact_once(text)
        if shown == text:
            break
        text = shown
    return text


def redact_argv(argv: Sequence[str]) -> list[str]:
    """Returns the command line without secrets, also where one stands behind its flag.

    Example:
        >>> redact_argv(["train.py", "--hub_token", "abc", "--eos_token", "</s>", "--api-key=x y"])
        ['train.py', '--hub_token', '[redacted]', '--eos_token', '</s>', '--api-key=[redacted]']
    """
    shown = []
    flag = ""
    for argument in map(redact_text, argv):
        name, equals, value = argument.partition("=")
        is_option = name.startswith("--") and _FLAG.fullmatch(name)
        if flag and not is_option and is_secret(flag, argument):
            shown.append(REDACTED)
        elif equals and is_secret(name, value):
            shown.append(f"{name}={REDACTED}")
        else:
            shown.append(argument)
        flag = argument if _FLAG.fullmatch(argument) else ""
    return shown


def _redact_once(text: str) -> str:
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return _redact_assignments(text)


def _redact_assignments(text: str) -> str:
    """Looks at every `name = value`, also at those within another one's value."""
    pieces = []
    done = 0
    for assignment in _NAME.finditer(text):
        if assignment.start() < done or not is_secret(assignment["name"], "any text"):
            continue
        value = _VALUE.match(text, assignment.end())
        if value is None:
            continue
        content = "quoted" if value["quote"] else "bare"
        if is_secret(assignment["name"], value[content]):
            pieces += [text[done : value.start(content)], REDACTED]
            done = value.end()
    return "".join([*pieces, text[done:]])
