"""Batches and full reports as columns: taken apart at their quotation marks, without a value for each row.

Only what is written as programs write it, without a space or an escape, is read so; whatever else there is
gives None here and is read as JSON.
"""

Column = tuple[str, ...]


def of_report(body: bytes) -> tuple[Column, Column] | None:
    """Return numbers and states of `{"results":[["13800000000","DELIVRD"],...]}`."""
    cells = _cells(body)
    if cells is None or cells[:3] != ["{", "results", ":[["] or cells[-1] != "]]}":
        return None
    rows = (len(cells) - 3) // 4
    regular = len(cells) == 3 + 4 * rows and cells[4::4].count(",") == rows
    if not regular or cells[6::4].count("],[") != rows - 1:
        return None
    return tuple(cells[3::4]), tuple(cells[5::4])


def of_batch(plain: bytes) -> Column | None:
    """Return the numbers of `[["13800000000"],...]`."""
    cells = _cells(plain)
    if cells is None or cells[0] != "[[" or cells[-1] != "]]":
        return None
    numbers = tuple(cells[1::2])
    return numbers if cells[2::2].count("],[") == len(numbers) - 1 else None


def _cells(written: bytes) -> list[str] | None:
    if b"\\" in written or not written.isascii():
        return None
    return written.decode("ascii").split('"')
