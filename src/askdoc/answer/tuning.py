"""Every number that was tuned and changes an answer, each with its reason.

They were chosen on the tuning parts of public sets and of our own (`evals/README.md`): those of
finding and of choosing by ``python -m evals.ablation``, those of a question by the tuning half of
``evals/questions/corpus.jsonl``. What is fitted by a computer lies beside this module:
`calibration.json` and `reader.onnx`. ``fingerprint`` tells two versions of all of it apart.
"""

import hashlib
from pathlib import Path

# A question
LEANING_TURNS = 3  # questions that a question can lean on, each on the one before
CARRIED_WORDS = 8  # of earlier questions, at most: more drown the new one
CARRIED_NAMES = 4  # of the last answer
SELF_CONTAINED = 2  # telling terms under which a question without a name leans on the one before it
SUBQUERIES = 6  # searches beside the whole, at most
SUBQUERY_TERMS = 3  # telling terms that make a part of a question worth a search of its own
LONG_WORD = 8  # letters from which a misspelt word may be two changes off

# Everyday turns
EVERYDAY_WORDS = 10  # of a turn, at most, the name of a document counting as two
NAME_WORDS = 16  # of the name of a document, at most
EVERYDAY_COSINE = 0.5  # to the nearest phrasing, at least
EVERYDAY_MARGIN = 0.05  # by which it is nearer than any ordinary question
MARGIN_BESIDE = 0.18  # the same for a turn with words that no phrasing has
EVERYDAY_NEAR = 0.7  # a cosine from which such a turn
MARGIN_NEAR = 0.1  # need only be nearer by this
EVERYDAY_SAME = 0.9  # the cosine where it also has words of the corpus beside a document's name
FREQUENT = 1500  # most frequent words of English: the corpus having them makes no turn a question

# Finding passages
DEPTH = 100  # passages of each way to find that are fused: deeper ones never came first
DENSE_SHARE = 0.45  # of the fusion; BM25 has the rest, since names and numbers decide often
SUBQUERY_SHARE = 0.7  # what the best subquery adds, beside the whole query
FOLDED = 40  # best passages among which near-duplicates are looked for
NEAR_DUPLICATE = 0.9  # share of common terms (Jaccard) from which a passage repeats another
READ = 10  # passages that are read, at least: each costs about 10 ms
JOINED = 3  # neighbouring passages that a hit is joined from, at most
APART = 20  # characters between neighbours, at most

# Choosing sentences
SENTENCES = 4  # of an answer, at most
BELOW_BEST = 1.5  # how far below the best sentence's score a further one may lie
FURTHER_LOGIT = 0.0  # the reader's logit that a further one must reach in any case
SAME_SENTENCE = 0.6  # share of common terms (Jaccard) from which two sentences say the same

# Asking a language model
WORTH_ASKING = 0.02  # confidence under which a model is not asked either: 1 in 100 answers is lost


def fingerprint() -> str:
    """A hash of all that was tuned or fitted: two runs with the same one differ by nothing here."""
    here = Path(__file__)
    names = (here.name, "calibration.json", "reader.onnx")
    whole = hashlib.sha256(b"".join(here.with_name(name).read_bytes() for name in names))
    return whole.hexdigest()[:16]
