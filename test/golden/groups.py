"""Makes groups.json: numbers about groups of answers (bins, strata, problems as clusters, pairs of runs), for core/analyse.

    python3 test/golden/groups.py      (Debian: apt-get install python3-scipy python3-sklearn)

What TypeScript draws at random is enumerated or convolved here: every assignment of the marks, every outcome of an answer.
"""

import itertools
import json
import math
import pathlib

import numpy
import scipy
import scipy.optimize
import scipy.special
import scipy.stats
import sklearn
import sklearn.metrics

Z = scipy.stats.norm.ppf(0.975)


def equal_mass_bins(values, most):
    """The bin of a value is the integer part of `most` times its mid-rank share, in integers; bins by rising value."""
    doubled = numpy.round(2 * scipy.stats.rankdata(values) - 1).astype(int)
    numbers = (most * doubled) // (2 * len(values))
    return [numpy.flatnonzero(numbers == number).tolist() for number in numpy.unique(numbers)]


def calibration_error(predictions, marks, bins):
    return sum(len(bin) / len(marks) * abs(marks[bin].mean() - predictions[bin].mean()) for bin in bins)


def errors_if_calibrated(predictions, bins):
    """Mean and standard deviation of the error of perfectly calibrated predictions: a bin's marked are Poisson binomial."""
    mean, variance = 0.0, 0.0
    for bin in bins:
        distribution = numpy.ones(1)
        for prediction in predictions[bin]:
            distribution = numpy.convolve(distribution, [1 - prediction, prediction])
        excess = numpy.abs(numpy.arange(len(bin) + 1) - predictions[bin].sum())
        mean += distribution @ excess
        variance += distribution @ excess**2 - (distribution @ excess) ** 2
    return mean / len(predictions), math.sqrt(variance) / len(predictions)


def quantiles_of_error(predictions, bins, shares):
    """Of perfectly calibrated predictions, over every outcome of every answer."""
    outcomes = numpy.array(list(itertools.product([0, 1], repeat=len(predictions))))
    chances = numpy.prod(numpy.where(outcomes == 1, predictions, 1 - predictions), axis=1)
    errors = numpy.array([calibration_error(predictions, outcome, bins) for outcome in outcomes])
    order = numpy.argsort(errors)
    cumulated = numpy.cumsum(chances[order])
    return [float(errors[order][numpy.searchsorted(cumulated, share)]) for share in shares]


def calibration(name, predictions, marks, most):
    predictions, marks = numpy.array(predictions, dtype=float), numpy.array(marks, dtype=int)
    bins = equal_mass_bins(predictions, most)
    mean, spread = errors_if_calibrated(predictions, bins)
    return {"name": name, "predictions": predictions.tolist(), "marks": marks.tolist(), "most": most, "bins": bins,
            "value": calibration_error(predictions, marks, bins),
            "expectedIfCalibrated": mean, "spreadIfCalibrated": spread,
            "quantiles93And97": quantiles_of_error(predictions, bins, [0.93, 0.97]) if len(marks) <= 14 else None}


def distance(scores, marks):
    """How far U of the marked lies from its mean, in halves, so that equal distances compare as equal."""
    doubled = numpy.round(2 * scipy.stats.rankdata(scores)).astype(int)
    return abs(int(doubled[marks == 1].sum()) - int(marks.sum()) * (len(scores) + 1))


