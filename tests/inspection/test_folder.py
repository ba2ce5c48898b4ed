from __future__ import annotations

from pathlib import Path

from verbose_logging.inspection.folder import folder_size_bytes


def test_all_files_below_a_folder_count(tmp_path: Path) -> None:
    """Files at every depth are summed to the byte."""
    (tmp_path / "model.bin").write_bytes(b"x" * 1000)
    (tmp_path / "nested" / "deep").mkdir(parents=True)
    (tmp_path / "nested" / "deep" / "state.bin").write_bytes(b"x" * 234)

    assert 1234 == folder_size_bytes(tmp_path)


def test_links_are_neither_followed_nor_counted(tmp_path: Path) -> None:
    """What lies elsewhere is no part of the folder, and a loop ends."""
    folder = tmp_path / "checkpoint"
    folder.mkdir()
    (folder / "own.bin").write_bytes(b"x" * 10)
    (tmp_path / "elsewhere.bin").write_bytes(b"x" * 1000)
    (folder / "file_link").symlink_to(tmp_path / "elsewhere.bin")
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "dangling").symlink_to(tmp_path / "nowhere")

    assert 10 == folder_size_bytes(str(folder))


def test_a_file_gives_its_own_size(tmp_path: Path) -> None:
    """A checkpoint may be a single file."""
    (tmp_path / "model.pt").write_bytes(b"x" * 7)

    assert 7 == folder_size_bytes(tmp_path / "model.pt")


def test_an_empty_folder_holds_nothing(tmp_path: Path) -> None:
    """A folder without files has the known size of 0."""
    assert 0 == folder_size_bytes(tmp_path)


def test_a_missing_path_has_no_size(tmp_path: Path) -> None:
    """What is not there has no size, rather than the size 0."""
    assert folder_size_bytes(tmp_path / "missing") is None
