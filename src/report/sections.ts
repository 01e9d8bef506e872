import type { ComparisonRecord } from '../compare/record.js';
import type { ParamValue } from '../config/model.js';
import type { CheckResult, ValidationRecord } from '../data/record.js';
import { formatBytes, formatNumber, formatSeconds, plural, shortCommit } from '../format.js';
import type { RunRecord } from '../runs/record.js';
import { changesInWords, shapeInWords } from './changes.js';
import { markdownCell, markdownCode, markdownText, markdownUrl } from './escape.js';
import type { ModelFacts } from './facts.js';
import { blocks, bullets, details, markdownTable } from './markdown.js';
import { condense, sparkline } from './sparkline.js';

/** The parts of a model's report below its metrics. Each returns markdown, or nothing when there is nothing to say. */

const MOST_CHECKS = 10;

/** Failed checks in the open, with counts and places and never with values; passed ones in a line. */
export function dataSection(validations: readonly ValidationRecord[]): string {
  if (validations.length === 0) return '';
  const failed = validations.filter((validation) => validation.checks.some((check) => !check.passed));
  const sound = validations.filter((validation) => !failed.includes(validation));
  return blocks([
    ...failed.map(failedData),
    sound.length === 0
      ? ''
      : `**Data**: ${sound.map((one) => `${markdownText(one.dataset)} valid (${dataSize(one)}, ${plural(one.checks.length, 'check')} passed)`).join('; ')}.`,
    bullets(
      validations
        .filter((one) => shapeInWords(one).length > 0)
        .map((one) => `🔀 ${markdownText(one.dataset)} ${markdownText(changesInWords(one), 1000)}`),
    ),
  ]);
}

function failedData(validation: ValidationRecord): string {
  const failed = validation.checks
    .filter((check) => !check.passed)
    .sort((a, b) => Number(b.severity === 'error') - Number(a.severity === 'error'));
  const verdict = validation.valid ? '⚠️ valid with warnings' : '❌ not valid';
  const counts = `${failed.length} of ${plural(validation.checks.length, 'check')} failed on ${dataSize(validation)}`;
  const shown = bullets(failed.slice(0, MOST_CHECKS).map(failedCheck));
  const more = failed.slice(MOST_CHECKS);
  return blocks([
    `**Data**: ${markdownText(validation.dataset)} ${verdict}: ${counts}.`,
    shown,
    more.length > 0
      ? details(`${plural(more.length, 'more failed check')}`, bullets(more.slice(0, 100).map(failedCheck)))
      : '',
  ]);
}

function dataSize(validation: ValidationRecord): string {
  const rejected = validation.rejected > 0 ? `, ${plural(validation.rejected, 'line')} unreadable` : '';
  return `${plural(validation.rows, 'row')}${rejected}`;
}

function failedCheck(check: CheckResult): string {
  const places = check.rows.slice(0, 5).map((row, index) => {
    const file = check.files?.[index];
    return file === undefined ? String(row) : `${markdownText(file)}:${row}`;
  });
  const one = check.rows.length === 1;
  const noun = check.rows_are === 'lines' ? (one ? 'line' : 'lines') : one ? 'row' : 'rows';
  const more = check.failing > places.length && places.length > 0 ? ' …' : '';
  const where = places.length > 0 ? ` (${noun} ${places.join(', ')}${more})` : '';
  const detail = check.detail ? `; ${markdownText(check.detail, 200)}` : '';
  const count =
    check.total > 0
      ? `: ${check.failing.toLocaleString('en-US')} of ${plural(check.total, 'row')}${where}`
      : '';
  return `${check.severity === 'error' ? '❌' : '⚠️ warning:'} ${markdownText(check.check, 200)}${count}${detail}`;
}

/** Which run the numbers are held against, and why that one. */
export function baselineLine(comparison: ComparisonRecord | undefined): string {
  if (!comparison) return '';
  const { baseline } = comparison;
  if (baseline.run === null) {
    const consequence = baseline.first
      ? 'The numbers of this run are what the next one will be compared with.'
      : 'Nothing was compared.';
    return `**No baseline**: ${markdownText(baseline.why)}. ${consequence}`;
  }
  const commit = baseline.commit === null ? '' : `${commitText(baseline.commit)}, `;
  const behind =
    baseline.behind === null
      ? ''
      : baseline.behind === 0
        ? ''
        : `, **${plural(baseline.behind, 'commit')} behind** the merge base`;
  return `**Baseline**: ${commit}${markdownText(baseline.why)}${behind} (run ${markdownCode(baseline.run)}).`;
}

