"""Makes scores.json: what NumPy and SciPy say of the scores of a few answers, for the tests of core/analyse.

    python3 test/golden/scores.py      (Debian: apt-get install python3-scipy)

The project itself needs no Python. Windows are cut by slicing, slopes fitted by polyfit, quantiles and entropies taken from
the libraries: another way than in TypeScript.
"""

import json
import pathlib

import numpy
import scipy.special
import scipy.stats

WINDOW = 32
TOP_K = 5
VOCABULARY = 64


def make_answer(generator, count):
    """Tokens of random distributions over a small vocabulary, some sharp and some flat, the chosen one drawn from each."""
    logits = generator.normal(size=(count, VOCABULARY)) * generator.choice([0.3, 3.0, 12.0], size=(count, 1))
    logprobs = scipy.special.log_softmax(logits, axis=1)
    probabilities = numpy.exp(logprobs)
    chosen = numpy.array([generator.choice(VOCABULARY, p=row / row.sum()) for row in probabilities])
    ordered = -numpy.sort(-logprobs, axis=1)
    entropy = scipy.stats.entropy(probabilities, axis=1)
    return {
        "entropyNats": entropy,
        "varentropy": (probabilities * (-logprobs - entropy[:, None]) ** 2).sum(axis=1),
        "logprob": logprobs[numpy.arange(count), chosen],
        "margin": numpy.exp(ordered[:, 0]) - numpy.exp(ordered[:, 1]),
        "selfCertainty": -numpy.log(VOCABULARY) - logprobs.mean(axis=1),
        "topLogprobs": ordered[:, :TOP_K],
    }


def score(tokens):
    entropy, logprob = tokens["entropyNats"], tokens["logprob"]
    count = len(entropy)
    confidence = -tokens["topLogprobs"].mean(axis=1)
    size = min(WINDOW, count)
    windows = numpy.sort([confidence[start:start + size].mean() for start in range(count - size + 1)])
    return {
        "MeanTokenEntropy": entropy.mean(),
        "MaximumTokenEntropy": entropy.max(),
        "MedianTokenEntropy": numpy.median(entropy),
        "TokenEntropyQuantile90": numpy.quantile(entropy, 0.9),
        "FirstTokenEntropy": entropy[0],
        "LastTenTokensEntropy": entropy[-10:].mean(),
        "TokenEntropySlope": None if count < 2 else numpy.polyfit(numpy.arange(count), entropy, 1)[0],
        "EntropySpikeCount": int(((entropy >= 0.5) & (entropy > entropy.mean() + 2 * entropy.std())).sum()),
        "MeanTokenVarentropy": tokens["varentropy"].mean(),
        "MaximumTokenVarentropy": tokens["varentropy"].max(),
        "MaximumSequenceProbability": -logprob.sum(),
        "MeanTokenNegativeLogprob": -logprob.mean(),
        "Perplexity": 1 / scipy.stats.gmean(numpy.exp(logprob)),
        "MinimumTokenProbability": 1 - numpy.exp(logprob).min(),
        "MeanTokenMargin": -tokens["margin"].mean(),
        "SelfCertainty": -tokens["selfCertainty"].mean(),
        "DeepConfLowestWindow": -windows[0],
        "DeepConfBottomTenPercent": -windows[:max(1, int(len(windows) * 0.1))].mean(),
        "SequenceLength": count,
    }


def semantic(classes, sums, lengths):
    """Entropies over classes by counts and by likelihoods, whole and per token."""
    classes = numpy.array(classes)
    names = numpy.unique(classes)

    def weighted(weights):
        return scipy.stats.entropy([numpy.exp(weights - weights.max())[classes == name].sum() for name in names])

    counts = numpy.array([(classes == name).sum() for name in names])
    sums, lengths = numpy.array(sums), numpy.array(lengths)
    return {
        "discrete": scipy.stats.entropy(counts),
        "sequence": weighted(sums),
        "lengthNormalised": weighted(sums / lengths),
        "modalShare": counts.max() / len(classes),
        "ownShare": [float((classes == own).mean()) for own in classes],
    }


def plain(value):
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, numpy.ndarray):
        return value.tolist()
    return value.item() if isinstance(value, numpy.generic) else value


def main():
    generator = numpy.random.default_rng(2508)
    answers = []
    for count in (1, 2, 9, 31, 32, 33, 75):
        tokens = make_answer(generator, count)
        answers.append({"tokens": tokens, "expected": score(tokens)})
    groups = []
    for classes in ([0, 0, 0, 0], [0, 1, 2, 3, 4], [0, 0, 1, 0, 2, 1, 0, 3]):
        lengths = generator.integers(8, 60, size=len(classes))
        sums = -generator.gamma(1.0, 4.0, size=len(classes))
        group = {"classes": classes, "sumLogprobs": sums, "lengths": lengths}
        groups.append({**group, "expected": semantic(classes, sums, lengths)})
    golden = {
        "madeBy": "test/golden/scores.py",
        "answers": [plain(answer) for answer in answers],
        "groups": [plain(group) for group in groups],
    }
    path = pathlib.Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")


main()
