"""Writes random cases with what SciPy and statsmodels make of them, in the format of tests/fixtures/statistics.

python3 tools/oracle/reference.py SEED [CASES_PER_KIND] > cases.json

Ties, zeros, one value, constant samples, tiny and huge values, far tails; seeded, so that a failure can be made again.
"""

import itertools
import json
import math
import sys
import warnings

import numpy as np
from scipy import spatial, stats

try:
    from statsmodels.stats.contingency_tables import mcnemar
    from statsmodels.stats.multitest import multipletests
    from statsmodels.stats.proportion import proportion_confint
except ImportError:
    mcnemar = multipletests = proportion_confint = None

warnings.filterwarnings("ignore")
seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
per_kind = int(sys.argv[2]) if len(sys.argv) > 2 else 12
rng = np.random.default_rng(seed)
cases = []


def sample(n, shape=None):
    shape = shape or rng.choice(["normal", "ties", "skewed", "huge", "tiny", "shifted"])
    if shape == "normal":
        return rng.normal(size=n)
    if shape == "ties":
        return rng.integers(0, 6, n).astype(float)
    if shape == "skewed":
        return rng.exponential(size=n)
    if shape == "huge":
        return rng.normal(size=n) * 1e12
    if shape == "tiny":
        return rng.normal(size=n) * 1e-12
    return rng.normal(size=n) + rng.choice([0.5, 2, 10])


def pair(low, high, shape=None):
    shape = shape or rng.choice(["normal", "ties", "skewed", "huge", "tiny"])
    a, b = sample(int(rng.integers(low, high)), shape), sample(int(rng.integers(low, high)), shape)
    if shape == "ties":
        return a, b + rng.choice([0, 0, 1, 3])
    return a, b + np.std(a) * rng.choice([0, 0, 0.3, 1, 5])


def add(kind, inputs, outputs, note=""):
    cases.append({"name": f"{kind} {len(cases)}", "kind": kind, "note": note, "inputs": inputs, "outputs": outputs})


def ks(i):
    a, b = pair(1, 60) if i % 3 else pair(60, 400)
    out = {
        "statistic": stats.ks_2samp(a, b, method="exact").statistic,
        "p_exact": stats.ks_2samp(a, b, method="exact").pvalue,
        "p_asymp": stats.ks_2samp(a, b, method="asymp").pvalue,
    }
    add("ks_2samp", {"a": a, "b": b}, out)
    side = str(rng.choice(["less", "greater"]))
    out = {
        "statistic": stats.ks_2samp(a, b, method="asymp", alternative=side).statistic,
        "p_asymp": stats.ks_2samp(a, b, method="asymp", alternative=side).pvalue,
    }
    # SciPy's own count for samples of different sizes cancels once they are larger than this.
    if max(len(a), len(b)) <= 12 or len(a) == len(b):
        out["p_exact"] = stats.ks_2samp(a, b, method="exact", alternative=side).pvalue
    add("ks_2samp", {"a": a, "b": b, "alternative": side}, out)


def ks_far(i):
    n = int(rng.integers(150, 3000))
    a, b = rng.normal(size=n), rng.normal(size=n) + rng.choice([0.2, 0.5, 1.5])
    out = {"p_exact": stats.ks_2samp(a, b, method="exact").pvalue, "p_asymp": stats.ks_2samp(a, b, method="asymp").pvalue}
    add("ks_2samp", {"a": a, "b": b}, out)


def chi2(i):
    shape = (2, 2) if i % 2 else tuple(rng.integers(2, 7, 2))
    table = rng.integers(1, [5, 50, 5000][i % 3], shape)
    if i % 5 == 0:
        table[0, 0] *= 20
    plain, yates = stats.chi2_contingency(table, correction=False), stats.chi2_contingency(table)
    g = stats.chi2_contingency(table, correction=False, lambda_="log-likelihood")
    f = lambda t: {"statistic": t.statistic, "p": t.pvalue, "dof": t.dof}
    add(
        "chi2_contingency",
        {"table": table},
        {
            "no_correction": f(plain),
            "yates": f(yates),
            "expected": plain.expected_freq,
            "cramers_v": math.sqrt(plain.statistic / (table.sum() * (min(table.shape) - 1))),
            "g_test": {"statistic": g.statistic, "p": g.pvalue},
        },
    )