/** A full commit id becomes its short form, which GitHub links by itself; anything else is shown as the text it is. */
export function commitText(commit: string): string {
  return /^[0-9a-f]{7,64}$/.test(commit) ? shortCommit(commit) : markdownText(commit, 60);
}

const MOST_CHANGES = 50;

/**
 * Parameters, data and code that differ from the baseline.
 * @param url of the CI run; on GitHub it also says where the code can be compared
 */
export function changesSection(facts: ModelFacts, url: string | null): string {
  const { comparison, run } = facts;
  if (!comparison || comparison.baseline.run === null) return '';
  const { params, data } = comparison;
  const parts = [
    params.length > 0 ? plural(params.length, 'parameter') : '',
    data.length > 0 ? plural(data.length, 'dataset') : '',
    isOtherCode(comparison) ? 'code' : '',
  ].filter((part) => part !== '');
  const dirty = run?.code.dirty ? 'The code had changes that were not committed.' : '';
  if (parts.length === 0) return dirty || 'Nothing else changed: same code, parameters and data.';
  return details(
    `What changed: ${parts.join(', ')}`,
    blocks([paramsTable(params), dataTable(data), codeLine(comparison, url), dirty]),
  );
}

function isOtherCode(comparison: ComparisonRecord): boolean {
  return comparison.baseline.commit !== comparison.candidate.commit;
}

function codeLine(comparison: ComparisonRecord, url: string | null): string {
  if (!isOtherCode(comparison)) return 'Code: the same commit.';
  const text = (commit: string | null) => (commit === null ? 'outside git' : commitText(commit));
  const view = compareUrl(comparison, url);
  return `Code: ${text(comparison.baseline.commit)} → ${text(comparison.candidate.commit)}${view === undefined ? '' : ` ([compare](${view}))`}.`;
}

