"""Makes statistics.json: what SciPy, scikit-learn and NumPy say of a few data sets, for the tests of core/analyse.

    python3 test/golden/statistics.py      (Debian: apt-get install python3-scipy python3-sklearn)

The project itself needs no Python. Formulas that no library has (Hedges' g, DeLong's interval, AURC, PRR) are written here in
another way than in TypeScript: by loops over all pairs, by interpolation, or by trying every order of tied samples.
"""

import itertools
import json
import pathlib

import numpy
import scipy
import scipy.optimize
import scipy.special
import scipy.stats
import sklearn
import sklearn.isotonic
import sklearn.linear_model
import sklearn.metrics

Z = scipy.stats.norm.ppf(0.975)


def number(value):
    """A float, or null for what is undefined."""
    return float(value) if numpy.isfinite(value) else None


def hedges_g(first, second):
    total = len(first) + len(second)
    if len(first) == 0 or len(second) == 0 or total < 4:
        return None
    variances = [0.0 if len(group) < 2 else numpy.var(group, ddof=1) for group in (first, second)]
    pooled = ((len(first) - 1) * variances[0] + (len(second) - 1) * variances[1]) / (total - 2)
    if pooled < 1e-30:
        return None
    return number((numpy.mean(first) - numpy.mean(second)) / numpy.sqrt(pooled) * (1 - 3 / (4 * total - 9)))


def wilson(successes, trials):
    interval = scipy.stats.binomtest(successes, trials).proportion_ci(confidence_level=0.95, method="wilson")
    return {"low": float(interval.low), "high": float(interval.high)}


def delong(positives, negatives):
    """DeLong's interval on the logit scale, from the matrix of all pairs."""
    if len(positives) < 2 or len(negatives) < 2:
        return None
    wins = (positives[:, None] > negatives[None, :]) + 0.5 * (positives[:, None] == negatives[None, :])
    area = wins.mean()
    variance = wins.mean(axis=1).var(ddof=1) / len(positives) + wins.mean(axis=0).var(ddof=1) / len(negatives)
    if variance < 1e-30:
        return None
    ends = scipy.special.expit(scipy.special.logit(area) + numpy.array([-1, 1]) * Z * numpy.sqrt(variance) / (area * (1 - area)))
    return {"low": float(ends[0]), "high": float(ends[1])}


def risk_of_order(errors):
    return numpy.mean(numpy.cumsum(errors) / numpy.arange(1, len(errors) + 1))


def aurc(scores, errors):
    """Ties averaged: every order of them where that is feasible, else the cumulated errors interpolated between the groups' ends."""
    if len(scores) <= 7:
        orders = [order for order in itertools.permutations(range(len(scores)))
                  if all(scores[a] <= scores[b] for a, b in zip(order, order[1:]))]
        return float(numpy.mean([risk_of_order(errors[list(order)]) for order in orders]))
    order = numpy.argsort(scores, kind="stable")
    values, counts = numpy.unique(scores, return_counts=True)
    ends = numpy.concatenate([[0], numpy.cumsum(counts)])
    cumulated = numpy.concatenate([[0], numpy.cumsum(errors[order])])[ends]
    kept = numpy.arange(1, len(scores) + 1)
    return float(numpy.mean(numpy.interp(kept, ends, cumulated) / kept))


def prr(scores, errors):
    if errors.min() == errors.max():
        return None
    random = errors.mean()
    return (random - aurc(scores, errors)) / (random - risk_of_order(numpy.sort(errors)))


def augrc(scores, errors):
    """The trapezoids under the share of answers that are kept and wrong, between the thresholds."""
    thresholds = numpy.unique(scores)
    coverage = [0.0] + [float(numpy.mean(scores <= threshold)) for threshold in thresholds]
    risk = [0.0] + [float(numpy.mean((scores <= threshold) * errors)) for threshold in thresholds]
    return float(numpy.trapz(risk, coverage))


def kendall(x, y):
    if len(x) < 2 or x.min() == x.max() or y.min() == y.max():
        return None
    result = scipy.stats.kendalltau(x, y)
    return {"coefficient": float(result.statistic), "p": float(result.pvalue)}


