"""A workbook, written by a process of its own: `python -m services.audit.papers.workbook FOLDER`.

On standard input come JSON Lines: first the heads, then lists of rows, then `null`. Nothing is kept in memory
but a page. The file lies in the folder when the process ends with 0. Without the `null` whoever sent the rows
is gone: then nothing remains, not even the folder.
"""

import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import orjson
import xlsxwriter
from xlsxwriter.exceptions import XlsxWriterException

NAME = "list.xlsx"
MOST_ROWS = 1_048_575
"""Rows of a sheet, without its heads."""

LONGEST_CELL = 32_767
NO_ROOM, GONE = 3, 4
"""Exits: the file cannot be written; whoever sent the rows is gone."""

_OPTIONS = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
WIDTH = 18


class Sheets:
    """A workbook whose sheets follow each other when one is full."""

    def __init__(self, folder: Path, most: int = MOST_ROWS) -> None:
        self.book = xlsxwriter.Workbook(str(folder / NAME), {**_OPTIONS, "tmpdir": str(folder)})
        self.head = self.book.add_format({"bold": True})
        self.most = most
        self.heads: Sequence[str] = ()
        self._sheet: Any = None
        self._row = 0

    def begin(self, heads: Sequence[str]) -> None:
        """Open the first sheet."""
        self.heads = heads
        self._open()

    def _open(self) -> None:
        self._sheet = self.book.add_worksheet()
        self._sheet.freeze_panes(1, 0)
        self._sheet.set_column(0, max(0, len(self.heads) - 1), WIDTH)
        for n, head in enumerate(self.heads):
            self._sheet.write_string(0, n, head, self.head)
        self._row = 0

    def add(self, rows: Iterable[Sequence[Any]]) -> None:
        """Write rows: texts as texts, whatever they begin with."""
        for row in rows:
            if self._row == self.most:
                self._open()
            self._row += 1
            text, number = self._sheet.write_string, self._sheet.write_number
            for n, cell in enumerate(row):
                if type(cell) is str:
                    text(self._row, n, cell if len(cell) <= LONGEST_CELL else f"{cell[: LONGEST_CELL - 1]}…")
                elif type(cell) is bool:
                    self._sheet.write_boolean(self._row, n, cell)
                elif cell is not None:
                    number(self._row, n, cell)

    def close(self) -> None:
        """Write the file."""
        self.book.close()


def main(folder: Path) -> int:
    """Write what comes into a file of the folder; return how it went."""
    try:
        if _written(folder):
            return 0
    except (OSError, XlsxWriterException) as error:
        sys.stderr.write(f"{error}\n")
        return NO_ROOM
    shutil.rmtree(folder, ignore_errors=True)
    return GONE


def _written(folder: Path) -> bool:
    lines = iter(sys.stdin.buffer.readline, b"")
    sheets = Sheets(folder)
    for number, line in enumerate(lines):
        found = orjson.loads(line)
        if found is None:
            sheets.close()
            return True
        if number == 0:
            sheets.begin(found)
        else:
            sheets.add(found)
    return False


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
