"""Writes the reference parts of every page: `python -m tools.reference`."""

from __future__ import annotations

from tools.reference import pages, read, refreshed

if __name__ == "__main__":
    for page in pages():
        before = read(page)
        after = refreshed(before)
        if after != before:
            page.write_text(after, encoding="utf-8")
            print(f"wrote {page}")
