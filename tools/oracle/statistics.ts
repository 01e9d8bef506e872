import type { Alternative } from '../../src/statistics/alternative.js';
import { andersonDarling } from '../../src/statistics/anderson-darling.js';
import { bootstrapIntervals, quantile } from '../../src/statistics/bootstrap.js';
import { fisherExact, goodnessOfFit, independence, mcnemar } from '../../src/statistics/contingency.js';
import { kendallTau, pearson, spearman } from '../../src/statistics/correlation.js';
import { cramerVonMises } from '../../src/statistics/cramer-von-mises.js';
import { areaInterval, delong } from '../../src/statistics/delong.js';
import {
  chebyshev,
  energyDistance,
  hellinger,
  jensenShannon,
  populationStability,
  totalVariation,
  wasserstein,
} from '../../src/statistics/distances.js';
import { kolmogorovSmirnov } from '../../src/statistics/kolmogorov-smirnov.js';
import { mannWhitney } from '../../src/statistics/mann-whitney.js';
import {
  benjaminiHochberg,
  benjaminiYekutieli,
  bonferroni,
  holm,
} from '../../src/statistics/multiplicity.js';
import { flipSigns, permuteTwoSamples } from '../../src/statistics/permutation.js';
import {
  agrestiCoull,
  binomialTest,
  clopperPearson,
  jeffreys,
  wilson,
} from '../../src/statistics/proportions.js';
import { mean, sampleVariance } from '../../src/statistics/sums.js';
import { oneSampleT, pairedT, type TTest, welch } from '../../src/statistics/t-tests.js';
import { wilcoxonSignedRank } from '../../src/statistics/wilcoxon.js';
import { type Fields, flag, number, numbers, oneOf, table } from './reference.js';

/**
 * Each kind of reference case: from its inputs to everything that its outputs may name. Parameters that SciPy's function has and the
 * shared files leave out (alternative, method, correction, zero_method, confidence_level) may stand among the inputs; values
 * that depend on them have SciPy's names, `statistic` and `pvalue`.
 */
