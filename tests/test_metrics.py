"""Each metric against cases worked out by hand, and against libraries that others keep."""

import math
import random

import ir_measures
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ir_measures import RR, R, ScoredDoc, nDCG
from scipy.stats import rankdata
from sklearn.metrics import roc_auc_score

from askdoc.evaluation import metrics
from askdoc.evaluation.metrics import Span

SOURCES = [f"d{n}.md" for n in range(12)]


def test_ranking_figures_by_hand() -> None:
    """Relevant at ranks 2 and 4, a third one not found."""
    ranking, relevant = ["x", "a", "y", "b"], {"a", "b", "c"}
    assert metrics.recall_at_k(ranking, relevant, 1) == 0
    assert metrics.recall_at_k(ranking, relevant, 4) == pytest.approx(2 / 3)
    assert metrics.mrr(ranking, relevant, 10) == 0.5
    assert metrics.mrr(ranking, relevant, 1) == 0
    best = 1 + 1 / math.log2(3) + 1 / 2
    assert metrics.ndcg_at_k(ranking, relevant, 10) == pytest.approx(
        (1 / math.log2(3) + 1 / math.log2(5)) / best
    )
    assert math.isnan(metrics.recall_at_k(ranking, set(), 5))
    assert math.isnan(metrics.ndcg_at_k(ranking, set(), 5))
    assert math.isnan(metrics.mrr(ranking, set(), 5))


@given(
    st.permutations(SOURCES),
    st.sets(st.sampled_from(SOURCES), min_size=1),
    st.sampled_from([1, 3, 5, 10]),
)
def test_ranking_figures_are_those_of_ir_measures(
    ranking: list[str], relevant: set[str], k: int
) -> None:
    found = ranking[:9]
    qrels = {"q": dict.fromkeys(relevant, 1)}
    run = [ScoredDoc("q", source, float(-n)) for n, source in enumerate(found)]
    theirs = ir_measures.calc_aggregate([R @ k, nDCG @ k, RR @ k], qrels, run)
    assert metrics.recall_at_k(found, relevant, k) == pytest.approx(theirs[R @ k])
    assert metrics.ndcg_at_k(found, relevant, k) == pytest.approx(theirs[nDCG @ k])
    assert metrics.mrr(found, relevant, k) == pytest.approx(theirs[RR @ k])


def test_all_facts_found_by_hand() -> None:
    one, two = [("a", 10, 20)], [("b", 0, 5), ("c", 0, 5)]
    hits: list[Span] = [("a", 0, 15), ("c", 0, 9), ("a", 16, 30)]
    assert metrics.all_facts_found([two], hits, 1) == 0
    assert metrics.all_facts_found([two], hits, 2) == 1, "one of its places is enough"
    assert metrics.all_facts_found([one, two], hits, 2) == 0, "only half of the fact is there"
    assert metrics.all_facts_found([one, two], hits, 3) == 1, "it runs over the white space"
    assert math.isnan(metrics.all_facts_found([], hits, 3))


def test_answers_by_hand() -> None:
    assert metrics.normalised("The  Eagle, an owl; a hawk!") == "eagle owl hawk"
    assert metrics.must_include("Signed in 2021.", ["signed", "2020|2021", "Kars"]) == 2 / 3
    assert metrics.exact_match("The Turkey.", ["Iran", "turkey"]) == 1
    assert metrics.exact_match("Turkey and Iran", ["Turkey"]) == 0
    # said: in summer of 2021 (4 tokens); wanted: summer 2021 (2); shared 2 -> 2*2/6
    assert metrics.token_f1("in the summer of 2021", ["summer 2021", "x"]) == pytest.approx(2 / 3)
    assert metrics.token_f1("no", ["yes"]) == 0
    assert metrics.says("It was signed on 15 June 2021.", ["June 2021"]) == 1
    assert metrics.says("It cost 1500.", ["150"]) == 0, "whole words only"
    assert math.isnan(metrics.token_f1("x", []))