def permutation(name, scores, marks, problems):
    """Two-sided p over every exchange of the problems' marks among problems with equally many answers."""
    scores, marks = numpy.array(scores, dtype=float), numpy.array(marks, dtype=int)
    members = [numpy.flatnonzero(numpy.array(problems) == problem) for problem in dict.fromkeys(problems)]
    sizes = sorted({len(member) for member in members})
    of_size = [[member for member in members if len(member) == size] for size in sizes]
    observed = distance(scores, marks)
    if len(members) == len(scores):
        assignments = [numpy.isin(numpy.arange(len(scores)), chosen).astype(int)
                       for chosen in itertools.combinations(range(len(scores)), marks.sum())]
    else:
        assignments = []
        for orders in itertools.product(*[itertools.permutations(same) for same in of_size]):
            assigned = numpy.zeros(len(scores), dtype=int)
            for same, order in zip(of_size, orders):
                for to, source in zip(same, order):
                    assigned[to] = marks[source]
            assignments.append(assigned)
    p = numpy.mean([distance(scores, assigned) >= observed for assigned in assignments])
    return {"name": name, "scores": scores.tolist(), "marks": marks.tolist(), "problems": [str(problem) for problem in problems],
            "assignments": len(assignments), "p": float(p)}


def stratified(name, scores, marks, strata):
    """Over the pairs of each stratum, one by one; the interval of a ratio of sums over strata, on the logit scale."""
    scores, marks, strata = numpy.array(scores, dtype=float), numpy.array(marks, dtype=int), numpy.array(strata)
    wins, pairs = [], []
    for stratum in dict.fromkeys(strata.tolist()):
        inside = strata == stratum
        found = [1.0 if high > low else 0.5 if high == low else 0.0
                 for high in scores[inside & (marks == 1)] for low in scores[inside & (marks == 0)]]
        if found:
            wins.append(sum(found))
            pairs.append(len(found))
    wins, pairs = numpy.array(wins), numpy.array(pairs)
    expected = None
    if len(pairs) > 0:
        value = wins.sum() / pairs.sum()
        residuals = wins - value * pairs
        interval = None
        if len(pairs) > 1 and numpy.abs(residuals).max() > 1e-12:
            # The residuals sum to 0, so their variance about their mean is that about 0.
            error = numpy.sqrt(residuals.var(ddof=1) * len(pairs)) / pairs.sum()
            half = scipy.stats.t.ppf(0.975, len(pairs) - 1) * error / (value * (1 - value))
            interval = [float(end) for end in scipy.special.expit(scipy.special.logit(value) + numpy.array([-half, half]))]
        expected = {"value": float(value), "meanOverStrata": float(numpy.mean(wins / pairs)), "strata": len(pairs),
                    "pairs": int(pairs.sum()), "interval": interval}
    return {"name": name, "scores": scores.tolist(), "marks": marks.tolist(), "strata": [str(stratum) for stratum in strata],
            "expected": expected}


def clustered_share(name, marks, problems):
    """Wilson's ends as the roots of (p − π)² = z²·π(1 − π)/n, n the effective number of answers."""
    marks, problems = numpy.array(marks, dtype=float), numpy.array(problems)
    share = marks.mean()
    sums = numpy.array([(marks[problems == problem] - share).sum() for problem in numpy.unique(problems)])
    count = len(sums)
    effective = float(count)
    if len(marks) == count:
        effective = float(len(marks))
    elif 0 < share < 1 and numpy.abs(sums).max() > 1e-12:
        effective = min(float(len(marks)), share * (1 - share) / (sums.var(ddof=1) * count / len(marks) ** 2))
    # var(ddof=1)·count is count/(count − 1)·Σ sums², because the sums add up to 0.
    roots = numpy.sort(numpy.roots([1 + Z**2 / effective, -2 * share - Z**2 / effective, share**2]).real)
    return {"name": name, "marks": marks.tolist(), "problems": [str(problem) for problem in problems],
            "low": float(max(0.0, roots[0])), "high": float(min(1.0, roots[1]))}


def rejection(scores, errors):
    """Accuracy of the k answers of least score, ties averaged by interpolating between the groups' ends."""
    scores, errors = numpy.array(scores, dtype=float), numpy.array(errors, dtype=int)
    values, counts = numpy.unique(scores, return_counts=True)
    ends = numpy.concatenate([[0], numpy.cumsum(counts)])
    cumulated = numpy.concatenate([[0], [errors[scores <= value].sum() for value in values]])
    kept = numpy.arange(len(scores), 0, -1)
    return {"scores": scores.tolist(), "errors": errors.tolist(),
            "points": [[1 - k / len(scores), float(1 - numpy.interp(k, ends, cumulated) / k)] for k in kept.tolist()]}


