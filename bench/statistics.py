"""The same work as bench/statistics.mjs measures, by scikit-learn and NumPy: python3 statistics.py FOLDER ROWS RESAMPLES MEASURED

Prints seconds as JSON. Of the resamples only MEASURED are drawn, and their time is scaled up to RESAMPLES.
"""

import json
import sys
import time
import warnings

import numpy as np
from sklearn import metrics as m

warnings.filterwarnings("ignore")
folder, rows, resamples, measured = sys.argv[1], *map(int, sys.argv[2:5])
read = lambda name, dtype: np.fromfile(f"{folder}/{name}.bin", dtype)
label, group = read("label", np.uint8), read("group", np.uint8)
scores = [read("score_a", np.float64), read("score_b", np.float64)]
parts = [slice(None), *(np.flatnonzero(group == g) for g in range(5))]


def all_scores(y, s):
    """Each metric by scikit-learn's function of it."""
    p = (s >= 0.5).astype(np.uint8)
    out = [m.accuracy_score(y, p), m.balanced_accuracy_score(y, p), m.matthews_corrcoef(y, p), m.cohen_kappa_score(y, p)]
    for average in ("binary", "macro", "micro", "weighted"):
        out += m.precision_recall_fscore_support(y, p, average=average)[:3]
        out.append(m.jaccard_score(y, p, average=average))
    out += [m.fbeta_score(y, p, beta=2), m.fbeta_score(y, p, beta=0.5), *m.confusion_matrix(y, p).ravel()]
    fpr, tpr, _ = m.roc_curve(y, s)
    precision, recall, _ = m.precision_recall_curve(y, s)
    out += [m.roc_auc_score(y, s), m.average_precision_score(y, s), m.auc(recall, precision), np.max(tpr - fpr)]
    out += [m.log_loss(y, s), m.brier_score_loss(y, s), m.d2_log_loss_score(y, s), m.d2_brier_score(y, s)]
    bins = np.minimum((s * 10).astype(int), 9)
    gap, size = np.bincount(bins, y - s, 10), np.bincount(bins, minlength=10)
    return out + [np.abs(gap).sum() / len(y), np.max(np.abs(gap) / np.maximum(size, 1))]


def from_counts(cells):
    """Every metric of decisions, from the counts of label × decision."""
    tn, fp, fn, tp = cells
    n = cells.sum()
    precision, recall, special = tp / max(tp + fp, 1), tp / max(tp + fn, 1), tn / max(tn + fp, 1)
    chance = ((tp + fp) * (tp + fn) + (tn + fn) * (tn + fp)) / n**2
    spread = np.sqrt(float(tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
    return [
        (tp + tn) / n, precision, recall, special, (recall + special) / 2, 2 * tp / (2 * tp + fp + fn), tp / (tp + fp + fn),
        ((tp + tn) / n - chance) / (1 - chance), (float(tp) * tn - float(fp) * fn) / spread,
    ]  # fmt: skip


def resampled(y, s, rng, presorted):
    """One paired resample: the metrics of both models on the same drawn rows."""
    n = len(y)
    drawn = rng.integers(0, n, n)
    out = []
    yy = y[drawn]
    if presorted is not None:
        weights = np.bincount(drawn, minlength=n).astype(np.float64)
    for k in (0, 1):
        ss = s[k][drawn]
        out += from_counts(np.bincount(2 * yy + (ss >= 0.5), minlength=4))
        given = np.where(yy == 1, ss, 1 - ss)
        out += [-np.log(given).mean(), np.square(1 - given).mean()]
        bins = np.minimum((ss * 10).astype(int), 9)
        gap, size = np.bincount(bins, yy - ss, 10), np.bincount(bins, minlength=10)
        out += [np.abs(gap).sum() / n, np.max(np.abs(gap) / np.maximum(size, 1))]
        if presorted is None:
            fpr, tpr, _ = m.roc_curve(yy, ss, drop_intermediate=False)
            out += [m.auc(fpr, tpr), np.max(tpr - fpr), m.average_precision_score(yy, ss)]
        else:
            w, positive = weights[presorted[k]], y[presorted[k]]
            right, every = np.cumsum(w * positive), np.cumsum(w)
            wrong = every - right
            out += [np.sum(w * (1 - positive) * right) / right[-1] / wrong[-1], np.max(right / right[-1] - wrong / wrong[-1])]
            out += [np.sum(w * positive * right / np.maximum(every, 1)) / right[-1]]
    return out


def delong(y, s):
    """Variance of the difference of two areas, by mid-ranks (Sun and Xu, 2014)."""
    from scipy.stats import rankdata

    parts = []
    for one in s:
        pos, neg = one[y == 1], one[y == 0]
        pooled = rankdata(np.r_[pos, neg])
        parts.append(((pooled[: len(pos)] - rankdata(pos)) / len(neg), 1 - (pooled[len(pos) :] - rankdata(neg)) / len(pos)))
    return sum(np.cov(parts[0][i], parts[1][i]) / len(parts[0][i]) for i in (0, 1))


def timed(work):
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def bootstrap(presort):
    rng = np.random.default_rng(1)
    for part in parts:
        y, s = label[part], [one[part] for one in scores]
        presorted = [np.argsort(-one, kind="stable") for one in s] if presort else None
        began.append(time.perf_counter())
        for _ in range(measured):
            resampled(y, s, rng, presorted)
        spent.append(time.perf_counter() - began.pop())


began, spent = [], []
result = {"scores": timed(lambda: [all_scores(label[p], s[p]) for p in parts for s in scores])}
result["delong"] = timed(lambda: [delong(label[p], [s[p] for s in scores]) for p in parts])
bootstrap(presort=False)
result["resamples"] = sum(spent) * resamples / measured
spent.clear()
bootstrap(presort=True)
result["resamples_presorted"] = sum(spent) * resamples / measured
json.dump(result, sys.stdout)
