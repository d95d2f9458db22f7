"""The words that the guard knows: numbers, units, months, denials, and names of one thing."""

from fractions import Fraction


def words(text: str) -> list[str]:
    """The words of a text, in order."""
    return text.split()


ONES = words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
)
TENS = words("twenty thirty forty fifty sixty seventy eighty ninety")
ORDINALS = words(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
    "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth"
)
ORDINAL_TENS = words(
    "twentieth thirtieth fortieth fiftieth sixtieth seventieth eightieth ninetieth"
)

NUMBERS = {
    **{word: number for number, word in enumerate(ONES)},
    **{word: 10 * number for number, word in enumerate(TENS, 2)},
    "dozen": 12,
    "twice": 2,
    "thrice": 3,
}
PLACES = {
    **{word: number for number, word in enumerate(ORDINALS, 1)},
    **{word: 10 * number for number, word in enumerate(ORDINAL_TENS, 2)},
    "hundredth": 100,
    "thousandth": 1000,
}
SCALES = {
    "hundred": 10**2,
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
    "lakh": 10**5,
    "crore": 10**7,
}
# Written on to the digits, as in $2.3bn.
LETTER_SCALES = {"k": 10**3, "m": 10**6, "mn": 10**6, "bn": 10**9, "b": 10**9, "tn": 10**12}
FRACTIONS = {
    "half": Fraction(1, 2),
    "third": Fraction(1, 3),
    "quarter": Fraction(1, 4),
    "fourth": Fraction(1, 4),
    "fifth": Fraction(1, 5),
    "sixth": Fraction(1, 6),
    "seventh": Fraction(1, 7),
    "eighth": Fraction(1, 8),
    "ninth": Fraction(1, 9),
    "tenth": Fraction(1, 10),
}

_UNITS = {
    "%": "percent percentage pct",
    "kilometre": "km kms kilometre kilometer",
    "metre": "metre meter",
    "centimetre": "cm centimetre centimeter",
    "millimetre": "mm millimetre millimeter",
    "mile": "mile mi",
    "foot": "foot feet ft",
    "inch": "inch inches",
    "yard": "yard yd",
    "acre": "acre",
    "hectare": "hectare ha",
    "kilogram": "kg kilogram kilogramme kilo",
    "gram": "gram gramme",
    "milligram": "mg milligram",
    "tonne": "tonne ton",
    "ounce": "ounce oz",
    "pound": "pound lb lbs £ gbp",
    "litre": "litre liter",
    "millilitre": "ml millilitre milliliter",
    "gallon": "gallon",
    "barrel": "barrel",
    "second": "seconds sec secs",
    "minute": "minute min mins",
    "hour": "hour hr hrs",
    "day": "day",
    "night": "night",
    "week": "week",
    "month": "month",
    "year": "year yr yrs",
    "decade": "decade",
    "century": "century centuries",
    "millennium": "millennium millennia",
    "degree": "degree °",
    "celsius": "celsius centigrade °c",
    "fahrenheit": "fahrenheit °f",
    "kelvin": "kelvin",
    "watt": "watt",
    "kilowatt": "kw kilowatt",
    "megawatt": "mw megawatt",
    "gigawatt": "gw gigawatt",
    "volt": "volt",
    "hertz": "hz hertz",
    "kilohertz": "khz kilohertz",
    "megahertz": "mhz megahertz",
    "gigahertz": "ghz gigahertz",
    "kilobyte": "kb kilobyte",
    "megabyte": "mb megabyte",
    "gigabyte": "gb gigabyte",
    "terabyte": "tb terabyte",
    "mph": "mph",
    "km/h": "kph kmh",
    "knot": "knot",
    "light-year": "lightyear",
    "dollar": "dollar $ usd",
    "euro": "euro € eur",
    "cent": "cent",
    "yen": "yen ¥",
    "yuan": "yuan renminbi",
    "rouble": "rouble ruble ₽",
    "rupee": "rupee ₹",
    "franc": "franc chf",
    "dram": "dram ֏ amd",
    "lira": "lira ₺",
    "peso": "peso",
    "krona": "krona krone kronor kroner",
    "am": "am",
    "pm": "pm",
    "BC": "bc bce",
    "AD": "ad ce",
}
UNITS = {
    form: unit
    for unit, forms in _UNITS.items()
    for word in words(forms)
    for form in ((word, word + "s") if len(word) > 3 or word in ("day", "ton") else (word,))
}
# Units that are also everyday words: only straight after a number do they count as one.
ONLY_AFTER_NUMBER = frozenset(words("am pm bc ad ce bce mi min mins sec ha mb kb ton kilo"))

