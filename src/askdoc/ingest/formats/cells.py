"""What a cell of a workbook shows: its value in its number format.

A number stands in the cell as 0.125, and the sheet shows 12.5 %: who checks a quote looks for that.
"""

import re
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache

from askdoc.ingest.formats.moments import LITERAL, Token, general, moment, word

BUILT_IN = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00",
    12: "# ?/?", 13: "# ??/??", 14: "yyyy-mm-dd", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy",
    18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss", 22: "yyyy-mm-dd h:mm",
    37: "#,##0;-#,##0", 38: "#,##0;-#,##0", 39: "#,##0.00;-#,##0.00", 40: "#,##0.00;-#,##0.00",
    41: "#,##0", 42: "$#,##0", 43: "#,##0.00", 44: "$#,##0.00", 45: "mm:ss", 46: "[h]:mm:ss",
    47: "mm:ss.0", 48: "##0.0E+0", 49: "@",
    **dict.fromkeys((*range(27, 32), 36, *range(50, 55), 57, 58), "yyyy-mm-dd"),
    **dict.fromkeys((32, 33, 34, 35, 55, 56), "h:mm:ss"),
}  # fmt: skip
"""The formats that a workbook names by number; 14 and 22 differ from country to country."""
TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|_(?P<space>.)|\*(?P<fill>.)'
    r"|\[(?P<elapsed>h+|m+|s+)\]|\[\$(?P<currency>[^\]-]*)(?:-[^\]]*)?\]|\[(?P<said>[^\]]*)\]"
    r"|(?P<half>am/pm|a/p|上午/下午)|(?P<general>general)|(?P<exponent>e[+-])"
    r"|(?P<date>y+|m+|d+|h+|s+(?:\.0+)?|e+|b+|g+)|(?P<digit>[0#?])|(?P<text>@)|(?P<sign>.)",
    re.IGNORECASE | re.DOTALL,
)
CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?[\d.]+)\Z")
COLOURS = re.compile(r"black|blue|cyan|green|magenta|red|white|yellow|color", re.IGNORECASE)


def shown(value: float, code: str, since_1904: bool = False) -> str:
    """A number as its cell shows it in a format; in none, or one that is not known, as it is."""
    sections = _sections(code)
    number = _section(value, sections)
    tokens = sections[number] if number < len(sections) else ()
    if not tokens and code.strip(";") == "":
        return "" if ";" in code else general(value)
    kinds = {kind for kind, _ in tokens}
    if kinds & {"date", "elapsed", "half"}:
        return moment(value, tokens, since_1904)
    parted = len(sections) > 1 and number > 0
    minus = "-" if value < 0 and (not parted or _loses_sign(tokens)) else ""
    if "general" in kinds or ("text" in kinds and "digit" not in kinds):
        words = general(abs(value))
        inside = "".join(words if kind in ("general", "text") else word(kind, text)
                         for kind, text in tokens)  # fmt: skip
        return (minus + inside).strip()
    if "digit" not in kinds:
        return "".join(word(*token) for token in tokens).strip()
    figures = _figures(abs(value), tokens)
    none = not any(digit in "123456789" for digit in figures)
    return ("" if none else minus) + figures


def shown_text(text: str, code: str) -> str:
    """A text as its cell shows it: a format may put words around it, or hide it."""
    sections = _sections(code)
    tokens = sections[3] if len(sections) > 3 else sections[-1] if len(sections) == 1 else None
    if tokens is None or (tokens and "text" not in {kind for kind, _ in tokens}):
        return text if tokens is None or len(sections) < 4 else ""
    around = (text if kind == "text" else word(kind, words) for kind, words in tokens)
    return "".join(around) if tokens else "" if len(sections) > 3 else text


@lru_cache(maxsize=1000)
def _sections(code: str) -> list[tuple[Token, ...]]:
    """The parts of a format: for what is positive, negative, zero, and text."""
    sections: list[list[Token]] = [[]]
    for match in TOKEN.finditer(code):
        kind, words = str(match.lastgroup), match[str(match.lastgroup)]
        if kind == "sign" and words == ";":
            sections.append([])
        elif kind != "said" or CONDITION.match(words) or COLOURS.match(words):
            sections[-1].append((kind, words))
    return [tuple(section) for section in sections]


def _section(value: float, sections: list[tuple[Token, ...]]) -> int:
    """Which part of a format a number is shown in."""
    conditions = [
        next((m for kind, words in part if kind == "said" and (m := CONDITION.match(words))), None)
        for part in sections
    ]
    if any(conditions):
        for number, condition in enumerate(conditions):
            if condition is None or _holds(value, condition[1], float(condition[2])):
                return number
    if value < 0 and len(sections) > 1:
        return 1
    return 2 if value == 0 and len(sections) > 2 else 0