export const STATISTICS: Readonly<Record<string, (inputs: Fields) => Fields>> = {
  ks_2samp: (inputs) => {
    const [a, b] = [numbers(inputs, 'a'), numbers(inputs, 'b')];
    const alternative = alternativeOf(inputs);
    const asked = kolmogorovSmirnov(a, b, { alternative, method: methodOf(inputs) });
    return lazily(
      { statistic: asked.statistic, p: asked.p, pvalue: asked.p },
      {
        p_exact: () => kolmogorovSmirnov(a, b, { alternative, method: 'exact' }).p,
        p_asymp: () => kolmogorovSmirnov(a, b, { alternative, method: 'asymptotic' }).p,
      },
    );
  },
  chi2_contingency: (inputs) => {
    const observed = table(inputs, 'table');
    const plain = independence(observed);
    const yates = independence(observed, { yates: true });
    const likelihood = independence(observed, { statistic: 'likelihood-ratio' });
    const asked = flag(inputs, 'correction', true) ? yates : plain;
    const fields = (test: typeof plain): Fields => ({
      statistic: test.statistic,
      p: test.p,
      pvalue: test.p,
      dof: test.degreesOfFreedom,
    });
    return {
      no_correction: fields(plain),
      yates: fields(yates),
      g_test: fields(likelihood),
      expected: plain.expected,
      cramers_v: plain.cramersV,
      ...fields(asked),
    };
  },
  chisquare: (inputs) => {
    const observed = numbers(inputs, 'observed');
    const expected = 'expected' in inputs ? numbers(inputs, 'expected') : observed.map(() => 1);
    const { statistic, p, degreesOfFreedom } = goodnessOfFit(observed, expected);
    return { statistic, p, pvalue: p, dof: degreesOfFreedom };
  },
  fisher_exact: (inputs) => {
    const observed = table(inputs, 'table');
    const p = (alternative: Alternative) => fisherExact(observed, alternative).p;
    const asked = fisherExact(observed, alternativeOf(inputs));
    return {
      'two-sided': p('two-sided'),
      less: p('less'),
      greater: p('greater'),
      odds_ratio: asked.oddsRatio,
      statistic: asked.oddsRatio,
      p: asked.p,
      pvalue: asked.p,
    };
  },
  mann_whitney: (inputs) => {
    const [a, b] = [numbers(inputs, 'a'), numbers(inputs, 'b')];
    const alternative = alternativeOf(inputs);
    const of = (options: Parameters<typeof mannWhitney>[2]) => mannWhitney(a, b, options);
    const normal = (continuity: boolean, side: Alternative = alternative) =>
      of({ method: 'asymptotic', alternative: side, continuity }).p;
    const asked = of({
      alternative,
      method: methodOf(inputs),
      continuity: flag(inputs, 'use_continuity', true),
    });
    const fields = {
      u: asked.statistic,
      u1: asked.statistic,
      u2: a.length * b.length - asked.statistic,
      statistic: asked.statistic,
      p: asked.p,
      pvalue: asked.p,
      p_asymp_cc: normal(true),
      p_asymp_nocc: normal(false),
      p_asymp: normal(true),
      p_greater: normal(true, 'greater'),
      p_less: normal(true, 'less'),
    };
    return lazily(fields, { p_exact: () => of({ method: 'exact', alternative }).p });
  },
  welch_t: (inputs) => tTestFields(welch(numbers(inputs, 'a'), numbers(inputs, 'b'), tTestOptions(inputs))),
  paired_t: (inputs) =>
    tTestFields(pairedT(numbers(inputs, 'a'), numbers(inputs, 'b'), tTestOptions(inputs))),
  one_sample_t: (inputs) => {
    const centre = number(inputs, 'popmean', 0);
    return tTestFields(
      oneSampleT(
        numbers(inputs, 'a').map((value) => value - centre),
        tTestOptions(inputs),
      ),
    );
  },
  wilcoxon_signed_rank: (inputs) => {
    const differences = 'd' in inputs ? numbers(inputs, 'd') : pairedDifferences(inputs);
    const options = {
      alternative: alternativeOf(inputs),
      zeros: oneOf(inputs, 'zero_method', ['wilcox', 'pratt', 'zsplit'], 'wilcox'),
    } as const;
    const of = (more: Parameters<typeof wilcoxonSignedRank>[1]) =>
      wilcoxonSignedRank(differences, { ...options, ...more });
    const asked = of({ method: methodOf(inputs), continuity: flag(inputs, 'correction', false) });
    const fields = {
      statistic: asked.statistic,
      p: asked.p,
      pvalue: asked.p,
      p_asymp: of({ method: 'asymptotic' }).p,
      p_asymp_cc: of({ method: 'asymptotic', continuity: true }).p,
    };
    return lazily(fields, { p_exact: () => of({ method: 'exact' }).p });
  },
  mcnemar: (inputs) => {
    const [[, onlyFirst = 0] = [], [onlySecond = 0] = []] = table(inputs, 'table');
    const test = mcnemar(onlyFirst, onlySecond);
    return {
      p_exact: test.pExact,
      p_mid: test.pMid,
      chi2: test.chiSquared.statistic,
      p_chi2: test.chiSquared.p,
      chi2_cc: test.corrected.statistic,
      p_chi2_cc: test.corrected.p,
    };
  },
  wasserstein_1: (inputs) => {
    const [a, b] = [numbers(inputs, 'a'), numbers(inputs, 'b')];
    return { distance: wasserstein(a, b), energy_distance: energyDistance(a, b) };
  },
  jensen_shannon: (inputs) => {
    const divergence = jensenShannon(numbers(inputs, 'p'), numbers(inputs, 'q'));
    return {
      distance_base_e: Math.sqrt(divergence),
      distance_base_2: Math.sqrt(divergence / Math.LN2),
      divergence_base_e: divergence,
      divergence_base_2: divergence / Math.LN2,
    };
  },
  hellinger: (inputs) => {
    const [p, q] = [numbers(inputs, 'p'), numbers(inputs, 'q')];
    return { distance: hellinger(p, q), tvd: totalVariation(p, q), l_inf: chebyshev(p, q) };
  },
  psi: (inputs) => ({
    psi: populationStability(
      numbers(inputs, 'reference_counts'),
      numbers(inputs, 'current_counts'),
      number(inputs, 'floor', 1e-4),
    ),
  }),
  multiple_testing: (inputs) => {
    const p = numbers(inputs, 'p');
    const fields = (adjusted: readonly number[]): Fields => ({
      adjusted,
      reject_005: adjusted.map((value) => value <= 0.05),
      reject_001: adjusted.map((value) => value <= 0.01),
      reject_010: adjusted.map((value) => value <= 0.1),
    });
    return {
      fdr_bh: fields(benjaminiHochberg(p)),
      fdr_by: fields(benjaminiYekutieli(p)),
      holm: fields(holm(p)),
      bonferroni: fields(bonferroni(p)),
    };
  },
  anderson_ksamp: (inputs) => {
    const test = andersonDarling(table(inputs, 'samples'));
    return {
      statistic: test.statistic,
      critical_values: test.criticalValues,
      p_interpolated_capped: test.p,
      p: test.p,
      pvalue: test.p,
    };
  },
  cramer_von_mises_2samp: (inputs) => {
    const [a, b] = [numbers(inputs, 'a'), numbers(inputs, 'b')];
    const asked = cramerVonMises(a, b, { method: methodOf(inputs) });
    const fields = {
      statistic: asked.statistic,
      p: asked.p,
      pvalue: asked.p,
      p_asymp: cramerVonMises(a, b, { method: 'asymptotic' }).p,
    };
    return lazily(fields, { p_exact: () => cramerVonMises(a, b, { method: 'exact' }).p });
  },
  bootstrap_bca: (inputs) => {
    const data = numbers(inputs, 'data');
    const statistic = oneOf(inputs, 'statistic', ['mean', 'median', 'std', 'var', 'sum'], 'mean');
    const of = SAMPLE_STATISTICS[statistic];
    const estimate = of(data);
    const result = bootstrapIntervals({
      estimate,
      replicates: table(inputs, 'indices').map((rows) => of(rows.map((row) => data[row] ?? Number.NaN))),
      jackknife: data.map((_, left) => of(data.filter((_value, i) => i !== left))),
      level: number(inputs, 'level', 0.95),
    });
    return {
      theta: estimate,
      z0: result.z0,
      acceleration: result.acceleration,
      alpha: result.alpha,
      ci_bca: result.bca,
      ci_percentile: result.percentile,
      ci_basic: result.basic,
      se: result.standardError,
    };
  },
  delong: (inputs) => {
    const test = delong(numbers(inputs, 'y'), {
      first: numbers(inputs, 'score_a'),
      second: numbers(inputs, 'score_b'),
    });
    return {
      auc_a: test.first,
      auc_b: test.second,
      var_a: test.variances[0],
      var_b: test.variances[1],
      cov: test.covariance,
      z: test.z,
      p: test.p,
      ci95_a: areaInterval(test.first, test.variances[0]),
      ci95_b: areaInterval(test.second, test.variances[1]),
    };
  },
  binomial: (inputs) => {
    const proportion = {
      k: number(inputs, 'k'),
      n: number(inputs, 'n'),
      level: number(inputs, 'level', 0.95),
    };
    const chance = number(inputs, 'p0', 0.5);
    return {
      wilson: wilson(proportion),
      agresti_coull: agrestiCoull(proportion),
      jeffreys: jeffreys(proportion),
      clopper_pearson: clopperPearson(proportion),
      binom_test_two_sided: binomialTest(proportion, chance),
      binom_test_less: binomialTest(proportion, chance, 'less'),
      binom_test_greater: binomialTest(proportion, chance, 'greater'),
    };
  },
  permutation_mean_diff_exact: (inputs) => {
    const [a, b] = [numbers(inputs, 'a'), numbers(inputs, 'b')];
    const { statistic, ...rest } = permuted(inputs, (options) => permuteTwoSamples(a, b, options));
    return { observed: statistic, ...rest };
  },
  permutation_sign_flip_exact: (inputs) => {
    const differences = numbers(inputs, 'd');
    const { statistic, ...rest } = permuted(inputs, (options) => flipSigns(differences, options));
    return { observed_mean: statistic, ...rest };
  },
  correlation: (inputs) => {
    const [x, y] = [numbers(inputs, 'x'), numbers(inputs, 'y')];
    const [moment, ranked] = [pearson(x, y), spearman(x, y)];
    return {
      pearson: moment.r,
      pearson_p: moment.p,
      spearman: ranked.r,
      spearman_p: ranked.p,
      kendall_tau_b: kendallTau(x, y),
    };
  },
};