def chisquare(i):
    k = int(rng.integers(2, 12)) if i % 4 else 400
    observed, expected = rng.integers(1, 90, k), rng.integers(5, 90, k)
    expected = expected * observed.sum() / expected.sum()
    r = stats.chisquare(observed, expected)
    add("chisquare", {"observed": observed, "expected": expected}, {"statistic": r.statistic, "p": r.pvalue})


def fisher(i):
    table = rng.integers(0, [4, 12, 300, 20000][i % 4], (2, 2))
    out = {s: stats.fisher_exact(table, s).pvalue for s in ("two-sided", "less", "greater")}
    out["odds_ratio"] = stats.fisher_exact(table).statistic
    add("fisher_exact", {"table": table}, out)


def mann_whitney(i):
    a, b = pair(1, 40) if i % 3 else pair(200, 500)
    m = lambda **k: stats.mannwhitneyu(a, b, **k)
    out = {
        "u": m().statistic,
        "p_asymp_cc": m(method="asymptotic").pvalue,
        "p_asymp_nocc": m(method="asymptotic", use_continuity=False).pvalue,
        "p_greater": m(method="asymptotic", alternative="greater").pvalue,
        "p": m().pvalue,
    }
    if len(a) * len(b) <= 900 and len(set([*a, *b])) == len(a) + len(b):
        out["p_exact"] = m(method="exact").pvalue
    add("mann_whitney", {"a": a, "b": b}, out)


def t_tests(i):
    a, b = pair(1, 40)
    if i % 6 == 0:
        a = np.full(5, 0.5)
    r = stats.ttest_ind(a, b, equal_var=False)
    ci = r.confidence_interval(0.95)
    add("welch_t", {"a": a, "b": b}, {"t": r.statistic, "p": r.pvalue, "df": r.df, "ci95": [ci.low, ci.high]})
    n = int(rng.integers(1, 60))
    x = sample(n)
    y = x + sample(n, "normal") * (np.std(x) + 1e-13) * 0.3 + rng.choice([0, 1, 40]) * np.std(x)
    r = stats.ttest_rel(x, y)
    ci = r.confidence_interval(0.95)
    add("paired_t", {"a": x, "b": y}, {"t": r.statistic, "p": r.pvalue, "df": r.df, "ci95": [ci.low, ci.high]})
    side = str(rng.choice(["less", "greater"]))
    add("paired_t", {"a": x, "b": y, "alternative": side}, {"p": stats.ttest_rel(x, y, alternative=side).pvalue})


def wilcoxon(i):
    d = sample(int(rng.integers(1, 45)), rng.choice(["normal", "shifted", "ties"])) - rng.choice([0, 1])
    zero = str(rng.choice(["wilcox", "pratt", "zsplit"]))
    side = str(rng.choice(["two-sided", "less", "greater"]))
    w = lambda **k: stats.wilcoxon(d, zero_method=zero, alternative=side, **k)
    out = {
        "statistic": w(method="asymptotic").statistic,
        "p_asymp": w(method="asymptotic").pvalue,
        "p_asymp_cc": w(method="asymptotic", correction=True).pvalue,
        "p_exact": w(method="exact").pvalue,
    }
    if len(d) > 1:
        out["p"] = w().pvalue
    add("wilcoxon_signed_rank", {"d": d, "zero_method": zero, "alternative": side}, out)


def mcnemar_case(i):
    if mcnemar is None:
        return
    table = rng.integers(0, [3, 30, 3000][i % 3], (2, 2))
    exact, cc, plain = mcnemar(table), mcnemar(table, exact=False), mcnemar(table, exact=False, correction=False)
    out = {"p_exact": exact.pvalue, "chi2_cc": cc.statistic, "p_chi2_cc": cc.pvalue, "chi2": plain.statistic, "p_chi2": plain.pvalue}
    add("mcnemar", {"table": table}, out)


