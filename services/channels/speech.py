"""Texts that are read aloud: times and amounts written out; what a loudspeaker reads, said twice. Pure."""

import re

LONGEST_READ = 200
"""Chinese characters of one read: about 50 seconds."""

_AGAIN = "再播报一遍。"
_DRILL = ("，演练，演练。", "演练播报完毕。")
_DIGITS = "零一二三四五六七八九"
_NARROW = str.maketrans("０１２３４５６７８９", "0123456789")
_YEAR_DIGITS = str.maketrans("0123456789", "〇一二三四五六七八九")
_PLACES = ("", "十", "百", "千")
_SPOKEN_UNITS = {
    "mm": "毫米",
    "cm": "厘米",
    "km": "公里",
    "km/h": "公里每小时",
    "m/s": "米每秒",
    "m": "米",
    "h": "小时",
    "℃": "摄氏度",
}
_PLAIN_UNITS = (
    *("平方公里", "毫米", "厘米", "公里", "千米", "米", "小时", "分钟", "秒", "分", "时", "点"),
    *("年", "月", "日", "号", "天", "级", "摄氏度", "度", "个", "次", "人", "户", "村", "镇", "街道"),
    *("万", "亿", "%", "％"),
)
_COUNTED_IN_PAIRS = frozenset({"小时", "天", "个", "次", "人", "户", "万", "亿"})
"""Units before which two is 两, not 二."""

_NUMBER = r"\d{1,8}(?:\.\d{1,3})?"
_UNIT = "|".join(sorted(map(re.escape, [*_SPOKEN_UNITS, *_PLAIN_UNITS]), key=len, reverse=True))
_UNIT = rf"(?:{_UNIT})(?![A-Za-z/])"
_ISO_DATE = re.compile(r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")
_CLOCK = re.compile(r"(?<![\d:：])([01]?\d|2[0-4])[:：]([0-5]\d)(?:[:：][0-5]\d)?(?![\d:：])")
_YEAR = re.compile(r"(?<!\d)(\d{4})年")
_TIME = re.compile(r"(?<!\d)(\d{1,2})([时点])(\d{1,2})分(?!钟)")
_BELOW_ZERO = re.compile(rf"(?<![\d.])[-－−]({_NUMBER})(?=\s*(?:℃|摄氏度|度))")
_RANGE = re.compile(rf"(?<![\d.])({_NUMBER})\s*[-－~～—–至到]+\s*({_NUMBER})\s*({_UNIT})")
_AMOUNT = re.compile(rf"(?<![\d.])({_NUMBER})\s*({_UNIT})")
_STOPS = re.compile(r".*[。！？；]", re.DOTALL)
_PAUSES = re.compile(r".*[，、]", re.DOTALL)


def spoken(text: str, *, speaker: str, drill: bool = False, longest: int = LONGEST_READ) -> str:
    """Return what is read aloud: the text twice, each read led by the speaker and no longer than allowed."""
    body = "".join(written_out(text).split())
    before, found, after = body.partition(speaker)
    # A place name before the speaker (重庆市) is not worth hearing; the speaker deep in the text is no lead.
    body = after.lstrip("：:，") if found and len(before) <= len(speaker) else body
    opening, closing = (f"{speaker}{_DRILL[0]}", _DRILL[1]) if drill else (speaker, "")
    joint = "" if drill or found or body.startswith("发布") else "："
    room = longest - len(opening) - len(joint) - len(closing)
    read = f"{opening}{joint}{_shortened(body, room)}{closing}"
    return f"{read}{_AGAIN}{read}"


def written_out(text: str) -> str:
    """Return the text with times and amounts in Chinese characters; other digits, such as 12379, stay."""
    text = _ISO_DATE.sub(r"\1年\2月\3日", text.translate(_NARROW))
    text = _CLOCK.sub(r"\1时\2分", text)
    text = _YEAR.sub(lambda found: found[1].translate(_YEAR_DIGITS) + "年", text)
    text = _TIME.sub(lambda found: numeral(found[1]) + found[2] + _minutes(found[3]), text)
    text = _BELOW_ZERO.sub(lambda found: "零下" + found[1], text)
    text = _RANGE.sub(lambda found: _range(found[1], found[2], found[3]), text)
    return _AMOUNT.sub(lambda found: _amount(found[1], found[2]), text)


def numeral(number: str) -> str:
    """Return a decimal number as it is spoken: 一百零五, 十二, 三点五."""
    whole, _, fraction = number.partition(".")
    spoken_whole = _whole(int(whole))
    return f"{spoken_whole}点{''.join(_DIGITS[int(d)] for d in fraction)}" if fraction else spoken_whole


def _whole(number: int) -> str:
    said = _counted(number)
    return said[1:] if said.startswith("一十") else said


def _counted(number: int) -> str:
    if number < 10_000:
        return _below_ten_thousand(number)
    high, low = divmod(number, 10_000)
    gap = "零" if 0 < low < 1000 else ""
    return _counted(high) + "万" + (gap + _below_ten_thousand(low) if low else "")


def _below_ten_thousand(number: int) -> str:
    if number == 0:
        return _DIGITS[0]
    said = ""
    for place, digit in reversed(list(enumerate(map(int, reversed(str(number)))))):
        if digit:
            said += _DIGITS[digit] + _PLACES[place]
        elif not said.endswith("零"):
            said += "零"
    return said.rstrip("零")


def _minutes(minutes: str) -> str:
    number = int(minutes)
    if number == 0:
        return "整"
    return ("零" if number < 10 else "") + _whole(number) + "分"


def _amount(number: str, unit: str) -> str:
    if unit in {"%", "％"}:
        return f"百分之{numeral(number)}"
    said = "两" if number == "2" and unit in _COUNTED_IN_PAIRS else numeral(number)
    return said + _SPOKEN_UNITS.get(unit, unit)


def _range(low: str, high: str, unit: str) -> str:
    if unit in {"%", "％"}:
        return f"百分之{numeral(low)}到百分之{numeral(high)}"
    return f"{numeral(low)}到{numeral(high)}{_SPOKEN_UNITS.get(unit, unit)}"


def _shortened(body: str, room: int) -> str:
    """Return the body cut after its last whole sentence, else clause, that fits."""
    if len(body) <= room:
        return body if body.endswith(("。", "！", "？")) else _closed(body, room)
    cut = _STOPS.match(body[:room]) or _PAUSES.match(body[:room])
    return _closed(cut[0] if cut else body[:room], room)


def _closed(body: str, room: int) -> str:
    return body.rstrip("，、；。：")[: room - 1] + "。"
