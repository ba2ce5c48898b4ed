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

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)", REDACTED),
        (r"(?<=://)[^/\s:@]*:[^/\s]*@", f"{REDACTED}@"),  # user:password@
        (
            r"(?i)(hooks\.slack\.com/|discord(?:app)?\.com/api/webhooks/|webhook\.office\.com/|api\.telegram\.org/bot)"
            r"[^\s\"'<>]+",
            rf"\1{REDACTED}",
        ),
        (  # addresses of notification services, where the whole address is the key
            r"(?i)\b(slack|discord|tgram|msteams|mmosts?|mailtos?|pover|gotifys?|ntfys?)://[^\s\"'<>]+",
            rf"\1://{REDACTED}",
        ),
        (r"(?im)\b((?:set-)?cookie|(?:proxy-)?authorization)\b[ \t]*:[ \t]*[^\r\n\"']+", rf"\1: {REDACTED}"),
        (r"(?i)\b(bearer)\s+[A-Za-z0-9._~+/=-]{6,}", rf"\1 {REDACTED}"),
        (r"(?<![\w-])eyJ[\w-]{6,}\.[\w-]{6,}(?:\.[\w-]*)?", REDACTED),  # JSON web token
        (
            r"(?<![A-Za-z0-9])(?:"
            r"hf_(?:[A-Za-z0-9]{16,}|(?=[a-z]{0,16}[A-Z0-9])[A-Za-z0-9]{8,})|api_org_[A-Za-z]{16,}"  # Hugging Face
            r"|sk-[\w-]{16,}|[rs]k_(?:live|test)_\w{10,}|gsk_\w{16,}|nvapi-[\w-]{16,}|AIza[\w-]{30,}"
            r"|gh[opsur]_\w{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|npm_\w{16,}|pypi-[\w-]{16,}"
            r"|(?:AKIA|ASIA)[A-Z0-9]{12,}|xox[a-z]-[\w-]{8,}|xapp-[\w-]{8,})",
            REDACTED,
        ),
    )
)
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
    for argument in argv:
        name, equals, value = argument.partition("=")
        if flag and not argument.startswith("--") and is_secret(flag, argument):
            shown.append(REDACTED)
        elif equals and is_secret(name, value):
            shown.append(f"{redact_text(name)}={REDACTED}")
        else:
            shown.append(redact_text(argument))
        flag = argument if argument.startswith("-") and not equals else ""
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
