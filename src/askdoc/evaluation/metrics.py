"""What is measured, each a pure function: formula, range and source in its docstring.

A ranking is a list of sources, each once, best first; a span is ``(source, start, end)``, the end
excluded. A figure that has nothing to be reckoned from is NaN.
"""

import math
import re
import string
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from itertools import accumulate

Span = tuple[str, int, int]

BINS = 10
APART = 2  # signs between two hits that a fact may run across: the white space between passages
COSTS = {"sure": 1.0, "unsure": 0.25, "none": 0.5}  # of a reply that is not right, by its certainty
SHARED = 0.5  # share of the shorter span from which a citation rests on evidence
ARTICLES = re.compile(r"\b(?:a|an|the)\b")
PUNCTUATION = str.maketrans("", "", string.punctuation)


# Retrieval


def recall_at_k(ranking: Sequence[str], relevant: Collection[str], k: int) -> float:
    """The share of the relevant documents that are among the first ``k``; 0 to 1.

    ``|relevant ∩ ranking[:k]| / |relevant|`` (Manning, Raghavan and Schütze, 2008, chapter 8).
    """
    wanted = set(relevant)
    return len(wanted & set(ranking[:k])) / len(wanted) if wanted else math.nan


def ndcg_at_k(ranking: Sequence[str], relevant: Collection[str], k: int) -> float:
    """Normalised discounted cumulative gain with binary gains; 0 to 1.

    ``sum of 1 / log2(rank + 1)`` over the relevant of the first ``k``, divided by what the best
    ranking would have (Järvelin and Kekäläinen, 2002).
    """
    wanted = set(relevant)
    if not wanted:
        return math.nan
    gain = sum(1 / math.log2(n + 2) for n, source in enumerate(ranking[:k]) if source in wanted)
    return gain / sum(1 / math.log2(n + 2) for n in range(min(k, len(wanted))))


def mrr(ranking: Sequence[str], relevant: Collection[str], k: int) -> float:
    """One by the rank of the first relevant document, 0 when it is not among the first ``k``.

    ``1 / rank``, 0 to 1; its mean over questions is the MRR (Voorhees, 1999).
    """
    wanted = set(relevant)
    if not wanted:
        return math.nan
    return next((1 / (n + 1) for n, source in enumerate(ranking[:k]) if source in wanted), 0.0)


def facts_found(facts: Sequence[Sequence[Span]], hits: Sequence[Span], k: int) -> list[bool]:
    """For each fact, whether it lies within the text of the first ``k`` hits.

    A fact is a list of the places where its words stand: one of them is enough. It may run from
    one hit into the next, where only white space is between them.
    """
    held = merged(hits[:k])
    return [
        any(overlap(place, hit) == _length(place) for place in fact for hit in held)
        for fact in facts
    ]


def all_facts_found(facts: Sequence[Sequence[Span]], hits: Sequence[Span], k: int) -> float:
    """1 when every fact lies within the text of the first ``k`` hits, else 0.

    As HotpotQA's supporting facts are asked for (Yang et al., 2018).
    """
    return float(all(facts_found(facts, hits, k))) if facts else math.nan


# Answers


def normalised(text: str) -> str:
    """A text in small letters without punctuation, articles and double spaces.

    As SQuAD's own script compares answers (Rajpurkar et al., 2016).
    """
    return " ".join(ARTICLES.sub(" ", text.lower().translate(PUNCTUATION)).split())


def must_include(text: str, patterns: Sequence[str]) -> float:
    """The share of the patterns that a text has, upper and lower case alike; 0 to 1."""
    if not patterns:
        return math.nan
    return sum(bool(re.search(pattern, text, re.I)) for pattern in patterns) / len(patterns)


def exact_match(text: str, answers: Sequence[str]) -> float:
    """1 when the text, normalised, is one of the answers, else 0 (Rajpurkar et al., 2016)."""
    return float(normalised(text) in map(normalised, answers)) if answers else math.nan


def token_f1(text: str, answers: Sequence[str]) -> float:
    """Harmonic mean of precision and recall of an answer's tokens; 0 to 1, the best answer counts.

    ``2 |text ∩ answer| / (|text| + |answer|)`` over bags of normalised tokens (Rajpurkar et al.,
    2016).
    """
    return max((_f1(text, answer) for answer in answers), default=math.nan)


