#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""comparison.py PROGRAM [SEED]: the figures of a comparison against SciPy and brute force on random inputs, and the attention on
a passage against a forward pass in NumPy. PROGRAM is tests/support/comparison_figures."""
import itertools
import json
import math
import pathlib
import subprocess
import sys

import numpy as np
from scipy.spatial.distance import jensenshannon
from scipy.stats import binomtest

from hunyuan_reference import Model

GOLDENS = pathlib.Path(__file__).resolve().parents[1] / "data/golden"


def counts(tokens, experts):
    return np.bincount(np.concatenate([np.asarray(t) for t in tokens]), minlength=experts)


def divergence(a, b):
    """Bits; SciPy's jensenshannon is the square root."""
    return jensenshannon(a, b, 2) ** 2


def quantile(values, weights, share=0.95):
    """The smallest value that at least `share` of the weight does not exceed."""
    order = np.argsort(values)
    running = np.cumsum(np.asarray(weights, dtype=float)[order])
    return np.asarray(values)[order][np.searchsorted(running, share * running[-1] * (1 - 1e-12))]


def all_exchanges(a, b, experts):
    found = []
    for way in itertools.product((False, True), repeat=len(a)):
        of_a = [y if turned else x for x, y, turned in zip(a, b, way)]
        of_b = [x if turned else y for x, y, turned in zip(a, b, way)]
        found.append(divergence(counts(of_a, experts), counts(of_b, experts)))
    return quantile(found, np.ones(len(found)))


def exact_chance(a, b, experts):
    """Of many pairs with few different moves: how many of each kind are exchanged is binomial."""
    kinds = {}
    for x, y in zip(a, b):
        if x != y:
            kinds[(x[0], y[0])] = kinds.get((x[0], y[0]), 0) + 1
    base_a, base_b = counts(a, experts), counts(b, experts)
    values, weights = [], []
    for turned in itertools.product(*(range(m + 1) for m in kinds.values())):
        of_a, of_b, weight = base_a.copy(), base_b.copy(), 1
        for (x, y), m, t in zip(kinds, kinds.values(), turned):
            of_a[x] -= t
            of_a[y] += t
            of_b[y] -= t
            of_b[x] += t
            weight *= math.comb(m, t)
        values.append(divergence(of_a, of_b))
        weights.append(weight)
    return quantile(values, weights)


def sampled_chance(a, b, experts, random, times=200_000):
    """Of many pairs with many different moves: so many exchanges that the 95th percentile is known to 0.001."""
    x, y = np.asarray(a)[:, 0], np.asarray(b)[:, 0]
    found = []
    for _ in range(0, times, 10_000):
        turned = random.random((10_000, len(x))) < 0.5
        p = (np.where(turned, y, x)[:, :, None] == np.arange(experts)).mean(axis=1)
        q = (np.where(turned, x, y)[:, :, None] == np.arange(experts)).mean(axis=1)
        found.append(jensenshannon(p, q, 2, axis=1) ** 2)
    return quantile(np.concatenate(found), np.ones(times))


def longest_common(a, b):
    most = np.zeros(len(b) + 1, dtype=int)
    for element in a:
        taken = np.where(np.asarray(b) == element, most[:-1] + 1, 0) if len(b) else np.zeros(0, dtype=int)
        row = np.zeros_like(most)
        row[1:] = np.maximum.accumulate(np.maximum(taken, most[1:]))
        most = row
    return int(most[-1])


def draw(random, experts, used):
    return [int(e) for e in random.choice(experts, used, replace=False)]


class Checker:
    def __init__(self, program):
        self.program, self.questions, self.tests = program, [], []

    def ask(self, question, test):
        self.questions.append(json.dumps(question))
        self.tests.append(test)

    def run(self):
        done = subprocess.run([self.program], input="\n".join(self.questions) + "\n", capture_output=True, text=True, check=True)
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        assert len(answers) == len(self.tests), f"{len(answers)} answers to {len(self.tests)} questions"
        wrong = 0
        for question, answer, test in zip(self.questions, answers, self.tests):
            problem = test(answer)
            if problem:
                wrong += 1
                print(f"{problem}: {answer} to {question[:300]}")
        return wrong


def near(name, is_, wanted, most):
    return f"{name} {is_} and not {wanted}" if abs(is_ - wanted) > most else None