MONTHS = {
    form: month
    for month in words(
        "january february march april may june july august september october november december"
    )
    for form in (month, month[:3])
} | {"sept": "september"}
MONTH_NAMES = tuple(dict.fromkeys(MONTHS.values()))
WEEKDAYS = {
    form: day
    for day in words("monday tuesday wednesday thursday friday saturday sunday")
    for form in (day, day + "s")
} | {"tues": "tuesday", "thurs": "thursday"}

DENIALS = frozenset(words("not no never none nor neither without nobody nothing nowhere"))
# Words that say no without being a denial: a sentence with "did not" may rest on one of them.
SHY = (
    "lack deny absent absence rather instead except exclude unlike hardly "
    "barely scarcely rarely seldom few little only avoid prevent prohibit forbid ban reject stop "
    "cease end lose miss against oppose unknown unclear impossible unlikely illegal invalid "
    "minus free former formerly zero less "
)
REFUSALS = "refuse refused decline declined fail failed unable"

# Names that are one, in any spelling; each first is the key of the others.
_SAME = (
    (
        "us",
        "usa",
        "america",
        "american",
        "americans",
        "americas",
        "united states",
        "united states of america",
    ),
    ("uk", "gb", "britain", "british", "united kingdom", "great britain", "briton", "britons"),
    ("eu", "european union"),
    ("un", "united nations"),
    ("ussr", "soviet", "soviets", "soviet union"),
    ("uae", "emirati", "united arab emirates"),
    ("nato", "north atlantic treaty organization"),
    ("france", "french"),
    ("germany", "german"),
    ("spain", "spanish", "spaniard"),
    ("netherlands", "dutch", "holland"),
    ("greece", "greek"),
    ("denmark", "danish", "dane"),
    ("sweden", "swedish", "swede"),
    ("finland", "finnish", "finn"),
    ("norway", "norwegian"),
    ("poland", "polish", "pole"),
    ("turkey", "turkish", "turk", "türkiye", "turkiye"),
    ("ireland", "irish"),
    ("scotland", "scottish", "scot"),
    ("wales", "welsh"),
    ("england", "english"),
    ("switzerland", "swiss"),
    ("czechia", "czech"),
    ("china", "chinese"),
    ("thailand", "thai"),
    ("portugal", "portuguese"),
    ("peru", "peruvian"),
    ("philippines", "philippine", "filipino"),
    ("afghanistan", "afghan"),
    ("kazakhstan", "kazakh"),
    ("uzbekistan", "uzbek"),
    ("tajikistan", "tajik"),
    ("kyrgyzstan", "kyrgyz"),
    ("turkmenistan", "turkmen"),
    ("pakistan", "pakistani"),
    ("azerbaijan", "azerbaijani", "azeri"),
    ("mexico", "mexican"),
    ("canada", "canadian"),
    ("argentina", "argentine", "argentinian"),
    ("norman", "normandy"),
    ("europe", "european"),
    ("saint", "st"),
    ("mount", "mt"),
    ("doctor", "dr"),
    ("mister", "mr"),
    ("professor", "prof"),
    ("junior", "jr"),
    ("senior", "sr"),
    ("corporation", "corp"),
    ("company", "co"),
    ("incorporated", "inc"),
    ("limited", "ltd"),
    ("government", "govt"),
)
SAME = {form: forms[0] for forms in _SAME for form in forms}

# What a sentence may call a person without the passage doing so.
TITLES = frozenset(words("mr mrs ms miss mister dr doctor sir lord lady dame st saint"))

# Words that say nothing by themselves.
IDLE = (
    "who whom whose what which when where why how do does did is are was were am be been being has "
    "have had having can could should would may might will shall must i me my mine we us our you "
    "your he him his she her hers it its they them their theirs this that these those there here a "
    "an the and or but nor so than then as of in on at to from for by with about into onto over "
    "under out up down off through upon within along against among between across around after "
    "before during until since because while though although whereas if whether also however "
    "other another such both each all any some every only just even still yet again very too well "
    "quite rather more most much many s t longer anymore"
)
# Words that open a sentence without being a name.
OPENERS = frozenset(
    words(
        "yes no additionally further furthermore moreover thus hence therefore overall instead "
        "today eventually ultimately besides meanwhile nevertheless nonetheless otherwise "
        "similarly likewise according based despite unlike given following including first second "
        "third finally next last later earlier then now once please note see people others "
        "several various one two three none nothing everyone someone anyone something everything "
        "let during"
    )
) | frozenset(words(IDLE))
