import { plural } from '../format.js';
import type { DecisionRecord, RuleOutcome } from '../gate/record.js';
import { sliceInWords } from '../metrics/metric.js';
import type { RunRecord } from '../runs/record.js';
import { curvesSection } from './curves.js';
import {
  markdownBlock,
  markdownCell,
  markdownCode,
  markdownHtml,
  markdownText,
  markdownUrl,
} from './escape.js';
import type { ModelFacts, ReportFacts } from './facts.js';
import { DECISION_ICONS, type Headline, headline, wasRefused } from './headline.js';
import { fitTiers, type Limit } from './limits.js';
import { blocks, bullets, details, markdownTable } from './markdown.js';
import { reportMarker } from './marker.js';
import { type Extent, measuredUntilThen, metricsSection, type Section } from './metrics-table.js';
import {
  baselineLine,
  changesSection,
  commitText,
  costsSection,
  dataSection,
  seedOutcomes,
  seedsSection,
  warningsSection,
} from './sections.js';
import { trendSection } from './trend.js';

/**
 * The body of the pull request comment and of the job summary, as GitHub's markdown. The verdict comes first, then the
 * metrics that matter, then the reasons; everything else is folded. No image, no script, no third-party address.
 */

/** Full; what changed, with fewer and fewer rows; the summary. */
const TIERS: readonly (Extent & { readonly brief: boolean })[] = [
  { rows: Number.POSITIVE_INFINITY, unchanged: true, brief: false },
  { rows: Number.POSITIVE_INFINITY, unchanged: false, brief: false },
  ...[400, 200, 100, 30, 10].map((rows) => ({ rows, unchanged: false, brief: false })),
  { rows: 0, unchanged: false, brief: true },
];
type Tier = (typeof TIERS)[number] & { readonly url: string | null };

/** Never longer than the limit, and never empty. */
export function reportBody(facts: ReportFacts, limit: Limit): string {
  // A tier of which even the rows alone are too many need not be written out to find out.
  const metrics = facts.models.reduce((sum, model) => sum + (model.run?.metrics.length ?? 0), 0);
  const tiers = TIERS.filter((tier) => !tier.unchanged || metrics * SHORTEST_ROW <= limit.max);
  return fitTiers({ tiers: tiers.map((tier) => () => body(facts, { ...tier, url: facts.url })), limit });
}

const SHORTEST_ROW = 30;

function body(facts: ReportFacts, tier: Tier): string {
  const [only] = facts.models;
  const content =
    facts.models.length === 1 && only
      ? [`### ${headlineText(only)}`, remark(facts), modelSection(only, tier)]
      : manyModels(facts, tier);
  return `${blocks([reportMarker(facts.key), ...content, footer(facts)])}\n`;
}

function headlineText(facts: ModelFacts): string {
  const { icon, word, why } = headline(facts);
  return `${icon} ${markdownText(facts.model, 80)}: ${word}${why === '' ? '' : ` — ${markdownText(why, 200)}`}`;
}

function remark({ remark: text }: ReportFacts): string {
  return text === undefined ? '' : `> ℹ️ ${markdownText(text)}`;
}

function manyModels(report: ReportFacts, tier: Tier): readonly string[] {
  const ranked = report.models
    .map((facts) => ({ facts, line: headline(facts) }))
    .sort((a, b) => a.line.urgency - b.line.urgency);
  const table = markdownTable(
    [{ title: 'model' }, { title: 'answer' }, { title: 'why' }],
    ranked.map(({ facts, line }) => [
      `**${markdownCell(facts.model, 80)}**`,
      `${line.icon} ${line.word}`,
      line.why === '' ? '—' : markdownCell(line.why, 200),
    ]),
  );
  if (tier.brief) return [`### ${overallText(ranked)}`, remark(report), table];
  const sections = ranked.map(({ facts, line }) =>
    details(
      `<b>${line.icon} ${markdownHtml(facts.model, 80)}</b>: ${line.word}`,
      blocks([modelSection(facts, tier), runLine(facts)]),
      { open: line.urgency === 0 },
    ),
  );
  return [`### ${overallText(ranked)}`, remark(report), table, ...sections];
}

function overallText(ranked: readonly { readonly line: Headline }[]): string {
  const [worst] = ranked;
  if (!worst) return '⚠️ No models: assay.yml declares none';
  const alike = ranked.filter(({ line }) => line.urgency === worst.line.urgency);
  const words = [...new Set(alike.map(({ line }) => line.word))];
  return `${worst.line.icon} ${alike.length} of ${plural(ranked.length, 'model')}: ${words.join(', ')}`;
}