def distances(i):
    a, b = pair(1, 80)
    add("wasserstein_1", {"a": a, "b": b}, {"distance": stats.wasserstein_distance(a, b), "energy_distance": stats.energy_distance(a, b)})
    k = int(rng.integers(2, 15))
    p, q = rng.dirichlet(np.full(k, 0.7)), rng.dirichlet(np.full(k, 0.7))
    if i % 3 == 0:
        p[0] = 0
        p /= p.sum()
    js = spatial.distance.jensenshannon
    add(
        "jensen_shannon",
        {"p": p, "q": q},
        {"distance_base_e": js(p, q), "distance_base_2": js(p, q, 2), "divergence_base_2": js(p, q, 2) ** 2},
    )
    add(
        "hellinger",
        {"p": p, "q": q},
        {
            "distance": np.sqrt(np.sum((np.sqrt(p) - np.sqrt(q)) ** 2) / 2),
            "tvd": np.sum(np.abs(p - q)) / 2,
            "l_inf": np.max(np.abs(p - q)),
        },
    )
    c, d, floor = rng.integers(0, 60, k), rng.integers(0, 60, k), float(rng.choice([1e-4, 1e-3, 1e-6]))
    c[0] += 1
    d[0] += 1
    s, t = np.maximum(c / c.sum(), floor), np.maximum(d / d.sum(), floor)
    add("psi", {"reference_counts": c, "current_counts": d, "floor": floor}, {"psi": np.sum((t - s) * np.log(t / s))})


