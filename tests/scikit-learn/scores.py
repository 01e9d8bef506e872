"""Scores of cases (JSON on stdin) by scikit-learn and SciPy themselves: [{task, ...}] -> [{metric: value or null}].

null where scikit-learn gives NaN or refuses; a metric that is not in the answer is not scikit-learn's.
"""

import json
import math
import sys
import warnings

import numpy as np
from scipy import stats
from sklearn import metrics as m
from sklearn.calibration import calibration_curve

warnings.filterwarnings("ignore")


def safely(of):
    try:
        value = float(of())
    except (ValueError, ZeroDivisionError):
        return None
    return value if math.isfinite(value) else None


def decisions(y, p, w, averages, binary):
    kw = {"sample_weight": w}
    out = {
        "accuracy": lambda: m.accuracy_score(y, p, **kw),
        "zero_one_loss": lambda: m.zero_one_loss(y, p, **kw),
    }
    for name, of in {
        "precision": m.precision_score,
        "recall": m.recall_score,
        "f1": m.f1_score,
        "jaccard": m.jaccard_score,
    }.items():
        for average in averages:
            out[f"{name}_{average}"] = lambda of=of, average=average: of(
                y, p, average=average, zero_division=0, **kw
            )
        if binary:
            out[f"{name}_binary"] = lambda of=of: of(y, p, pos_label=1, zero_division=0, **kw)
    return out


def binary(case):
    y, p, s = (np.array(case[name]) for name in ("y_true", "y_pred", "y_score"))
    w = case["weight"] and np.array(case["weight"])
    kw = {"sample_weight": w}
    # Of the rows that count: where one class alone does, average precision is undefined here and 0 there.
    both = len(set(y if w is None else y[w > 0])) == 2
    out = decisions(y, p, w, ("macro", "micro", "weighted"), True)
    out |= {
        "balanced_accuracy": lambda: m.balanced_accuracy_score(y, p, **kw),
        "f2_binary": lambda: m.fbeta_score(y, p, beta=2, zero_division=0, **kw),
        "f05_binary": lambda: m.fbeta_score(y, p, beta=0.5, zero_division=0, **kw),
        "mcc": lambda: m.matthews_corrcoef(y, p, **kw),
        "cohen_kappa": lambda: m.cohen_kappa_score(y, p, **kw),
        "roc_auc": lambda: m.roc_auc_score(y, s, **kw),
        "log_loss": lambda: m.log_loss(y, y_proba=s, labels=[0, 1], **kw),
        "brier": lambda: m.brier_score_loss(y, s, pos_label=1, **kw),
    }
    if w is None:
        # Its mean score and share of positives are divided by the rows of a bin, so they are multiplied back.
        size = np.bincount(np.searchsorted(np.linspace(0, 1, 11)[1:-1], s), minlength=10)
        gap = lambda: np.abs(np.subtract(*calibration_curve(y, s, n_bins=10, pos_label=1)))
        out["ece_10_equal_width"] = lambda: np.sum(gap() * size[size > 0]) / len(y)
        out["mce_10_equal_width"] = lambda: np.max(gap())
    if both:
        out |= {
            "average_precision": lambda: m.average_precision_score(y, s, **kw),
            "d2_log_loss": lambda: m.d2_log_loss_score(y, s, **kw),
            "d2_brier": lambda: m.d2_brier_score(y, s, **kw),
        }
    return out


def multiclass(case):
    y, p, s = (np.array(case[name]) for name in ("y_true", "y_pred", "scores"))
    w = case["weight"] and np.array(case["weight"])
    kw = {"sample_weight": w}
    labels = np.arange(s.shape[1])
    present = len(set(y)) == s.shape[1]
    out = decisions(y, p, w, ("macro", "micro", "weighted"), False)
    out |= {
        "balanced_accuracy": lambda: m.balanced_accuracy_score(y, p, **kw),
        "mcc": lambda: m.matthews_corrcoef(y, p, **kw),
        "cohen_kappa": lambda: m.cohen_kappa_score(y, p, **kw),
        "cohen_kappa_linear": lambda: m.cohen_kappa_score(y, p, weights="linear", **kw),
        "cohen_kappa_quadratic": lambda: m.cohen_kappa_score(y, p, weights="quadratic", **kw),
        "log_loss": lambda: m.log_loss(y, y_proba=s, labels=labels, **kw),
        "brier": lambda: m.brier_score_loss(y, s, labels=labels, **kw),
    }
    for k in (2, 3, 5):
        if k < s.shape[1]:
            out[f"top_{k}_accuracy"] = lambda k=k: m.top_k_accuracy_score(y, s, k=k, labels=labels, **kw)
    for average in ("macro", "weighted"):
        out[f"roc_auc_ovr_{average}"] = lambda a=average: m.roc_auc_score(
            y, s, multi_class="ovr", average=a, labels=labels, **kw
        )
        out[f"roc_auc_ovo_{average}"] = lambda a=average: m.roc_auc_score(
            y, s, multi_class="ovo", average=a, labels=labels, **kw
        )
        if present:
            out[f"average_precision_{average}"] = lambda a=average: m.average_precision_score(
                y, s, average=a, **kw
            )
    if present:
        out["roc_auc_ovr_micro"] = lambda: m.roc_auc_score(y, s, multi_class="ovr", average="micro", **kw)
        out["average_precision_micro"] = lambda: m.average_precision_score(y, s, average="micro", **kw)
        out["d2_log_loss"] = lambda: m.d2_log_loss_score(y, s, labels=labels, **kw)
        out["d2_brier"] = lambda: m.d2_brier_score(y, s, labels=labels, **kw)
    for k in sorted(set(y) | set(p)):
        out[f"{k}.precision"] = lambda k=k: m.precision_score(
            y, p, labels=[k], average="macro", zero_division=0, **kw
        )
        out[f"{k}.recall"] = lambda k=k: m.recall_score(y, p, labels=[k], average="macro", zero_division=0, **kw)
        out[f"{k}.f1"] = lambda k=k: m.f1_score(y, p, labels=[k], average="macro", zero_division=0, **kw)
    return out