def pair_wins(scores, marks):
    positives, negatives = scores[marks == 1], scores[marks == 0]
    return (positives[:, None] > negatives[None, :]) + 0.5 * (positives[:, None] == negatives[None, :])


def compared(first, second, marks):
    """DeLong's paired test, from the two matrices of all pairs and the covariances of their rows and columns."""
    one, other = pair_wins(first, marks), pair_wins(second, marks)
    difference = one.mean() - other.mean()
    rows = numpy.cov(one.mean(axis=1), other.mean(axis=1))
    columns = numpy.cov(one.mean(axis=0), other.mean(axis=0))
    covariance = rows / one.shape[0] + columns / one.shape[1]
    error = numpy.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    return {"first": first.tolist(), "second": second.tolist(), "marks": marks.tolist(), "difference": difference,
            "low": difference - Z * error, "high": difference + Z * error,
            "p": float(2 * scipy.stats.norm.sf(abs(difference) / error))}


def log_likelihood(beta, x, y, penalised):
    """With complex arithmetic, so that a step along i gives derivatives without cancellation."""
    eta = x @ beta
    value = numpy.sum(y * eta - numpy.log(1 + numpy.exp(eta)))
    if penalised:
        p = 1 / (1 + numpy.exp(-eta))
        value = value + 0.5 * numpy.log(numpy.linalg.det((x * (p * (1 - p))[:, None]).T @ x))
    return value


def logistic_regression(x, y, penalised, held=None):
    free = [column for column in range(x.shape[1]) if column != held]

    def gradient(values):
        result = []
        for column in free:
            beta = numpy.zeros(x.shape[1], dtype=complex)
            beta[free] = values
            beta[column] += 1e-30j
            result.append(log_likelihood(beta, x, y, penalised).imag / 1e-30)
        return numpy.array(result)

    root = scipy.optimize.root(gradient, numpy.zeros(len(free)), method="hybr", tol=1e-14)
    assert numpy.abs(gradient(root.x)).max() < 1e-8, root
    beta = numpy.zeros(x.shape[1])
    beta[free] = root.x
    p = 1 / (1 + numpy.exp(-(x @ beta)))
    covariance = numpy.linalg.inv((x * (p * (1 - p))[:, None]).T @ x)
    return {"coefficients": beta.tolist(), "standardErrors": numpy.sqrt(numpy.diag(covariance)).tolist(),
            "logLikelihood": float(log_likelihood(beta, x, y, penalised))}


def regression(name, columns, outcomes, penalised):
    x, y = numpy.array(columns).T, numpy.array(outcomes, dtype=float)
    return {"name": name, "columns": numpy.array(columns).tolist(), "outcomes": y.tolist(), "firth": penalised,
            "full": logistic_regression(x, y, penalised), "held": logistic_regression(x, y, penalised, held=1)}


def platt(scores, marks, at):
    """scikit-learn's unpenalised logistic regression, each sample counting as both outcomes, weighted by Platt's targets."""
    count = marks.sum()
    targets = numpy.where(marks == 1, (count + 1) / (count + 2), 1 / (len(marks) - count + 2))
    regression = sklearn.linear_model.LogisticRegression(penalty=None, solver="newton-cholesky", tol=1e-13)
    twice = numpy.concatenate([scores, scores])[:, None]
    regression.fit(twice, numpy.repeat([1, 0], len(scores)), numpy.concatenate([targets, 1 - targets]))
    return regression.predict_proba(at[:, None])[:, 1].tolist()


def isotonic(scores, marks, at):
    return sklearn.isotonic.IsotonicRegression(out_of_bounds="clip").fit(scores, marks).predict(at).tolist()