def multiple(i):
    if multipletests is None:
        return
    p = rng.random(int(rng.integers(1, 40))) ** rng.choice([1, 3, 40])
    if i % 3 == 0:
        p[len(p) // 2 :] = p[0]
    f = lambda m: dict(zip(("reject_005", "adjusted"), multipletests(p, 0.05, m)[:2]))
    add("multiple_testing", {"p": p}, {m: f(m) for m in ("fdr_bh", "holm", "bonferroni", "fdr_by")})


def anderson(i):
    k = int(rng.integers(2, 5))
    samples = [sample(int(rng.integers(2, 40)), "ties" if i % 3 == 0 else "normal") + (0.4 * j if i % 2 else 0) for j in range(k)]
    r = stats.anderson_ksamp(samples)
    add(
        "anderson_ksamp",
        {"samples": samples},
        {"statistic": r.statistic, "critical_values": r.critical_values, "p_interpolated_capped": r.pvalue},
    )


def cvm(i):
    a, b = pair(2, 15, "ties" if i % 4 == 0 else "normal")
    r, s = stats.cramervonmises_2samp(a, b, method="exact"), stats.cramervonmises_2samp(a, b, method="asymptotic")
    # Beyond this the series that both cut off at 1e-7 has no digits left.
    out = {"statistic": r.statistic, "p_exact": r.pvalue}
    if s.pvalue > 1e-3:
        out["p_asymp"] = s.pvalue
    add("cramer_von_mises_2samp", {"a": a, "b": b}, out)


def bootstrap(i):
    n, resamples, level = int(rng.integers(2, 40)), int(rng.choice([99, 400])), float(rng.choice([0.9, 0.95, 0.99]))
    data = sample(n, rng.choice(["normal", "ties", "skewed"]))
    name = str(rng.choice(["mean", "median"]))
    # np.mean depends on the order of the rows in the last digit, which would make ties of equal resamples a matter of luck.
    of = {"mean": lambda x: math.fsum(x) / len(x), "median": np.median}[name]
    rows = rng.integers(0, n, (resamples, n))
    theta, reps = of(data), np.array([of(data[r]) for r in rows])
    jack = np.array([of(np.delete(data, j)) for j in range(n)])
    z0 = stats.norm.ppf((np.sum(reps < theta) + np.sum(reps == theta) / 2) / resamples)
    gap = jack.mean() - jack
    acc = np.sum(gap**3) / (6 * np.sum(gap**2) ** 1.5)
    z = stats.norm.ppf([(1 - level) / 2, (1 + level) / 2])
    alpha = stats.norm.cdf(z0 + (z0 + z) / (1 - acc * (z0 + z)))
    if not np.all(np.isfinite(alpha)) or abs(acc) < 1e-12:
        return
    plain = np.quantile(reps, [(1 - level) / 2, (1 + level) / 2])
    add(
        "bootstrap_bca",
        {"data": data, "indices": rows, "statistic": name, "level": level},
        {
            "theta": theta,
            "z0": z0,
            "acceleration": acc,
            "alpha": alpha,
            "ci_bca": np.quantile(reps, alpha),
            "ci_percentile": plain,
            "ci_basic": [2 * theta - plain[1], 2 * theta - plain[0]],
            "se": reps.std(ddof=1),
        },
    )


def delong(i):
    n = int(rng.integers(6, 300))
    y = np.r_[1, 1, 0, 0, rng.integers(0, 2, n - 4)]
    a, b = [np.round(rng.normal(size=n) + y, 1 if i % 2 else 9) for _ in range(2)]
    parts = []
    for s in (a, b):
        psi = np.where(s[y == 1][:, None] > s[y == 0], 1.0, np.where(s[y == 1][:, None] == s[y == 0], 0.5, 0.0))
        parts.append((psi.mean(), psi.mean(1), psi.mean(0)))
    cov = lambda u, v: np.cov(u[1], v[1])[0, 1] / (y == 1).sum() + np.cov(u[2], v[2])[0, 1] / (y == 0).sum()
    va, vb, c = cov(parts[0], parts[0]), cov(parts[1], parts[1]), cov(*parts)
    z = (parts[0][0] - parts[1][0]) / np.sqrt(va + vb - 2 * c)
    add(
        "delong",
        {"y": y, "score_a": a, "score_b": b},
        {"auc_a": parts[0][0], "auc_b": parts[1][0], "var_a": va, "var_b": vb, "p": 2 * stats.norm.sf(abs(z))}
        if abs(c) < 1e-6
        else {"auc_a": parts[0][0], "auc_b": parts[1][0], "var_a": va, "var_b": vb, "cov": c, "p": 2 * stats.norm.sf(abs(z))},
    )


def binomial(i):
    n = int(rng.choice([1, 2, 7, 30, 200, 5000, 1000000]))
    k = int(rng.choice([0, n, rng.binomial(n, rng.choice([0.02, 0.5, 0.97]))]))
    p0, level = float(rng.choice([0.01, 0.1, 0.5, 0.93])), float(rng.choice([0.8, 0.95, 0.999]))
    out = {f"binom_test_{s.replace('-', '_')}": stats.binomtest(k, n, p0, s).pvalue for s in ("two-sided", "less", "greater")}
    if proportion_confint is not None:
        for name, method in (("wilson", "wilson"), ("agresti_coull", "agresti_coull"), ("jeffreys", "jeffreys"), ("clopper_pearson", "beta")):
            out[name] = proportion_confint(k, n, 1 - level, method)
    add("binomial", {"k": k, "n": n, "p0": p0, "level": level}, out)


def permutation(i):
    a, b = np.round(rng.normal(size=int(rng.integers(1, 8))), 3), np.round(rng.normal(size=int(rng.integers(1, 8))) + 1, 3)
    pooled, n = np.r_[a, b], len(a)
    observed = a.mean() - b.mean()
    every = [pooled[list(c)].sum() / n - (pooled.sum() - pooled[list(c)].sum()) / len(b) for c in itertools.combinations(range(len(pooled)), n)]
    count = int(np.sum(np.abs(every) >= abs(observed) - 1e-12))
    add(
        "permutation_mean_diff_exact",
        {"a": a, "b": b},
        {"observed": observed, "p_two_sided": count / len(every), "count": count, "permutations": len(every)},
    )
    d = np.round(rng.normal(size=int(rng.integers(1, 13))) + 0.4, 2)
    signs = np.array(list(itertools.product([1, -1], repeat=len(d))))
    count = int(np.sum(np.abs((signs * d).mean(1)) >= abs(d.mean()) - 1e-12))
    add("permutation_sign_flip_exact", {"d": d}, {"observed_mean": d.mean(), "p_two_sided": count / len(signs), "count": count})


def correlation(i):
    n = int(rng.integers(2, 200))
    x = sample(n, "ties" if i % 3 == 0 else "normal")
    y = x * rng.choice([0, 0.5, 3]) + rng.normal(size=n)
    if i % 3 == 0:
        y = np.round(y)
    p, s = stats.pearsonr(x, y), stats.spearmanr(x, y)
    out = {"pearson": p[0], "pearson_p": p[1], "spearman": s[0], "spearman_p": s[1], "kendall_tau_b": stats.kendalltau(x, y)[0]}
    add("correlation", {"x": x, "y": y}, out)


def plain(value):
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(part) for part in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        value = float(value)
        return value if math.isfinite(value) else ("nan" if math.isnan(value) else "inf" if value > 0 else "-inf")
    return value


KINDS = [
    ks, ks_far, chi2, chisquare, fisher, mann_whitney, t_tests, wilcoxon, mcnemar_case, distances, multiple,
    anderson, cvm, bootstrap, delong, binomial, permutation, correlation,
]  # fmt: skip
for kind in KINDS:
    for i in range(per_kind):
        kind(i)
json.dump({"versions": {"numpy": np.__version__}, "cases": [plain(case) for case in cases]}, sys.stdout)
