"""One step from any Python value towards JSON: `plain` takes as many of these steps as a value needs.

Arrays and tensors of any library are recognised by `shape` and `dtype`, so none is imported. Third parties teach it
their own types with `simplify.register`.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from collections import deque
from collections.abc import Mapping, ValuesView
from collections.abc import Set as AbstractSet
from enum import Enum
from functools import singledispatch
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

import msgspec

_SHORT_BYTES = 256
_DECIMAL_BITS = 2_048  # below 640 digits, the least that an interpreter can be told to refuse


@singledispatch
def simplify(value: Any) -> Any:
    """Returns the value as `None`, bool, int of 64 bits, float or str, or as a mapping or collection of any values.

    Raises:
        Exception: Whatever the value's own methods raise.

    Example:
        >>> simplify(2**64), simplify(b"abc"), simplify(dt.date(2026, 1, 31))
        ('18446744073709551616', 'abc', '2026-01-31')
    """
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
        return {name: getattr(value, name) for name in names if hasattr(value, name)}
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return _array(value)
    return str(value)


def _array(array: Any) -> Any:
    """Returns a single element as a number, anything longer as shape and type: reading it could wait for a device."""
    shape = [int(length) for length in array.shape]
    # A distributed tensor's item() is a collective: it would hang where one rank alone calls it.
    if math.prod(shape) != 1 or hasattr(array, "placements") or str(getattr(array, "device", "")) == "meta":
        return {"shape": shape, "dtype": str(array.dtype)}
    element = array.item()
    return float(element) if type(element) is type(array) else simplify(element)


@simplify.register(type(None))
@simplify.register(bool)
@simplify.register(Mapping)
@simplify.register(ValuesView)
@simplify.register(list)
@simplify.register(tuple)
@simplify.register(deque)
@simplify.register(range)
def _as_it_is(value: Any) -> Any:
    return value


@simplify.register(str)
def _text(value: str) -> str:
    return str.__str__(value)


@simplify.register(float)
def _float(value: float) -> float:
    return float.__float__(value)


@simplify.register(int)
def _integer(value: int) -> int | str:
    number = int.__int__(value)
    if -(2**63) <= number < 2**64:
        return number
    return str(number) if number.bit_length() <= _DECIMAL_BITS else hex(number)


@simplify.register(bytes)
@simplify.register(bytearray)
@simplify.register(memoryview)
def _binary(value: bytes | bytearray | memoryview) -> str:
    size = memoryview(value).nbytes
    if size <= _SHORT_BYTES:
        text = bytes(value).decode("utf-8", "replace")
        if text.isprintable() and "\ufffd" not in text:
            return text
    return f"<{size:,} bytes>"


@simplify.register(AbstractSet)
def _ordered(value: AbstractSet[Any]) -> list[Any]:
    """Returns the members in an order that the process's hash seed does not decide, where they have one."""
    try:
        return sorted(value)
    except TypeError:
        return sorted(value, key=str)


@simplify.register(Enum)
def _enum(value: Enum) -> Any:
    return simplify(value.value)


@simplify.register(msgspec.Struct)
def _struct(value: msgspec.Struct) -> dict[str, Any]:
    return msgspec.structs.asdict(value)


@simplify.register(dt.date)
@simplify.register(dt.time)
def _date(value: dt.date | dt.time) -> str:
    return value.isoformat()


@simplify.register(type)
@simplify.register(FunctionType)
@simplify.register(BuiltinFunctionType)
@simplify.register(MethodType)
def _definition(value: Any) -> str:
    """Returns where it is defined: its own text would hold an address that differs from run to run."""
    return f"{value.__module__}.{value.__qualname__}"
