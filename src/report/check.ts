import { annotationsOf, type SourcePlaces } from './annotations.js';
import { reportBody } from './comment.js';
import { cut, plainText } from './escape.js';
import type { ModelFacts, ReportFacts } from './facts.js';
import { headline, wasRefused } from './headline.js';
import { LIMITS } from './limits.js';
import type { Check, Conclusion } from './ports.js';

export interface CheckSettings {
  /** What a check concludes when the gate says hold. */
  readonly hold: 'action_required' | 'neutral' | 'success' | 'failure';
  /** In front of the model's name: the folder of a project inside a monorepo; empty at its top. */
  readonly folder: string;
  readonly places: SourcePlaces;
  /** A fork's own job measured this: what it calls good is passed on as neutral. */
  readonly unverified: boolean;
}

/** More checks than this would use up the requests of a job and the reader's patience: they become one. */
const MOST_CHECKS = 10;

/** One check per model, or one for all of very many. Nothing for a report without a commit. */
export function checksOf(facts: ReportFacts, settings: CheckSettings): readonly Check[] {
  const { commit } = facts;
  if (commit === null) return [];
  const name = (model: string) => ['assay', settings.folder, model].filter((part) => part !== '').join('/');
  if (facts.models.length <= MOST_CHECKS) {
    return facts.models.map((model) => {
      const { word, why } = headline(model);
      return {
        name: name(model.model),
        commit,
        conclusion: verified(conclusionOf(model, settings), settings),
        title: titleOf(why === '' ? word : `${word}: ${why}`, settings),
        summary: reportBody({ ...facts, models: [model] }, LIMITS.checkSummary),
        annotations: annotationsOf(model, settings.places),
        url: facts.url,
        id: model.decision?.id ?? model.comparison?.id ?? model.run?.id ?? commit,
      };
    });
  }
  const conclusions = facts.models.map((model) => conclusionOf(model, settings));
  const worst = SEVEREST.find((one) => conclusions.includes(one)) ?? 'neutral';
  const count = conclusions.filter((one) => one === worst).length;
  return [
    {
      name: name('all'),
      commit,
      conclusion: verified(worst, settings),
      title: titleOf(`${count} of ${facts.models.length} models: ${worst.replace('_', ' ')}`, settings),
      summary: reportBody(facts, LIMITS.checkSummary),
      annotations: facts.models.flatMap((model) => annotationsOf(model, settings.places)),
      url: facts.url,
      id:
        facts.models
          .map((model) => model.decision?.id ?? model.run?.id ?? '')
          .sort()
          .at(-1) || commit,
    },
  ];
}

const SEVEREST: readonly Conclusion[] = ['failure', 'cancelled', 'action_required', 'neutral', 'success'];

function conclusionOf(facts: ModelFacts, settings: CheckSettings): Conclusion {
  const { run, decision } = facts;
  if (wasRefused(facts)) return 'failure';
  if (!run) return 'neutral';
  if (run.status === 'failed') return 'failure';
  if (run.status === 'cancelled') return 'cancelled';
  // Without a gate nobody said what is good enough: that is shown, and decides nothing.
  switch (decision?.decision) {
    case 'promote':
      return 'success';
    case 'hold':
      return settings.hold;
    case 'reject':
      return 'failure';
    default:
      return 'neutral';
  }
}

function verified(conclusion: Conclusion, { unverified }: CheckSettings): Conclusion {
  return unverified && conclusion === 'success' ? 'neutral' : conclusion;
}

function titleOf(text: string, { unverified }: CheckSettings): string {
  const remark = unverified ? ' (measured by the fork itself)' : '';
  return `${cut(plainText(text), LIMITS.checkTitle.max - remark.length)}${remark}`;
}