const SAMPLE_STATISTICS = {
  mean,
  sum: (values: readonly number[]) => mean(values) * values.length,
  median: (values: readonly number[]) => quantile(Float64Array.from(values).sort(), 0.5),
  // NumPy divides by n.
  var: (values: readonly number[]) => (sampleVariance(values) * (values.length - 1)) / values.length,
  std: (values: readonly number[]) =>
    Math.sqrt((sampleVariance(values) * (values.length - 1)) / values.length),
} as const;

function alternativeOf(inputs: Fields): Alternative {
  return oneOf(inputs, 'alternative', ['two-sided', 'less', 'greater'], 'two-sided');
}

function methodOf(inputs: Fields): 'auto' | 'exact' | 'asymptotic' {
  const method = oneOf(inputs, 'method', ['auto', 'exact', 'asymptotic', 'asymp', 'approx'], 'auto');
  return method === 'auto' || method === 'exact' ? method : 'asymptotic';
}

function tTestOptions(inputs: Fields): { readonly alternative: Alternative; readonly level: number } {
  return {
    alternative: alternativeOf(inputs),
    level: number(inputs, 'level', number(inputs, 'confidence_level', 0.95)),
  };
}

function tTestFields(test: TTest): Fields {
  return {
    t: test.t,
    statistic: test.t,
    p: test.p,
    pvalue: test.p,
    df: test.degreesOfFreedom,
    ci: test.interval,
    ci95: test.interval,
    difference: test.difference,
    se: test.standardError,
  };
}

function pairedDifferences(inputs: Fields): number[] {
  const [x, y] = [numbers(inputs, 'x'), numbers(inputs, 'y')];
  return x.map((value, i) => value - (y[i] ?? Number.NaN));
}

/** Adds values computed only when the reference names them: an exact p-value of large samples takes long. */
function lazily(fields: Fields, later: Readonly<Record<string, () => number>>): Fields {
  for (const [name, get] of Object.entries(later))
    Object.defineProperty(fields, name, { get, enumerable: true });
  return fields;
}

/** A permutation test with the alternative asked for, and its p-values with each. */
function permuted(
  inputs: Fields,
  test: (options: {
    readonly alternative: Alternative;
    readonly tolerance: number;
  }) => ReturnType<typeof flipSigns>,
) {
  const tolerance = number(inputs, 'tolerance', 1e-12);
  const of = (alternative: Alternative) => test({ alternative, tolerance });
  const { statistic, count, permutations, p } = of(alternativeOf(inputs));
  return {
    statistic,
    count,
    permutations,
    p,
    p_two_sided: of('two-sided').p,
    p_less: of('less').p,
    p_greater: of('greater').p,
  };
}