def power(auroc, marked, others):
    effect = abs(auroc - 0.5) * math.sqrt(12 * marked * others / (marked + others))
    return [auroc, marked, others, float(scipy.stats.norm.cdf(effect - Z))]


def detectable(marked, others):
    def excess(auroc):
        return power(auroc, marked, others)[3] - 0.8
    return [marked, others, float(scipy.optimize.brentq(excess, 0.5, 1, xtol=1e-15)) if excess(1) >= 0 else None]


def weighted(scores, marks, weights):
    """Statistics of samples that count so often each, of the sample with every copy written out; tau by SciPy, areas by scikit-learn."""
    all_scores, all_marks = numpy.repeat(scores, weights), numpy.repeat(marks, weights)
    correct = 1 - all_marks
    wrong, right = all_scores[all_marks == 1], all_scores[all_marks == 0]
    pooled = ((len(wrong) - 1) * wrong.var(ddof=1) + (len(right) - 1) * right.var(ddof=1)) / (len(all_scores) - 2)
    return {"scores": scores.tolist(), "marks": marks.tolist(), "weights": weights.tolist(),
            "auroc": float(sklearn.metrics.roc_auc_score(marks, scores, sample_weight=weights)),
            "auprc": float(sklearn.metrics.average_precision_score(marks, scores, sample_weight=weights)),
            "meanOfMarked": float(wrong.mean()), "meanOfOthers": float(right.mean()),
            "hedgesG": float((wrong.mean() - right.mean()) / numpy.sqrt(pooled) * (1 - 3 / (4 * len(all_scores) - 9))),
            "pearson": float(scipy.stats.pearsonr(all_scores, correct).statistic),
            "spearman": float(scipy.stats.spearmanr(all_scores, correct).statistic),
            "kendall": float(scipy.stats.kendalltau(all_scores, correct).statistic)}


def clustered_logistic(x, marks, problems):
    """Coefficients by SciPy's optimiser; their errors from the sandwich, written out with matrices."""
    design = numpy.column_stack([numpy.ones(len(x)), x])
    loss = lambda beta: numpy.logaddexp(0, design @ beta).sum() - marks @ (design @ beta)
    slope = lambda beta: design.T @ (scipy.special.expit(design @ beta) - marks)
    beta = scipy.optimize.root(slope, scipy.optimize.minimize(loss, [0, 0], jac=slope).x, tol=1e-14).x
    chances = scipy.special.expit(design @ beta)
    bread = numpy.linalg.inv(design.T @ (design * (chances * (1 - chances))[:, None]))
    names = numpy.unique(problems)
    sums = numpy.array([((marks - chances)[:, None] * design)[problems == name].sum(axis=0) for name in names])
    covariance = bread @ (sums.T @ sums) @ bread * len(names) / (len(names) - 1)
    return {"x": x.tolist(), "marks": marks.tolist(), "problems": [str(problem) for problem in problems],
            "coefficients": beta.tolist(), "errors": numpy.sqrt(numpy.diag(covariance)).tolist()}


