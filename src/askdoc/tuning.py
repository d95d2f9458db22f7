"""Every number that was tuned and changes an answer, each with its reason.

They were chosen on the tuning parts of public sets and of our own (`evals/README.md`): those of
finding and of choosing by ``python -m evals.ablation``, those of a question by the tuning half of
``evals/questions/corpus.jsonl``, those of checking by ``python -m evals.verify``. What is fitted
by a computer lies in `answer/`: `calibration.json`, `everyday.json`, `reader.onnx` and
`similarity.onnx`.
``fingerprint`` tells two versions of all of it apart.
"""

import hashlib
from pathlib import Path

# Passages and sentences; their size is a setting (`Settings.passage_size`)
IN_BOLD = 160  # characters in which what is set in bold ends, that begins a sentence
AT_ONCE = 5000  # characters that are split into sentences together: the time grows with the square

# A question
LEANING_TURNS = 3  # questions that a question can lean on, each on the one before
CARRIED_WORDS = 8  # of earlier questions, at most: more drown the new one
CARRIED_NAMES = 4  # of the last answer
SELF_CONTAINED = 2  # telling terms under which a question without a name leans on the one before it
SUBQUERIES = 6  # searches beside the whole, at most
AT_A_TIME = 4  # questions in one that are each answered, at most
SUBQUERY_TERMS = 3  # telling terms that make a part of a question worth a search of its own
NAMES_ONLY = 5  # words from which on a question is more than a few names, and has a language
SHORT_NAME = 5  # letters under which a name is never put as another word
ENGLISH_WORD = 6  # letters from which a word is put as an English one that no document has
LONG_WORD = 8  # letters from which a misspelt word may be two changes off

# Everyday turns
EVERYDAY_WORDS = 10  # of a turn, at most, the name of a document counting as two
NAME_WORDS = 16  # of the name of a document, at most
EVERYDAY = 0.75  # probability from which a turn is no question: swallowed questions cost more
KNOWN = 25_000  # most frequent words of English, as one of which a misspelt word may be put
FREQUENT = 1500  # most frequent words of English: the corpus having them makes no turn a question

# Finding passages
# Chroma's graph of vectors, whose own defaults miss true neighbours in large collections: links of
# each vector, and candidates that are kept while it is put in and while a query is looked for, more
# of them among so many passages that 200 would miss one neighbour in twelve
NEIGHBOURS, BUILT_AMONG, SEARCHED_AMONG = 32, 200, 200
MANY, SEARCHED_AMONG_MANY = 300_000, 2000
DEPTH = 100  # passages of each way to find that are fused: deeper ones never came first
DENSE_SHARE = 0.45  # of the fusion; BM25 has the rest, since names and numbers decide often
SUBQUERY_SHARE = 0.7  # what the best subquery adds, beside the whole query
FOLDED = 40  # best passages among which near-duplicates are looked for
NEAR_DUPLICATE = 0.9  # share of common terms (Jaccard) from which a passage repeats another
READ = 12  # passages that are read, at least: each costs about 10 ms
JOINED = 3  # neighbouring passages that a hit is joined from, at most
APART = 20  # characters between neighbours, at most

# Choosing sentences
COMPARED = 24  # best sentences whose likeness to the question is asked: each costs 2 ms
FRAGMENT = 3  # words of what is rather the name of something, at most
LABEL = 6  # words of a line without a full stop, at most, that names the list below it
ANSWERED = 300  # characters after the question of a paragraph, in which the paragraph answers it
SENTENCES = 4  # of an answer, at most
OLDER = 3.0  # by how much the score of what a message quotes of an earlier one is less
DOUBTFUL = 3  # of one that is not certain: of the best three one is right far oftener than the best
BELOW_BEST = 2.0  # how far below the best sentence's score a further one may lie
FURTHER_LOGIT = 0.0  # the reader's logit that a further one must reach in any case
MOST_ROWS = 5000  # of a table, among which those are looked for that a column picks out
PICKED = 0.6  # the confidence in them, at least
LONGEST_LIST = 20  # of them, or of the headings or rows of something, at most
FEWEST_LISTED = 3  # headings or rows that are a list, at least
# Share of the terms of the heading or column above them that what is listed is, at least: the parts
# of a page on one treaty are no treaties
LISTED_NAMED = 0.5
SAME_SENTENCE = 0.6  # share of common terms (Jaccard) from which two sentences say the same
SAME_FACT = 0.7  # the same, from which both are cited for one of them
SAME_TERMS = 4  # terms of a sentence of which another one can say the same, at least
MARKERS = 3  # citations of a sentence that several places say, at most
ITEMS = 8  # of a list, or sections of a topic, at most