def test_citations_by_hand() -> None:
    evidence: list[Span] = [("a", 100, 200), ("b", 0, 50)]
    exact, half, touch, other = ("a", 100, 200), ("a", 150, 250), ("a", 190, 290), ("c", 0, 50)
    whole = ("a", 0, 1000)
    assert metrics.supports(exact, evidence)
    assert metrics.supports(half, evidence)
    assert metrics.supports(whole, evidence), "what holds the evidence supports; it marks badly"
    assert not metrics.supports(touch, evidence)
    assert not metrics.supports(other, evidence)
    sentences = [[exact, other], [touch], []]
    assert metrics.citation_recall(sentences, evidence) == pytest.approx(1 / 3)
    assert metrics.citation_precision(sentences, evidence) == pytest.approx(1 / 3)
    assert metrics.localisation([exact], evidence) == (1.0, 1.0)
    assert metrics.localisation([half], evidence) == pytest.approx((50 / 150, 0.5))
    assert metrics.localisation([whole, other], evidence) == pytest.approx((0.05, 100 / 1100))
    assert metrics.exactness([("x", "x"), ("x", "X")]) == 0.5
    assert math.isnan(metrics.citation_precision([[]], evidence))


def test_the_worth_of_a_reply_by_hand() -> None:
    assert metrics.value(True, "unsure") == metrics.value(True, "none") == 1
    costs = [metrics.value(False, certainty) for certainty in ("sure", "unsure", "none")]
    assert costs == [-1, -0.25, -0.5]


def test_abstention_by_hand() -> None:
    """Three refusals, two of them right, of four unanswerable questions."""
    refused = [True, True, True, False, False, False]
    answerable = [False, False, True, False, False, True]
    precision, recall, f1 = metrics.abstention(refused, answerable)
    assert (precision, recall) == (pytest.approx(2 / 3), 0.5)
    assert f1 == pytest.approx(2 * (2 / 3 * 1 / 2) / (2 / 3 + 1 / 2))
    none = metrics.abstention([False, False], [True, False])
    assert math.isnan(none[0])
    assert none[1:] == (0, 0)


def test_risk_and_calibration_by_hand() -> None:
    sure, right = [0.9, 0.8, 0.8, 0.1], [True, False, True, False]
    assert metrics.risk_coverage(sure, right) == [
        (0.25, 0), (0.5, 0.25), (0.75, pytest.approx(1 / 3)), (1.0, 0.5),
    ]  # fmt: skip
    assert metrics.aurc(sure, right) == pytest.approx((0 + 0.25 + 1 / 3 + 0.5) / 4)
    assert metrics.bins([0.95, 1.0, 0.31], [True, False, True]) == [
        (1, 0.31, 1.0), (2, 0.975, 0.5),
    ]  # fmt: skip
    error = metrics.calibration_error([0.95, 1.0, 0.31], [True, False, True])
    assert error == pytest.approx((1 * 0.69 + 2 * 0.475) / 3)


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.5, 0.9]), st.booleans()), min_size=2))
def test_auroc_is_that_of_scikit_learn(pairs: list[tuple[float, bool]]) -> None:
    yes = [value for value, is_yes in pairs if is_yes]
    no = [value for value, is_yes in pairs if not is_yes]
    mine = metrics.auroc(yes, no)
    if not yes or not no:
        assert math.isnan(mine)
    else:
        labels = [1] * len(yes) + [0] * len(no)
        assert mine == pytest.approx(roc_auc_score(labels, yes + no))


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=1, unique_by=lambda p: p[0]))
def test_aurc_is_the_mean_of_the_errors_so_far(pairs: list[tuple[int, bool]]) -> None:
    """Against the ranks of scipy: with no ties, the risk at a rank is the errors above by it."""
    sure = [value / 10 for value, _ in pairs]
    right = [is_right for _, is_right in pairs]
    ranks = rankdata([-value for value in sure])
    risks = [
        sum(not r for r, other in zip(right, ranks, strict=True) if other <= rank) / rank
        for rank in ranks
    ]
    assert metrics.aurc(sure, right) == pytest.approx(sum(risks) / len(risks))


def test_spans_that_touch_become_one() -> None:
    spans: list[Span] = [("a", 0, 5), ("b", 3, 9), ("a", 6, 9), ("a", 20, 30), ("b", 0, 4)]
    random.Random(0).shuffle(spans)
    assert metrics.merged(spans) == [("a", 0, 9), ("a", 20, 30), ("b", 0, 9)]