def _holds(value: float, sign: str, bound: float) -> bool:
    """Whether a number meets the condition of a part of a format."""
    equal = value == bound
    return {"<": value < bound, ">": value > bound, "=": equal, "<>": not equal}.get(
        sign, equal or (value < bound) == (sign == "<=")
    )


def _loses_sign(tokens: tuple[Token, ...]) -> bool:
    """Whether only a colour tells that what is shown is less than nothing."""
    words = "".join(words for kind, words in tokens if kind in LITERAL)
    return any(kind == "said" and COLOURS.match(words) for kind, words in tokens) and not re.search(
        r"[-−–(<]|\b(?:minus|loss|credit)\b", words, re.IGNORECASE
    )


def _figures(value: float, tokens: tuple[Token, ...]) -> str:
    """A number that is not negative in the digits of a format."""
    digits = [at for at, (kind, _) in enumerate(tokens) if kind == "digit"]
    first, last = digits[0], digits[-1]
    signs = {at: words for at, (kind, words) in enumerate(tokens) if kind == "sign"}
    before = "".join(word(*token) for token in tokens[:first])
    end = last + 1
    while signs.get(end) == ",":  # each divides by a thousand
        end += 1
    exact = Decimal(repr(value)) / 1000 ** (end - last - 1)
    exact *= 100 ** sum(words == "%" for words in signs.values())
    after = "".join(word(*token) for token in tokens[end:])
    middle = tokens[first : last + 1]
    if any(kind == "sign" and words == "/" for kind, words in middle):
        return f"{before}{_fraction(exact, middle)}{after}".strip()
    point = next((at for at in range(first, last + 1) if signs.get(at) == "."), None)
    if signs.get(first - 1) == ".":  # no digit before it
        point, before = first - 1, before[:-1]
    power = next((at for at, (kind, _) in enumerate(tokens) if kind == "exponent"), None)
    stop = last + 1 if power is None else power
    behind = (
        [w for kind, w in tokens[point + 1 : stop] if kind == "digit"] if point is not None else []
    )
    if power is not None:
        mantissa, _, exponent = f"{exact:.{len(behind)}E}".partition("E")
        width = sum(kind == "digit" for kind, _ in tokens[power:])
        sign = "-" if exponent[0] == "-" else "+" if tokens[power][1].endswith("+") else ""
        return f"{before}{mantissa}E{sign}{exponent[1:].zfill(width)}{after}".strip()
    rounded = exact.quantize(Decimal(1).scaleb(-len(behind)), ROUND_HALF_UP)
    whole, _, rest = f"{rounded:f}".partition(".")
    kept = len(behind)
    while kept and behind[kept - 1] != "0" and rest[kept - 1] == "0":
        kept -= 1
    front = _whole(whole, tokens[first : stop if point is None else point])
    return f"{before}{front}{'.' if kept else ''}{rest[:kept]}{after}".strip()


def _whole(digits: str, tokens: tuple[Token, ...]) -> str:
    """The digits before the point, in their places among what stands between them."""
    places = [words for kind, words in tokens if kind == "digit"]
    digits = digits.lstrip("0").zfill(places.count("0")) if digits.strip("0") == "" else digits
    digits = digits.zfill(places.count("0"))
    if ("sign", ",") in tokens:
        lead = len(digits) % 3
        groups = [digits[:lead]] + [digits[at : at + 3] for at in range(lead, len(digits), 3)]
        return ",".join(filter(None, groups))
    told, left = "", len(places)
    for kind, words in reversed(tokens):
        if kind != "digit":
            told = word(kind, words) + told if digits else told
            continue
        left -= 1
        told = (digits[-1:] if left else digits) + told
        digits = digits[:-1] if left else ""
    return told


def _fraction(exact: Decimal, tokens: tuple[Token, ...]) -> str:
    """A number as a fraction, such as 1 1/2."""
    slash = tokens.index(("sign", "/"))
    below = "".join(words for kind, words in tokens[slash + 1 :] if kind in ("digit", "sign"))
    over = [kind for kind, _ in tokens[:slash]]
    mixed = "digit" in over[: over.index("sign")] if "sign" in over else False
    most = int(below) if below.isdecimal() and below.strip("0") else 10 ** len(below) - 1
    part = Fraction(exact).limit_denominator(max(1, most))
    if below.isdecimal() and below.strip("0"):
        part = Fraction(round(Fraction(exact) * most), most)
    whole, rest = divmod(part.numerator, part.denominator) if mixed else (0, part.numerator)
    told = [str(whole)] if whole or not rest else []
    return " ".join([*told, *([f"{rest}/{part.denominator}"] if rest else [])])