def main():
    random = numpy.random.default_rng(2026)
    tied = numpy.round(random.normal(0, 1, 60), 1)
    marks = (random.random(60) < 0.4).astype(int)
    weights = random.integers(0, 4, 60)
    problems = random.integers(0, 15, 60)
    verdicts = (random.random(60) < numpy.linspace(0.1, 0.9, 15)[problems]).astype(int)
    few = [0.05, 0.1, 0.1, 0.2, 0.35, 0.35, 0.35, 0.5, 0.7, 0.8, 0.95, 0.95]
    spread = numpy.round(random.beta(2, 2, 104), 3)
    extreme = numpy.round(random.beta(0.3, 0.3, 104) * 0.98 + 0.01, 3)
    eight = [0.1, 0.4, 0.4, 0.9, 1.2, 1.2, 2.0, 3.5]
    nine = [0.1, 0.9, 0.4, 0.4, 1.2, 1.5, 2.0, 2.0, 3.5]
    document = {
        "madeBy": "test/golden/groups.py",
        "versions": {"scipy": scipy.__version__, "numpy": numpy.__version__, "scikit-learn": sklearn.__version__},
        "calibrations": [
            calibration("twelve in three bins, ties", few, [0, 0, 1, 0, 0, 1, 0, 1, 1, 0, 1, 1], 3),
            calibration("two", [0.3, 0.6], [0, 1], 2),
            calibration("one value", [0.4] * 9, [1, 0, 0, 1, 0, 0, 0, 1, 0], 4),
            calibration("104 in fifteen bins", spread, random.random(104) < spread, 15),
            calibration("104 near 0 and 1", extreme, random.random(104) < extreme, 15),
            calibration("104 and off by a half", spread, random.random(104) < spread / 2, 15),
        ],
        "permutations": [
            permutation("eight answers", eight, [0, 0, 0, 1, 0, 1, 0, 1], range(8)),
            permutation("the largest there is", eight, [0, 0, 0, 0, 0, 1, 1, 1], range(8)),
            permutation("in the middle", eight, [1, 0, 0, 0, 1, 0, 0, 1], range(8)),
            permutation("one of each", [1, 2], [0, 1], range(2)),
            permutation("all scores equal", [1.0] * 6, [0, 1, 0, 1, 1, 0], range(6)),
            permutation("three answers a problem", nine, [0, 0, 0, 0, 1, 1, 1, 1, 1], [0, 0, 0, 1, 1, 1, 2, 2, 2]),
            permutation("uneven problems", nine, [0, 0, 0, 1, 0, 1, 1, 1, 1], [0, 0, 1, 1, 2, 2, 3, 4, 5]),
        ],
        "mcNemar": [[first, second, float(scipy.stats.binomtest(first, first + second).pvalue)] for first, second in
                    [(0, 1), (1, 0), (1, 1), (0, 5), (0, 6), (2, 10), (7, 3), (15, 15), (40, 61), (301, 400), (1000, 1200)]],
        "stratifications": [
            stratified("sixty in fifteen", tied, verdicts, problems),
            stratified("sixty in two", tied, marks, numpy.arange(60) % 2),
            stratified("one stratum", tied[:9], marks[:9], [0] * 9),
            stratified("strata that agree", [1, 2, 1, 2], [0, 1, 0, 1], [0, 0, 1, 1]),
            stratified("one stratum of two is mixed", [1, 2, 2, 5, 6], [0, 1, 0, 1, 1], [0, 0, 0, 1, 1]),
            stratified("none is mixed", [1, 2, 3], [0, 1, 1], [0, 1, 1]),
        ],
        "shares": [
            clustered_share("sixty of fifteen problems", verdicts, problems),
            clustered_share("one answer a problem", marks, numpy.arange(60)),
            clustered_share("problems that agree with themselves", numpy.repeat([0, 1, 1, 0, 1], 4), numpy.repeat(numpy.arange(5), 4)),
            clustered_share("all right", [1] * 6, [0, 0, 1, 1, 2, 2]),
            clustered_share("every problem alike", [0, 1, 0, 1, 0, 1], [0, 0, 1, 1, 2, 2]),
        ],
        "weighted": weighted(tied, marks, weights),
        "clusteredLogistic": clustered_logistic(tied, verdicts, problems),
        "rejections": [rejection(tied, marks), rejection([2, 2], [0, 1]), rejection([3], [1])],
        "power": [power(auroc, marked, others) for auroc in [0.4, 0.5, 0.65, 1] for marked, others in [(1, 1), (102, 2), (30, 74)]],
        "detectable": [detectable(marked, others) for marked, others in [(102, 2), (30, 74), (500, 500), (4, 4), (6, 6)]],
    }
    pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(document, allow_nan=False) + "\n")


main()