def says(text: str, answers: Sequence[str]) -> float:
    """1 when one of the answers stands in a text, normalised, as whole words, else 0.

    As open-domain question answering counts a passage that holds the answer (Chen et al., 2017).
    """
    if not answers:
        return math.nan
    folded = f" {normalised(text)} "
    return float(any(f" {answer} " in folded for answer in map(normalised, answers) if answer))


def value(right: bool, certainty: str) -> float:
    """What one reply is worth to who asked; -1 to 1.

    1 when it is right, a due refusal included. Else it costs by what it says of itself: 1 a wrong
    answer given as sure, .25 one given as unsure, .5 a refusal where the documents answer.
    """
    return 1.0 if right else -COSTS[certainty]


# Citations


def supports(cited: Span, evidence: Iterable[Span]) -> bool:
    """Whether a citation rests on evidence.

    It does when it shares at least half of the characters of the shorter of the two with a span of
    evidence of the same document.
    """
    return any(
        overlap(cited, span) >= SHARED * min(_length(cited), _length(span)) > 0 for span in evidence
    )


def citation_recall(sentences: Sequence[Sequence[Span]], evidence: Sequence[Span]) -> float:
    """The share of the sentences that a citation of theirs supports; 0 to 1.

    ``sentences`` holds the citations of each. ALCE's citation recall (Gao et al., 2023), with
    evidence spans in place of an entailment model.
    """
    if not sentences or not evidence:
        return math.nan
    return sum(any(supports(c, evidence) for c in each) for each in sentences) / len(sentences)


def citation_precision(sentences: Sequence[Sequence[Span]], evidence: Sequence[Span]) -> float:
    """The share of the citations that support their sentence; 0 to 1.

    ALCE (Gao et al., 2023) calls a citation irrelevant when it does not support the sentence alone
    and the others do so without it. With evidence spans as support, that is every citation that
    does not support alone.
    """
    cited = [supports(citation, evidence) for each in sentences for citation in each]
    return sum(cited) / len(cited) if cited and evidence else math.nan


def exactness(quotes: Sequence[tuple[str, str]]) -> float:
    """The share of the quotes that equal, byte for byte, what their span holds; 0 to 1.

    ``quotes`` has each quote and ``document.text[start:end]`` of its citation.
    """
    return sum(quote == held for quote, held in quotes) / len(quotes) if quotes else math.nan


def localisation(cited: Sequence[Span], evidence: Sequence[Span]) -> tuple[float, float]:
    """How closely citations mark the evidence, in characters: IoU and F1, each 0 to 1.

    ``shared / (|c| + |e| - shared)`` and ``2 shared / (|c| + |e|)``, for each citation with the
    evidence span that fits it best, and then the mean (Jaccard, 1901; Dice, 1945).
    """
    if not cited or not evidence:
        return math.nan, math.nan
    iou = f1 = 0.0
    for citation in cited:
        pairs = [(overlap(citation, e), _length(citation) + _length(e)) for e in evidence]
        iou += max(both / max(1, total - both) for both, total in pairs)
        f1 += max(2 * both / max(1, total) for both, total in pairs)
    return iou / len(cited), f1 / len(cited)


# Knowing when not to answer


def abstention(refused: Sequence[bool], answerable: Sequence[bool]) -> tuple[float, float, float]:
    """Precision, recall and F1 of abstaining, where the unanswerable are to be found; 0 to 1.

    ``right refusals / refusals``, ``right refusals / unanswerable`` and their harmonic mean
    (van Rijsbergen, 1979). Precision is NaN where nothing was refused, and F1 then 0.
    """
    right = sum(r and not a for r, a in zip(refused, answerable, strict=True))
    unanswerable = len(answerable) - sum(answerable)
    precision = right / sum(refused) if any(refused) else math.nan
    if not unanswerable:
        return precision, math.nan, math.nan
    return precision, right / unanswerable, 2 * right / (sum(refused) + unanswerable)


