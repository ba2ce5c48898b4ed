from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import torch
from datasets import Dataset, DatasetDict, Image, IterableDataset
from torch.utils.data import IterableDataset as TorchStream

from verbose_logging.inspection.dataset import inspect_dataset


def _rows() -> Iterator[dict[str, Any]]:
    raise AssertionError("the stream was read")
    yield {}


def test_a_dataset_gives_its_size_columns_and_lengths() -> None:
    """A `datasets.Dataset` gives everything; columns without a length are named and not measured."""
    dataset = Dataset.from_dict({"text": ["hello", "x"], "input_ids": [[1, 2, 3], [1]], "label": [0, 1]})

    assert {
        "type": "Dataset",
        "size": 2,
        "columns": ["text", "input_ids", "label"],
        "first_sample_lengths": {"text": 5, "input_ids": 3},
    } == inspect_dataset(dataset)


def test_the_first_sample_of_a_shuffled_dataset_is_its_own_first() -> None:
    """A set of selected rows is measured by its own order."""
    dataset = Dataset.from_dict({"text": ["a", "bb", "ccc"]}).select([2, 0])

    assert {"text": 3} == inspect_dataset(dataset)["first_sample_lengths"]


def test_no_content_is_kept() -> None:
    """What the first sample says appears nowhere."""
    dataset = Dataset.from_dict({"text": ["private words"]})

    assert b"private" not in msgspec.json.encode(inspect_dataset(dataset))


def test_a_transform_is_not_run() -> None:
    """A set's own transform is the training's: it is neither run nor taken off, and random state stays."""
    calls: list[Any] = []
    dataset = Dataset.from_dict({"text": ["hello"]})
    dataset.set_transform(lambda batch: calls.append(batch) or batch)
    random_states = (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist())  # noqa: NPY002 - the global one is what must stay

    info = inspect_dataset(dataset)

    assert {"text": 5} == info["first_sample_lengths"]
    assert [] == calls
    assert "custom" == dataset.format["type"]
    assert random_states == (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist())  # noqa: NPY002


def test_pictures_are_not_decoded() -> None:
    """A picture that cannot be decoded does no harm: it is never opened."""
    dataset = Dataset.from_dict({"image": [{"bytes": b"no picture", "path": None}], "text": ["abc"]})

    assert {"text": 3} == inspect_dataset(dataset.cast_column("image", Image()))["first_sample_lengths"]


def test_an_empty_dataset_has_no_first_sample() -> None:
    """A set without rows still has a size and columns."""
    dataset = Dataset.from_dict({"text": []})

    assert {"type": "Dataset", "size": 0, "columns": ["text"]} == inspect_dataset(dataset)


def test_a_stream_is_not_read() -> None:
    """A stream is named as one and keeps its first sample."""
    dataset = IterableDataset.from_generator(_rows)

    assert {"type": "IterableDataset", "streaming": True} == inspect_dataset(dataset)


def test_a_torch_stream_is_not_read() -> None:
    """An iterable set of torch's is a stream too."""

    class Stream(TorchStream[int]):
        def __iter__(self) -> Iterator[int]:
            raise AssertionError("the stream was read")

    assert {"type": "Stream", "streaming": True} == inspect_dataset(Stream())


def test_another_dataset_is_not_sampled() -> None:
    """An unknown set gives its kind and size; reading a sample could be slow or draw random numbers."""

    class Augmented:
        def __len__(self) -> int:
            return 7

        def __getitem__(self, index: int) -> Any:
            raise AssertionError("a sample was taken")

    assert {"type": "Augmented", "size": 7} == inspect_dataset(Augmented())


def test_a_list_gives_its_first_element_lengths() -> None:
    """A list of rows is looked into; tensors count by their first dimension."""
    rows = [{"input_ids": torch.zeros(4, 2), "text": "ab", "mask": np.zeros(3), "scalar": torch.tensor(1)}]

    assert {"input_ids": 4, "text": 2, "mask": 3} == inspect_dataset(rows)["first_sample_lengths"]


def test_several_evaluation_sets_keep_their_names() -> None:
    """A mapping of sets gives a mapping of what is known of each."""
    sets = DatasetDict(seen=Dataset.from_dict({"a": [1]}), unseen=Dataset.from_dict({"a": [1, 2]}))

    assert {"seen": 1, "unseen": 2} == {name: info["size"] for name, info in inspect_dataset(sets).items()}


def test_a_set_that_raises_everywhere_gives_its_kind() -> None:
    """A set whose every method raises is still named."""

    class Broken:
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError(name)

        def __len__(self) -> int:
            raise RuntimeError

    assert {"type": "Broken"} == inspect_dataset(Broken())


def test_no_dataset_gives_nothing() -> None:
    """Where there is no set nothing is said."""
    assert {} == inspect_dataset(None)
