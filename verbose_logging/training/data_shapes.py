"""The shapes of training rows: which columns a data set has, and what of them is trained on.

| shape | columns |
|---|---|
| messages | `messages`, and `tools` where there are any |
| prompt and completion | `prompt`, `completion` |
| instruction | `instruction`, `output`, and `input` where there is one; becomes prompt and completion |
| text | `text` |
| tokens | `input_ids`, and `labels` where there are any |
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from verbose_logging.errors import SettingsError, hint

Row: TypeAlias = Mapping[str, Any]
WriteInstruction: TypeAlias = Callable[[Row], dict[str, Any]]


_TEXT_OR_CHAT = ((str, list), "text or a list of messages")
_KINDS: dict[str, tuple[type | tuple[type, ...], str]] = {
    "messages": (list, "a list of messages"),
    "prompt": _TEXT_OR_CHAT,
    "completion": _TEXT_OR_CHAT,
    "input_ids": (list, "a list of token ids"),
}


class Shape(NamedTuple):
    """A form that training rows can have.

    Args:
        name: What it is called.
        needed: The columns that it is known by.
        optional: Further columns that it uses.
    """

    name: str
    needed: tuple[str, ...]
    optional: tuple[str, ...] = ()

    def check(self, row: Row) -> None:
        """Checks that a row's values are of the kinds that this shape needs.

        Raises:
            SettingsError: One is not.

        Example:
            >>> Shape("text", ("text",)).check({"text": 5})
            Traceback (most recent call last):
                ...
            verbose_logging.errors.SettingsError: column 'text' holds int, expected text
        """
        for column in self.needed:
            kinds, words = _KINDS.get(column, (str, "text"))
            if column in row and not isinstance(row[column], kinds):
                raise SettingsError(f"column '{column}' holds {type(row[column]).__name__}, expected {words}")

    def columns(self, there: Collection[str]) -> list[str]:
        """Returns the columns that are used, of those that are there."""
        return [*self.needed, *(column for column in self.optional if column in there)]


INSTRUCTION = Shape("instruction", ("instruction", "output"), ("input",))
MESSAGES = Shape("messages", ("messages",), ("tools",))
SHAPES = (
    MESSAGES,
    Shape("prompt and completion", ("prompt", "completion"), ("tools",)),
    INSTRUCTION,
    Shape("text", ("text",)),
    Shape("tokens", ("input_ids",), ("labels", "attention_mask", "completion_mask")),
)
_ROLES = sorted({column for shape in SHAPES for column in shape.columns(shape.optional)})


def renaming(columns: Collection[str], named: Mapping[str, str]) -> dict[str, str]:
    """Returns our name for each of the data's columns that was named.

    Args:
        columns: The columns that the data has.
        named: The data's own column by ours.

    Raises:
        SettingsError: A name is none of ours, or no column of the data.

    Example:
        >>> renaming(["question", "answer"], {"prompt": "question", "completion": "answer"})
        {'question': 'prompt', 'answer': 'completion'}
    """
    for ours, theirs in named.items():
        if ours not in _ROLES:
            raise SettingsError(f"columns.{ours}: unknown, expected {', '.join(_ROLES)}{hint(ours, _ROLES)}")
        if theirs not in columns:
            raise SettingsError(
                f"columns.{ours}: the data has no column '{theirs}', only {_listed(columns)}{hint(theirs, columns)}"
            )
    return {theirs: ours for ours, theirs in named.items()}


def shape_of(columns: Collection[str]) -> Shape:
    """Returns the first shape whose columns are all there.

    Raises:
        SettingsError: There is none.

    Example:
        >>> shape_of(["id", "prompt", "completion"]).name
        'prompt and completion'
    """
    shape = next((shape for shape in SHAPES if set(shape.needed) <= set(columns)), None)
    if shape is None:
        expected = "; or ".join(" and ".join(shape.needed) for shape in SHAPES)
        raise SettingsError(
            f"the data has columns {_listed(columns)}, expected {expected}; "
            "'columns' says which is which, as in {prompt: question, completion: answer}"
        )
    return shape


def plain_instruction(row: Row) -> dict[str, Any]:
    r"""Returns an instruction and its answer as prompt and completion, in headed paragraphs.

    Example:
        >>> plain_instruction({"instruction": "Add.", "input": "1 2", "output": "3"})
        {'prompt': '### Instruction\nAdd.\n\n### Input\n1 2\n\n### Response\n', 'completion': '3'}
    """
    parts = [("Instruction", row["instruction"]), ("Input", row.get("input"))]
    prompt = "".join(f"### {head}\n{text}\n\n" for head, text in parts if text)
    return {"prompt": f"{prompt}### Response\n", "completion": row["output"]}


def chat_instruction(row: Row) -> dict[str, Any]:
    r"""Returns an instruction and its answer as two turns of a chat, for a tokenizer that has a template for them.

    Example:
        >>> chat_instruction({"instruction": "Add.", "input": "1 2", "output": "3"})["prompt"]
        [{'role': 'user', 'content': 'Add.\n\n1 2'}]
    """
    question = "\n\n".join(text for text in (row["instruction"], row.get("input")) if text)
    return {
        "prompt": [{"role": "user", "content": question}],
        "completion": [{"role": "assistant", "content": row["output"]}],
    }


def texts_of(row: Row) -> Iterator[str]:
    """Yields every text of a row that is trained on.

    Example:
        >>> list(texts_of({"messages": [{"role": "user", "content": "Hello"}], "tools": None}))
        ['Hello']
    """
    for name in ("text", "prompt", "completion", "messages"):
        value = row.get(name)
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from (turn["content"] for turn in value if isinstance(turn.get("content"), str))


def _listed(columns: Collection[str]) -> str:
    return ", ".join(f"'{column}'" for column in columns) or "none"