def multilabel(case):
    y, p, s = (np.array(case[name]) for name in ("y_true", "y_pred", "scores"))
    w = case["weight"] and np.array(case["weight"])
    kw = {"sample_weight": w}
    out = decisions(y, p, w, ("macro", "micro", "weighted", "samples"), False)
    out |= {
        "hamming_loss": lambda: m.hamming_loss(y, p, **kw),
        "label_ranking_average_precision": lambda: m.label_ranking_average_precision_score(y, s, **kw),
        "label_ranking_loss": lambda: m.label_ranking_loss(y, s, **kw),
        "coverage_error": lambda: m.coverage_error(y, s, **kw),
    }
    if y.any():
        for average in ("macro", "micro", "weighted"):
            out[f"roc_auc_{average}"] = lambda a=average: m.roc_auc_score(y, s, average=a, **kw)
        for average in ("macro", "micro", "weighted", "samples"):
            out[f"average_precision_{average}"] = lambda a=average: m.average_precision_score(
                y, s, average=a, **kw
            )
    return out


def regression(case):
    y, p = (np.array(case[name]) for name in ("y_true", "y_pred"))
    w = case["weight"] and np.array(case["weight"])
    kw = {"sample_weight": w}
    out = {
        "mae": lambda: m.mean_absolute_error(y, p, **kw),
        "mse": lambda: m.mean_squared_error(y, p, **kw),
        "rmse": lambda: m.root_mean_squared_error(y, p, **kw),
        "r2": lambda: m.r2_score(y, p, **kw),
        "explained_variance": lambda: m.explained_variance_score(y, p, **kw),
        "d2_absolute_error": lambda: m.d2_absolute_error_score(y, p, **kw),
        "median_absolute_error": lambda: m.median_absolute_error(y, p, **kw),
        "max_error": lambda: m.max_error(y, p),
        "mape": lambda: m.mean_absolute_percentage_error(y, p, **kw),
    }
    if (y > -1).all():
        out["msle"] = lambda: m.mean_squared_log_error(y, p, **kw)
        out["rmsle"] = lambda: m.root_mean_squared_log_error(y, p, **kw)
    if (y >= 0).all():
        out["poisson_deviance"] = lambda: m.mean_poisson_deviance(y, p, **kw)
        out["tweedie_deviance_1_5"] = lambda: m.mean_tweedie_deviance(y, p, power=1.5, **kw)
        if len(set(y)) > 1:
            out["d2_poisson"] = lambda: m.d2_tweedie_score(y, p, power=1, **kw)
    if (y > 0).all():
        out["gamma_deviance"] = lambda: m.mean_gamma_deviance(y, p, **kw)
        if len(set(y)) > 1:
            out["d2_gamma"] = lambda: m.d2_tweedie_score(y, p, power=2, **kw)
    if w is None and len(set(y)) > 1 and len(set(p)) > 1:
        out["pearson"] = lambda: stats.pearsonr(y, p).statistic
        out["spearman"] = lambda: stats.spearmanr(y, p).statistic
    for level in (0.1, 0.5, 0.9):
        q = np.array(case["quantiles"][str(level)])
        out[f"pinball_{round(level * 100)}"] = lambda q=q, level=level: m.mean_pinball_loss(
            y, q, alpha=level, **kw
        )
    return out


def ranking(case):
    lists = {}
    for i, query in enumerate(case["query"]):
        lists.setdefault(query, []).append(i)
    y, s = (np.array(case[name], dtype=float) for name in ("y_true", "y_score"))
    w = [case["weight"][rows[0]] if case["weight"] else 1.0 for rows in lists.values()]

    def mean(of):
        return np.average([of(y[rows], s[rows]) for rows in lists.values()], weights=w)

    def ndcg(y, s, k):
        # One row more than it has, below all others and irrelevant: a list of one row is refused.
        return m.ndcg_score([np.append(y, 0)], [np.append(s, s.min() - 1)], k=k)

    out = {"map": lambda: mean(lambda y, s: m.average_precision_score(y > 0, s) if (y > 0).any() else 0.0)}
    for k in (1, 3, 5, 10, None):
        at = "" if k is None else f"_at_{k}"
        out[f"ndcg{at}_linear"] = lambda k=k: mean(lambda y, s: ndcg(y, s, k))
        out[f"ndcg{at}_exponential"] = lambda k=k: mean(lambda y, s: ndcg(2**y - 1, s, k))
    return out


TASKS = {
    "binary": binary,
    "multiclass": multiclass,
    "multilabel": multilabel,
    "regression": regression,
    "ranking": ranking,
}
json.dump(
    [{name: safely(of) for name, of in TASKS[case["task"]](case).items()} for case in json.load(sys.stdin)],
    sys.stdout,
)