/** GitHub's page of the difference between the two commits. */
function compareUrl({ baseline, candidate }: ComparisonRecord, url: string | null): string | undefined {
  const repository = /^(https?:\/\/[^/?#]+\/[\w.-]+\/[\w.-]+)\/actions\/runs\/\d+$/.exec(url ?? '')?.[1];
  const commits = [baseline.commit, candidate.commit];
  if (repository === undefined || !commits.every((commit) => /^[0-9a-f]{40,64}$/.test(commit ?? ''))) {
    return undefined;
  }
  return markdownUrl(`${repository}/compare/${commits.join('...')}`);
}

function paramsTable(params: ComparisonRecord['params']): string {
  if (params.length === 0) return '';
  const value = (given: ParamValue | undefined) =>
    given === undefined
      ? 'not set'
      : markdownCode(typeof given === 'string' ? given : JSON.stringify(given), 80);
  return withMore(
    markdownTable(
      [{ title: 'parameter' }, { title: 'baseline' }, { title: 'this run' }],
      params
        .slice(0, MOST_CHANGES)
        .map((param) => [markdownCell(param.name), value(param.baseline), value(param.candidate)]),
    ),
    params.length - MOST_CHANGES,
    'parameter',
  );
}

function dataTable(data: ComparisonRecord['data']): string {
  if (data.length === 0) return '';
  const side = (digest: string | null, rows: number | null | undefined) =>
    digest === null
      ? 'not used'
      : `${markdownCode(digest.slice(0, 12))}${rows === null || rows === undefined ? '' : `, ${plural(rows, 'row')}`}`;
  return withMore(
    markdownTable(
      [{ title: 'dataset' }, { title: 'baseline' }, { title: 'this run' }],
      data
        .slice(0, MOST_CHANGES)
        .map((one) => [
          markdownCell(one.name),
          side(one.baseline, one.rows[0]),
          side(one.candidate, one.rows[1]),
        ]),
    ),
    data.length - MOST_CHANGES,
    'dataset',
  );
}

function withMore(table: string, more: number, noun: string): string {
  return more > 0 ? `${table}\n\n${plural(more, `more ${noun}`)}.` : table;
}

const COSTS = {
  seconds: { title: 'time', format: formatSeconds },
  cpu_seconds: { title: 'processor time', format: formatSeconds },
  peak_memory_bytes: { title: 'peak memory', format: formatBytes },
  model_bytes: { title: 'model size', format: formatBytes },
} as const;

/** Time, memory and size: shown, never judged. */
export function costsSection(comparison: ComparisonRecord | undefined): string {
  if (!comparison || comparison.costs.length === 0) return '';
  const rows = comparison.costs.map((cost) => {
    const { title, format } = COSTS[cost.name];
    const text = (value: number | null) => (value === null ? '–' : format(value));
    return [title, text(cost.baseline), text(cost.candidate), changeInPercent(cost.baseline, cost.candidate)];
  });
  const short = rows
    .filter(([title]) => title !== COSTS.cpu_seconds.title)
    .map(([title, , candidate]) => `${title} ${candidate}`);
  const columns = [
    { title: 'cost' },
    { title: 'baseline', align: 'right' },
    { title: 'this run', align: 'right' },
    { title: 'change', align: 'right' },
  ] as const;
  const isAlone = comparison.baseline.run === null;
  const shown = <T>(cells: readonly T[]) => (isAlone ? cells.filter((_, index) => index % 2 === 0) : cells);
  return details(`Costs: ${short.join(', ')}`, markdownTable(shown(columns), rows.map(shown)));
}

function changeInPercent(baseline: number | null, candidate: number | null): string {
  if (baseline === null || candidate === null || baseline === 0) return '';
  const percent = Math.round((candidate / baseline - 1) * 100);
  return percent === 0 ? '±0 %' : `${percent > 0 ? '+' : '−'}${Math.abs(percent)} %`;
}

/** How much the seeds differ, and the course of the training: blocks with the numbers beside them. */
export function seedsSection(facts: ModelFacts): string {
  const { run } = facts;
  if (!run) return '';
  const spread = run.metrics
    .filter((metric) => metric.slice === null && metric.seed_values !== null && metric.seed_values.length > 1)
    .sort((a, b) => Number(facts.watched.includes(b.name)) - Number(facts.watched.includes(a.name)))
    .slice(0, 12)
    .map((metric) => {
      const values = metric.seed_values ?? [];
      const numbers = values.map((value) => (value === null ? 'no value' : formatNumber(value, 4)));
      return [markdownCell(metric.name), sparkline(condense(values, 24)), numbers.slice(0, 10).join(', ')];
    });
  const curves = run.series.slice(0, 12).map((series) => {
    const values = series.values.filter((value) => value !== null);
    const [first, last] = [values[0], values.at(-1)];
    const ends =
      first === undefined || last === undefined
        ? 'no value'
        : `${formatNumber(first, 4)} → ${formatNumber(last, 4)}`;
    const seed = series.seed === null ? '' : `, seed ${series.seed}`;
    return [`${markdownCell(series.name)}${seed}`, sparkline(condense(series.values, 24)), ends];
  });
  if (spread.length === 0 && curves.length === 0) return '';
  const seeds = run.seeds.map(({ seed }) => seed);
  const title = [
    spread.length > 0 ? `Seeds ${seeds.slice(0, 10).join(', ')}${seeds.length > 10 ? ' …' : ''}` : '',
    curves.length > 0 ? 'training curves' : '',
  ].filter((part) => part !== '');
  const chart = (what: string, numbers: string) => [{ title: what }, { title: 'shape' }, { title: numbers }];
  return details(
    title.join(' and ').replace(/^t/, 'T'),
    blocks([
      spread.length > 0 ? markdownTable(chart('metric', 'value of each seed'), spread) : '',
      curves.length > 0 ? markdownTable(chart('series', 'first → last'), curves) : '',
    ]),
  );
}

/** Remarks of the run and of the comparison, each once. */
export function warningsSection(facts: ModelFacts): string {
  const warnings = [...new Set([...(facts.comparison?.warnings ?? []), ...(facts.run?.warnings ?? [])])];
  const lines = warnings.map((warning) => `⚠️ ${markdownText(warning, 300)}`);
  const more = lines.slice(3, 50);
  return blocks([
    // No list: one that follows another list would become part of it. In a comment a line break would be a second one.
    lines.slice(0, 3).join('<br>'),
    more.length > 0 ? details(plural(lines.length - 3, 'more remark'), bullets(more)) : '',
  ]);
}

/** Which seeds of a failed run ended how. */
export function seedOutcomes(run: RunRecord): string {
  const unlucky = run.seeds.filter((seed) => seed.status !== 'succeeded');
  if (run.seeds.length < 2 || unlucky.length === 0) return '';
  return bullets(
    unlucky.slice(0, 10).map((seed) => {
      const reason = seed.reason ? `: ${markdownText(seed.reason, 200)}` : '';
      return `seed ${seed.seed} ${seed.status} after ${formatSeconds(seed.seconds)}${reason}`;
    }),
  );
}
