"""Words that mean the same or the opposite, for changing questions.

Groups stand between bars or lines, the words of a group between slashes.
"""

import re
from collections.abc import Iterable

# Either way round.
SAME = """
big/large|begin/start|began/started|begun/started|buy/purchase|bought/purchased|film/movie
author/writer|founded/established/set up|create/make|created/made|build/construct
built/constructed|died/passed away|located/situated|named/called|kind/type/sort|country/nation
company/firm/business|job/occupation/profession|children/kids|town/city|war/conflict|king/monarch
ruler/sovereign|doctor/physician|car/automobile|money/funds|get/obtain/receive
got/obtained/received|help/assist|helped/assisted|show/demonstrate|showed/demonstrated
need/require|needed/required|use/employ|used/employed|purpose/aim/goal|end/finish|ended/finished
choose/select|chose/selected|happen/occur|happened/occurred|think/believe|thought/believed
say/state|said/stated|leave/depart from|important/significant|main/chief/principal|main/primary
part/portion|area/region|area/zone|road/street|house/home|quick/fast|area/district|sick/ill
scared/afraid|angry/furious|happy/glad|sad/unhappy|beautiful/lovely|small/little|rich/wealthy
old/aged|famous/well-known|whole/entire|increase/rise/go up|increased/rose/went up
decrease/fall/go down|decreased/fell/went down|change/alter|changed/altered|allow/permit
allowed/permitted|try/attempt|tried/attempted|decide/resolve|decided/resolved|ask/request
asked/requested|give/hand|gave/handed|find/discover|found/discovered|win/be victorious in
won/was victorious in|lost/was defeated in|speak/talk|spoke/talked|teach/instruct
taught/instructed|live/reside|lived/resided|lives/resides|marry/wed|married/wed|stop/cease
stopped/ceased|keep/retain|kept/retained|send/dispatch|sent/dispatched|return/come back
returned/came back|arrive/get there|attack/assault|attacked/assaulted|result/outcome|reason/cause
reasons/causes|method/way|methods/ways|amount/quantity|people/persons
population/number of inhabitants|soldiers/troops|enemy/foe|illness/disease|medicine/drug
treat/cure|patients/sick people|teacher/instructor|student/pupil|students/pupils
university/college|game/match|team/side|song/track|singer/vocalist|actor/performer|role/part
character/figure|series/show|episode/instalment|release/bring out|released/came out
published/issued|publish/issue|design/devise|designed/devised|invented/came up with|head/lead
headed/led|leader/head|boss/chief|employees/staff|employees/workers|worker/labourer|salary/pay
price/cost|expensive/costly|cheap/inexpensive|rules/regulations|law/statute|contract/agreement
agreement/deal|meeting/gathering|party/celebration|border/frontier|ocean/sea|mountain/peak
river/stream|forest/wood|animal/creature|animals/creatures|ship/vessel|ships/vessels
plane/aircraft|train/railway
"""
# The first of a group may be put as each other, at the beginning of a question.
PHRASES = """
how many/what number of/how large a number of
how much/what amount of
what year/which year
in what year/when
in which year/when
when/at what time/on what date
when/in which year
who/which person/what person
why/for what reason/how come
why/what was the reason that
where/in what place/in which place
how often/how frequently
how long/for what length of time
what kind of/what type of/which sort of
what type of/what kind of
what/which
which/what
what is the name of/what is/what do they call
"""
# A country, its people, its capital, which is said for its government.
PLACES = """
France/French/Paris|Germany/German/Berlin|Italy/Italian/Rome|Spain/Spanish/Madrid
Russia/Russian/Moscow|China/Chinese/Beijing|Japan/Japanese/Tokyo|Britain/British/London
England/English/London|Poland/Polish/Warsaw|Turkey/Turkish/Ankara|Greece/Greek/Athens
Egypt/Egyptian/Cairo|Iran/Iranian/Tehran|Iraq/Iraqi/Baghdad|Israel/Israeli/Jerusalem
Armenia/Armenian/Yerevan|Ukraine/Ukrainian/Kyiv|Georgia/Georgian/Tbilisi|Belarus/Belarusian/Minsk
Sweden/Swedish/Stockholm|Norway/Norwegian/Oslo|Denmark/Danish/Copenhagen|Finland/Finnish/Helsinki
Austria/Austrian/Vienna|Hungary/Hungarian/Budapest|Portugal/Portuguese/Lisbon|Ireland/Irish/Dublin
Netherlands/Dutch/Amsterdam|Belgium/Belgian/Brussels|Switzerland/Swiss/Bern
Scotland/Scottish/Edinburgh|India/Indian/New Delhi|Pakistan/Pakistani/Islamabad
Canada/Canadian/Ottawa|Mexico/Mexican/Mexico City|Brazil/Brazilian/Brasilia
Argentina/Argentine/Buenos Aires|Cuba/Cuban/Havana|Chile/Chilean/Santiago
Australia/Australian/Canberra|Kenya/Kenyan/Nairobi|Nigeria/Nigerian/Abuja|Syria/Syrian/Damascus
Kazakhstan/Kazakh/Astana|Azerbaijan/Azerbaijani/Baku|Romania/Romanian/Bucharest
Serbia/Serbian/Belgrade|America/American/Washington|Korea/Korean/Seoul|Vietnam/Vietnamese/Hanoi
Thailand/Thai/Bangkok
"""
# What people say around a question.
SPOKEN = """
Can you tell me {}|Could you tell me {}?|Do you know {}?|So {}|OK, and {}|I was wondering, {}
Please tell me {}|Hi, {}|Um, {}|Quick question: {}|And {}|{} please|Hey, {}
According to the documents, {}|I'd like to know {}|What I want to know is {}|Help me find out {}
Well, {}|Does it say anywhere {}|{} Thanks!|Tell me: {}|Right, so {}|I need to know {}
Is there anything on {}
"""
# Not the same thing: each of a group in the place of another asks for something else.
OPPOSITES = """
first/last|most/least|largest/smallest|biggest/smallest|highest/lowest|increase/decrease
increased/decreased|before/after|north/south|northern/southern|east/west|eastern/western
more/fewer|began/ended|begin/end|started/stopped|start/stop|win/lose|won/lost|early/late
oldest/youngest|longest/shortest|best/worst|major/minor|common/rare|allowed/forbidden
accepted/rejected|supported/opposed|support/oppose|large/small|high/low|positive/negative
public/private|gained/lost|against/for|strong/weak|built/destroyed|found/lost|upper/lower
born/buried|mother/father|son/daughter|brother/sister|husband/wife|king/queen|buy/sell|bought/sold
bought/rented|wrote/translated|teach/learn|arrive/leave|arrived/left|give/take|love/hate
loved/hated|open/close|opened/closed|founded/dissolved|married/divorced|attacked/defended
invented/banned|hired/fired|joined/left|remember/forget|borrow/lend|import/export|imports/exports
revenue/debt|income/expenses|assets/liabilities|summer/winter|morning/evening|inside/outside
above/below|rich/poor|old/young|happy/sad|angry/pleased|male/female|men/women|boys/girls
employees/customers|president/treasurer|director/composer|actor/producer|singer/drummer
author/publisher|capital/harbour|population/climate|height/colour|price/weight|length/age
released/cancelled|produced/directed|elected/dismissed
"""
# Words that a search box is not told.
FUNCTION = """
a an the of in on at to for by with from did does do is are was were be been has have had what which
that this these those it its his her their there as and any some
"""
# With these a sentence begins that cannot stand alone.
UNCLEAR = """
There It This These Those That He She They We I You In On At But And Or So Then Now Both Such What
Who How Here
"""
NUMERALS = """
one two three four five six seven eight nine ten eleven twelve
"""


def groups(text: str) -> list[tuple[str, ...]]:
    """The groups of a text."""
    return [tuple(group.split("/")) for group in re.split(r"[|\n]", text.strip())]


def others(found: Iterable[tuple[str, ...]], first: bool = False) -> dict[str, tuple[str, ...]]:
    """Every word of some groups, or the first of each only, with the others of its groups."""
    table: dict[str, tuple[str, ...]] = {}
    for group in found:
        for word in group[:1] if first else group:
            table[word] = (*table.get(word, ()), *(other for other in group if other != word))
    return table


def finder(words: Iterable[str], start: str = r"\b", flags: int = 0) -> re.Pattern[str]:
    """What finds one of the words, the longest first."""
    return re.compile(start + "(" + "|".join(sorted(words, key=len, reverse=True)) + r")\b", flags)