function modelSection(facts: ModelFacts, tier: Tier): string {
  const { run, comparison, decision } = facts;
  if (!run || wasRefused(facts)) return withoutRun(facts);
  if (run.status !== 'succeeded') return unfinishedSection(facts, run, tier);
  const metrics = metricsSection(facts, tier);
  const gate = gateSection(decision, tier.unchanged ? 100 : 20);
  if (tier.brief) return blocks([metrics.open, baselineLine(comparison), gate.open, metrics.folded]);
  return blocks([
    metrics.open,
    baselineLine(comparison),
    gate.open,
    warningsSection(facts),
    dataSection(facts.validations),
    metrics.folded,
    gate.folded,
    changesSection(facts, tier.url),
    trendSection(facts),
    seedsSection(facts),
    tier.unchanged ? curvesSection(run.curves) : '',
    costsSection(comparison),
  ]);
}

function withoutRun(facts: ModelFacts): string {
  const command = markdownCode(`assay train ${facts.model}`);
  return blocks([
    dataSection(facts.validations),
    wasRefused(facts)
      ? `Nothing was trained on this data. Once it is mended: ${command}.`
      : `There is no run of this model for this commit, so there is nothing to compare. To get one: ${command}.`,
  ]);
}

/** Lines of the log of a failed run: the last ones say why. */
const LOG_LINES = 20;

function unfinishedSection(facts: ModelFacts, run: RunRecord, tier: Tier): string {
  const { tail } = run.log;
  const shown = tail.slice(tier.brief ? -5 : -LOG_LINES);
  const reason = run.reason ?? '';
  return blocks([
    reason.length > 150 ? markdownText(reason, 2000) : '',
    seedOutcomes(run),
    shown.length === 0
      ? 'There is no log.'
      : `The last ${shown.length === 1 ? 'line' : plural(shown.length, 'line')} of the log:\n\n${markdownBlock(shown, 300)}`,
    'Nothing was compared, because the run did not finish.',
    warningsSection(facts),
    dataSection(facts.validations),
    tier.brief ? '' : measuredUntilThen(run, tier),
  ]);
}

const OPEN_RULES = 5;

/** Rules that were not met in the open, the met ones folded. */
function gateSection(decision: DecisionRecord | undefined, most: number): Section {
  if (!decision) return { open: '', folded: '' };
  const { override } = decision;
  const order = { reject: 0, hold: 1, promote: 2 } as const;
  const rules = [...decision.rules].sort((a, b) => order[a.outcome] - order[b.outcome]);
  const against = rules.filter((rule) => rule.outcome !== 'promote');
  const open = against.slice(0, OPEN_RULES);
  const folded = rules.slice(open.length);
  const met = rules.length - against.length;
  const title = [
    against.length > open.length
      ? plural(against.length - open.length, 'more rule not met', 'more rules not met')
      : '',
    met > 0 ? `${plural(met, 'rule')} met` : '',
  ].filter((part) => part !== '');
  const left = folded.length - most;
  return {
    open: blocks([
      override
        ? `**Gate**: ${override.was} by its rules, **${decision.decision}** by ${markdownText(override.by, 80)}: ${markdownText(override.reason)}`
        : '',
      open.length > 0
        ? `**Gate**: ${against.length} of ${plural(rules.length, 'rule')} not met\n\n${bullets(open.map(ruleLine))}`
        : '',
    ]),
    folded:
      folded.length === 0
        ? ''
        : details(
            `Gate: ${title.join(', ')}`,
            bullets([
              ...folded.slice(0, most).map(ruleLine),
              ...(left > 0 ? [`and ${plural(left, 'more rule')}`] : []),
            ]),
          ),
  };
}

function ruleLine(rule: RuleOutcome): string {
  const slice = rule.slice === null ? '' : ` for ${markdownText(sliceInWords(rule.slice), 120)}`;
  return `${DECISION_ICONS[rule.outcome]} ${rule.outcome}: ${markdownText(rule.rule, 200)}${slice}: ${markdownText(rule.reason, 300)}`;
}

function runLine(facts: ModelFacts): string {
  if (!facts.run) return '';
  return `<sub>run ${markdownCode(facts.run.id)}; look closer: ${markdownCode(`assay show ${facts.run.id}`)}</sub>`;
}

function footer(facts: ReportFacts): string {
  const [only] = facts.models;
  const run = facts.models.length === 1 ? only?.run : undefined;
  const url = facts.url === null ? undefined : markdownUrl(facts.url);
  const parts = [
    facts.commit === null ? '' : `commit ${commitText(facts.commit)}`,
    url === undefined ? '' : `[CI run](${url})`,
    `Assay ${markdownText(facts.version, 40)}`,
    run ? `look closer: ${markdownCode(`assay show ${run.id}`)}` : '',
  ];
  return `<sub>${parts.filter((part) => part !== '').join(' · ')}</sub>`;
}