# Where documents disagree
DIFFERENT = 0.5  # share of common words (Jaccard) from which two sentences are of the same
DIFFERENT_DENIED = 0.7  # the same, where only a denial is different
DIFFERENT_LATER = 0.3  # the same, where a figure is asked for and one document is later
SHARED = 2  # telling words of both, at least: a price and *members* alone may be of anything
DISAGREEING = 3  # documents that are shown, at most
# Confidence that counts in a sentence of another date than the question names, where it names none
OF_ANOTHER_DATE = 0.5

# What the turn before has quoted: asked on from, it is seldom what is asked for
TOLD_BEFORE = 0.75  # of the confidence

# A question that only names a topic
TOPIC = 0.7  # the confidence in the section that is called by just its name
TOPIC_DOCUMENT = 0.97  # the same of a document
TOPIC_OF_TITLE = 0.5  # share of the words of a document's title that the topic is, at least
TOPIC_TOLD = 0.5  # the confidence in a sentence that has all of the topic, at least
TOPIC_FOLLOWS = 0.5  # of that, where the question leans on the one before it
TOPIC_TERMS = 3  # terms of a topic that is named without a word around it, at most
TOPIC_READ = 8  # passages on the topic that are read before all others, at most

# Asking a language model
WORTH_ASKING = 0.06  # confidence under which a model is not asked either: 1 in 200 answers is lost

# Checking what a model wrote against what it cites
VERIFIED = 20_000  # characters of a text that are looked at
CLAIM_TOKENS = 150  # of a claim that is laid beside a text: the time grows with their product
WINDOW = 1.4  # length of the part of a text that it is laid beside, by its own
WINDOW_MARGIN = 8  # tokens more on each side of that part
CLOSEST = 0.5  # share of a claim's telling words under which no part of a text is like it
SAME, SAME_STOP, SAME_KIND = 4, 2, 1  # what a pair of equal words, stop words, like facts adds
OTHER, GAP = -1, -1  # what any other pair, and what a word without one, costs
NEVER = -99  # a denial beside what is none
COPIED = 0.7  # share of a claim's tokens at the same place from which it nearly copies
BESIDE = 2  # tokens on either side of a place that show that it is the same place
BESIDE_SAME = 3  # of these, that must be the same
# Share of a claim's telling words, where it has so many, below which a span is about something else
ABOUT = (0.5, 3)
ABOUT_WORDS = (0.4, 2)  # the same for those that are no names, numbers or units
FACT_WEIGHT = 2.0  # of a name or number, where a word has 1: a wrong one is a wrong claim
PROBLEMS = 5  # that are told of a sentence, at most
LOUD = 3  # words of a line of capitals up to which all may be names
ACRONYM = range(2, 9)  # letters of the initials of names
INITIALS = 3  # letters of one that do not begin a row of everyday words by chance
NAME_STEM = 4  # letters that two forms of a name share at least
NAME_START = 3  # letters by which the other forms of a name are looked up
DIGITS = 30  # of a number, at most: longer ones are codes, compared as words
UNIT_WITHIN = 2  # words after a number among which its unit stands
HEDGED = 3  # tokens before a number among which a word says that it is not exact
TAKEN_BACK = 4  # tokens after a denial in which an *until* takes it back
NEAR = 2  # telling words on either side of a denied one that show that the same is meant
DENIED_SAME = 2  # of these, that must be the same


def fingerprint() -> str:
    """A hash of all that was tuned or fitted: two runs with the same one differ by nothing here."""
    folder = Path(__file__).parent
    fitted = ("calibration.json", "everyday.json", "reader.onnx", "similarity.onnx")
    files = (folder / "tuning.py", *(folder / "answer" / name for name in fitted))
    whole = hashlib.sha256(b"".join(file.read_bytes() for file in files))
    return whole.hexdigest()[:16]