def auroc(yes: Sequence[float], no: Sequence[float]) -> float:
    """The chance that one of ``yes`` is above one of ``no``, ties counting half; 0.5 is guessing.

    From the sum of ranks, ``(R - n(n + 1) / 2) / (n m)`` (Mann and Whitney, 1947; Hanley and
    McNeil, 1982).
    """
    if not yes or not no:
        return math.nan
    values = sorted([*yes, *no])
    last = {value: rank for rank, value in enumerate(values, 1)}
    count = Counter(values)
    ranks = sum(last[value] - (count[value] - 1) / 2 for value in yes)
    return (ranks - len(yes) * (len(yes) + 1) / 2) / (len(yes) * len(no))


def risk_coverage(sure: Sequence[float], right: Sequence[bool]) -> list[tuple[float, float]]:
    """The share of wrong answers (risk) among the surest, for each coverage; both 0 to 1.

    Answers of the same confidence come in together, at their mean.
    """
    groups = Counter(sure)
    wrong = Counter(s for s, r in zip(sure, right, strict=True) if not r)
    points: list[tuple[float, float]] = []
    seen = errors = 0.0
    for value in sorted(groups, reverse=True):
        for _ in range(groups[value]):
            seen, errors = seen + 1, errors + wrong[value] / groups[value]
            points.append((seen / len(sure), errors / seen))
    return points


def aurc(sure: Sequence[float], right: Sequence[bool]) -> float:
    """The area under the risk-coverage curve: the mean risk over all coverages; 0 is best.

    Geifman and El-Yaniv, 2017; Geifman, Uziel and El-Yaniv, 2019.
    """
    points = risk_coverage(sure, right)
    return sum(risk for _, risk in points) / len(points) if points else math.nan


def bins(sure: Sequence[float], right: Sequence[bool]) -> list[tuple[int, float, float]]:
    """Confidences in ten bins of equal width: how many, their mean, and the share that is right."""
    found: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for value, is_right in zip(sure, right, strict=True):
        found[min(BINS - 1, int(value * BINS))].append((value, is_right))
    return [
        (len(each), sum(s for s, _ in each) / len(each), sum(r for _, r in each) / len(each))
        for each in found
        if each
    ]


def calibration_error(sure: Sequence[float], right: Sequence[bool]) -> float:
    """The expected calibration error in ten bins: how far confidence is from being right; 0 to 1.

    ``sum of |bin| / n * |share right - mean confidence|`` (Naeini, Cooper and Hauskrecht, 2015).
    """
    found = bins(sure, right)
    return sum(n * abs(mean - share) for n, mean, share in found) / len(sure) if found else math.nan


# Judges


def agreement(pairs: Sequence[tuple[bool, bool]]) -> tuple[float, float]:
    """How often two judges agree (0 to 1), and Cohen's kappa (1960): how much more than by chance.

    ``(agreed - expected) / (1 - expected)``, where both judge at random as often so as they do.
    NaN of none, and kappa where both say the same of all.
    """
    if not pairs:
        return math.nan, math.nan
    agreed = sum(one == other for one, other in pairs) / len(pairs)
    yes, no = (sum(pair[at] for pair in pairs) / len(pairs) for at in (0, 1))
    expected = yes * no + (1 - yes) * (1 - no)
    return agreed, (agreed - expected) / (1 - expected) if expected < 1 else math.nan


# Spans


def overlap(one: Span, other: Span) -> int:
    """How many characters two spans share."""
    return max(0, min(one[2], other[2]) - max(one[1], other[1])) if one[0] == other[0] else 0


def merged(spans: Iterable[Span]) -> list[Span]:
    """Spans in order, those that touch or have only white space between them made one."""

    def joined(found: list[Span], span: Span) -> list[Span]:
        last = found[-1] if found else None
        if last and last[0] == span[0] and span[1] <= last[2] + APART:
            return [*found[:-1], (last[0], last[1], max(last[2], span[2]))]
        return [*found, span]

    *_, found = accumulate(sorted(spans), joined, initial=list[Span]())
    return found


def _length(span: Span) -> int:
    return span[2] - span[1]


def _f1(text: str, answer: str) -> float:
    """Token F1 of two texts; two without tokens are the same."""
    said, wanted = Counter(normalised(text).split()), Counter(normalised(answer).split())
    if not said or not wanted:
        return float(said == wanted)
    return 2 * (said & wanted).total() / (said.total() + wanted.total())