def models(random):
    marks = (random.random(60) < 0.4).astype(int)
    first = numpy.round(random.normal(0, 1, 60) + 0.8 * marks, 1)
    second = numpy.round(0.5 * first + random.normal(0, 1, 60), 1)
    ones, length = numpy.ones(60), numpy.round(random.normal(0, 1, 60), 2)
    level = (random.random(60) < 0.3).astype(float)
    separated = [-2.0, -1.5, -1.0, -0.2, 0.1, 0.4, 1.2, 3.0]
    slow = [1, 0.25, 1.75, 1, 0, 0.5, 0.75, 1.5, 0.75, 1.75, 0.5, 0.5, 2]
    few = [2, 2, 0.75, 0.25, 0.25, 0.25, 2]
    at = numpy.linspace(-3, 4, 29)
    probabilities = numpy.round(random.random(60) * 0.98 + 0.01, 3)
    p_values = [0.01, 0.04, 0.03, 0.005, 0.03, 0.9]
    return {
        "comparisons": [compared(first, second, marks), compared(second[:7], first[:7], numpy.array([1, 0, 1, 0, 0, 1, 0]))],
        "regressions": [
            regression("three terms", [ones, first, length, level], marks, False),
            regression("the same with Firth's penalty", [ones, first, length, level], marks, True),
            regression("separated, Firth", [[1.0] * 8, separated], [0, 0, 0, 0, 1, 1, 1, 1], True),
            regression("quasi-separated, Firth", [[1.0] * 8, separated, [0, 1, 0, 0, 1, 0, 1, 1]], [0, 0, 0, 1, 1, 1, 1, 1], True),
            # The information is far from the curvature here: Fisher's scoring takes more than a hundred steps.
            regression("thirteen separated, Firth", [[1.0] * 13, slow], [int(x >= 1) for x in slow], True),
            regression("seven answers for five terms, Firth", [[1.0] * 7, few, [3, 3, 1, 3, 2, 3, 2], [1, 1, 0, 0, 0, 1, 0], [0, 0, 1, 0, 0, 0, 0]],
                       [0, 1, 1, 0, 0, 1, 0], True),
        ],
        "calibration": {"scores": first.tolist(), "marks": marks.tolist(), "at": at.tolist(),
                        "platt": platt(first, marks, at), "isotonic": isotonic(first, marks, at)},
        "probabilities": {"predictions": probabilities.tolist(), "marks": marks.tolist(),
                          "brier": float(sklearn.metrics.brier_score_loss(marks, probabilities)),
                          "logLoss": float(sklearn.metrics.log_loss(marks, probabilities))},
        "studentQuantile": [[float(df), float(scipy.stats.t.ppf(0.975, df))] for df in [1, 2, 3, 24, 103, 5000]],
        # Sorted: 0.005 0.01 0.03 0.03 0.04 0.9; the definitions by hand over the sorted list.
        "adjusted": {"p": p_values,
                     "holm": [max(min(1.0, (6 - j) * q) for j, q in enumerate(sorted(p_values)) if q <= p and j <= sorted(p_values).index(p)) for p in p_values],
                     "benjaminiHochberg": [min(min(1.0, 6 * q / (j + 1)) for j, q in enumerate(sorted(p_values)) if q >= p) for p in p_values]},
    }


def describe(values):
    some, several = len(values) > 0, len(values) > 1
    return {"n": len(values), "mean": number(numpy.mean(values)) if some else None,
            "sd": number(numpy.std(values, ddof=1)) if several else None, "median": number(numpy.median(values)) if some else None}


def correlation(function, x, y):
    if len(x) < 2 or x.min() == x.max() or y.min() == y.max():
        return None
    with numpy.errstate(divide="ignore", invalid="ignore"):
        coefficient, p = function(x, y)
    # With two samples the degrees of freedom are 0, where one function says 1 and the other nan: any line fits two points.
    return {"coefficient": float(coefficient), "p": 1.0 if len(x) == 2 else float(p)}


def data_set(name, scores, incorrect):
    scores = numpy.array(scores, dtype=float)
    errors = numpy.array(incorrect, dtype=float)
    positives, negatives = scores[errors == 1], scores[errors == 0]
    both = len(positives) > 0 and len(negatives) > 0
    test = None
    if both:
        with numpy.errstate(divide="ignore"):
            test = scipy.stats.mannwhitneyu(positives, negatives, alternative="two-sided",
                                            method="asymptotic", use_continuity=True)
    return {
        "name": name,
        "scores": scores.tolist(),
        "incorrect": [bool(value) for value in incorrect],
        "expected": {
            "ranks": scipy.stats.rankdata(scores).tolist() if len(scores) <= 104 else None,
            "accuracy": {"value": float(1 - errors.mean()), **wilson(len(negatives), len(scores))},
            "correct": describe(negatives),
            "incorrect": describe(positives),
            "hedgesG": hedges_g(positives, negatives),
            "pearson": correlation(scipy.stats.pearsonr, scores, 1 - errors),
            "spearman": correlation(scipy.stats.spearmanr, scores, 1 - errors),
            "mannWhitney": {"u": float(test.statistic), "p": float(test.pvalue)} if both else None,
            "auroc": float(sklearn.metrics.roc_auc_score(errors, scores)) if both else None,
            "aurocInterval": delong(positives, negatives),
            "auprc": float(sklearn.metrics.average_precision_score(errors, scores)) if len(positives) else None,
            "aurc": aurc(scores, errors),
            "prr": prr(scores, errors),
            "augrc": augrc(scores, errors),
            "kendall": kendall(scores, 1 - errors),
        },
    }