def add_distances(checker, random):
    for _ in range(150):
        experts = int(random.integers(2, 65))
        used = int(random.integers(1, min(experts, 9)))
        n = int(random.integers(1, 13))
        a = [draw(random, experts, used) for _ in range(n)]
        b = [t if random.random() < 0.4 else draw(random, experts, used) for t in a]
        js, chance = divergence(counts(a, experts), counts(b, experts)), all_exchanges(a, b, experts) if n <= 9 else None
        jaccard = np.mean([len(set(x) & set(y)) / len(set(x) | set(y)) for x, y in zip(a, b)])

        def test(answer, js=js, chance=chance, jaccard=jaccard, n=n):
            return near("js", answer["js"], js, 1e-9) or near("jaccard", answer["jaccard"], jaccard, 1e-9) or \
                (chance is not None and near("chance", answer["chance"], chance, 1e-9)) or near("n", answer["n"], n, 0)

        checker.ask({"kind": "distance", "experts": experts, "a": a, "b": b, "pairs": [[i, i] for i in range(n)]}, test)
    for n in (12, 12, 12):
        a = [draw(random, 6, 1) for _ in range(n)]
        b = [draw(random, 6, 1) for _ in range(n)]
        wanted = all_exchanges(a, b, 6)
        checker.ask({"kind": "distance", "experts": 6, "a": a, "b": b, "pairs": [[i, i] for i in range(n)]},
                    lambda answer, wanted=wanted: near("chance of 12", answer["chance"], wanted, 1e-9))
    for _ in range(8):
        a = [draw(random, 16, 1) for _ in range(31)]
        b = [draw(random, 16, 1) for _ in range(31)]
        wanted = sampled_chance(a, b, 16, random)
        checker.ask({"kind": "distance", "experts": 16, "a": a, "b": b, "pairs": [[i, i] for i in range(31)]},
                    lambda answer, wanted=wanted: near("chance of 31", answer["chance"], wanted, 0.005))
    for _ in range(20):
        kinds = [(int(x), int(y)) for x, y in (random.choice(16, 2, replace=False) for _ in range(4))]
        chosen = [kinds[int(i)] for i in random.integers(0, 4, 31)]
        a, b = [[x] for x, _ in chosen], [[y] for _, y in chosen]
        wanted = exact_chance(a, b, 16)
        checker.ask({"kind": "distance", "experts": 16, "a": a, "b": b, "pairs": [[i, i] for i in range(31)]},
                    lambda answer, wanted=wanted: near("chance of 31", answer["chance"], wanted, 0.005))


def add_intervals(checker, random):
    for _ in range(200):
        n = int(random.integers(1, 400))
        found = int(random.integers(0, n + 1))
        interval = binomtest(found, n).proportion_ci(0.95, "wilson")
        checker.ask({"kind": "wilson", "found": found, "n": n},
                    lambda answer, i=interval: near("low", answer["low"], i.low, 1e-9) or near("high", answer["high"], i.high, 1e-9))


def add_alignments(checker, random):
    for _ in range(150):
        letters = int(random.integers(1, 40))
        a = [int(x) for x in random.integers(0, letters, int(random.integers(0, 120)))]
        b = [int(x) for x in random.integers(0, letters, int(random.integers(0, 120)))]
        wanted = longest_common(a, b)

        def test(answer, a=a, b=b, wanted=wanted):
            pairs = [(i, j) for i, j in enumerate(answer["partner"]) if j >= 0]
            if any(a[i] != b[j] for i, j in pairs) or any(p[1] >= q[1] for p, q in zip(pairs, pairs[1:])):
                return "pairs that are none"
            return near("pairs", len(pairs), wanted, 0) or ("approximate" if answer["approximate"] else None)

        checker.ask({"kind": "alignment", "a": a, "b": b}, test)


def add_masses(checker, random):
    """What a query of a golden looks at of a passage, by layer: the mean over heads."""
    for name in ("large_like", "cla4", "cla_off", "odd_head80"):
        model = Model(GOLDENS / name)
        tokens = [int(t) for t in random.integers(0, 480, 90)]
        attention = model.forward(tokens)["attention"]
        for _ in range(12):
            position = int(random.integers(0, len(tokens)))
            first = int(random.integers(0, position + 1))
            count = int(random.integers(0, position - first + 2))
            wanted = attention[:, :, position, first:first + count].sum(axis=2).mean(axis=1)

            def test(answer, wanted=wanted):
                off = np.abs(np.asarray(answer["mass"]) - wanted).max()
                return f"off by {off} from {wanted}" if off > 1e-4 else None

            checker.ask({"kind": "mass", "golden": str(GOLDENS / name), "tokens": tokens, "position": position, "first": first,
                         "count": count}, test)


def main():
    checker = Checker(sys.argv[1])
    random = np.random.default_rng(int(sys.argv[2]) if len(sys.argv) > 2 else 8)
    add_distances(checker, random)
    add_intervals(checker, random)
    add_alignments(checker, random)
    add_masses(checker, random)
    wrong = checker.run()
    print(f"{len(checker.tests)} figures, {wrong} wrong.")
    return 1 if wrong else 0


sys.exit(main())