def distributions():
    tails = [-6.0, -1.5, -0.1, 0.0, 1e-3, 0.5, 1.0, 1.96, 2.8, 2.83, 3.5, 6.0, 10.0, 20.0, 37.0]
    betas = [(x, a, b) for a, b in [(0.5, 0.5), (1, 3), (51, 0.5), (499, 0.5), (49_999, 0.5), (2.5, 40), (300, 200)]
             for x in [0.0, 1e-6, 0.02, 0.3, 0.6, 0.97, 0.9999, 1.0]]
    return {"normalTail": [[z, float(scipy.stats.norm.sf(z))] for z in tails],
            "incompleteBeta": [[x, a, b, float(scipy.special.betainc(a, b, x))] for x, a, b in betas],
            "logGamma": [[x, float(scipy.special.gammaln(x))] for x in [1e-3, 0.5, 1.0, 1.5, 2.0, 3.7, 10.0, 51.5, 499.5, 5e4]]}


def main():
    random = numpy.random.default_rng(20261125)

    def skewed(correct, incorrect, digits):
        scores = numpy.concatenate([random.lognormal(-5.2, 1.1, correct), random.lognormal(-3.3, 0.9, incorrect)])
        labels = [False] * correct + [True] * incorrect
        order = random.permutation(len(scores))
        return numpy.round(scores[order], digits), [labels[index] for index in order]

    sets = [
        data_set("skewed, 70 correct and 34 incorrect", *skewed(70, 34, 6)),
        data_set("the same with many ties", *skewed(70, 34, 2)),
        data_set("two correct among 104", *skewed(2, 102, 6)),
        data_set("one thousand", *skewed(700, 300, 6)),
        data_set("one thousand, nothing to find", numpy.round(random.normal(0, 1, 1000), 3), random.random(1000) < 0.25),
        data_set("negative scores", numpy.round(random.normal(-3, 1, 40), 2), random.random(40) < 0.5),
        data_set("six with ties", [0.1, 0.2, 0.2, 0.2, 0.4, 0.4], [False, True, False, False, True, False]),
        data_set("seven, two values", [1, 0, 1, 0, 0, 1, 1], [True, False, False, True, False, True, True]),
        *[data_set(f"perfectly {name}", scores, [False] * 3 + [True] * 3) for name, scores in
          [("separated", [1, 2, 3, 4, 5, 6]), ("wrong", [6, 5, 4, 3, 2, 1])]],
        data_set("all scores equal", [0.1] * 9, [True, False, False, True, False, False, False, True, False]),
        data_set("one of each", [0.3, 0.1], [True, False]),
        data_set("one against four", [0.5, 0.1, 0.2, 0.2, 0.9], [True, False, False, False, False]),
        data_set("two against one", [0.5, 0.1, 0.2], [True, True, False]),
        *[data_set(f"all {name}", [0.01, 0.02, 0.05, 0.02], [wrong] * 4) for name, wrong in [("correct", False), ("incorrect", True)]],
        data_set("one sample", [0.25], [False]),
    ]
    document = {
        "madeBy": "test/golden/statistics.py",
        "versions": {"scipy": scipy.__version__, "numpy": numpy.__version__, "scikit-learn": sklearn.__version__},
        "distributions": distributions(), "dataSets": sets, "models": models(numpy.random.default_rng(7)),
    }
    pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(document, allow_nan=False) + "\n")


main()
