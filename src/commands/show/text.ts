import { recordKind } from '../../history/record.js';
import { driftText } from '../../report/drift.js';
import { profileText } from '../../report/profile.js';
import { type KnownRecord, summarize } from '../records/known-record.js';
import { datasetSections, validationSections } from './data.js';
import { comparisonSections, decisionSections } from './judgement.js';
import { deploymentSections, pruningSections, stageSections, versionSections } from './release.js';
import { runSections } from './run.js';
import { oneLine } from './sections.js';

/** A record in words and tables, for a person at a terminal. Text from outside is not yet safe outside of tables. */
export function recordText(known: KnownRecord): string {
  const { record } = known;
  const head = [
    `${recordKind(record)} ${record.id}`,
    `  ${record.time}, by ${record.actor}, ${record.trigger.event}${record.trigger.url ? ` (${record.trigger.url})` : ''}`,
    `  commit ${record.commit ?? 'unknown (outside git)'}`,
    '',
    sentence(summarize(known)),
  ];
  return [...head, ...sections(known)].join('\n');
}

function sections(known: KnownRecord): readonly string[] {
  switch (known.kind) {
    case 'run':
      return runSections(known.record);
    case 'dataset':
      return datasetSections(known.record);
    case 'validation':
      return validationSections(known.record);
    case 'profile':
      return ['', ...profileText(known.record).split('\n').slice(2)];
    case 'drift':
      return ['', ...driftText(known.record).split('\n').slice(2)];
    case 'comparison':
      return comparisonSections(known.record);
    case 'decision':
      return decisionSections(known.record);
    case 'version':
      return versionSections(known.record);
    case 'stage':
      return stageSections(known.record);
    case 'deployment':
      return deploymentSections(known.record);
    case 'acceptance':
      return [];
    case 'pruning':
      return pruningSections(known.record);
    case 'unreadable':
      return ['', 'As it is written:', ...JSON.stringify(known.record, null, 2).split('\n')];
  }
}

function sentence(text: string): string {
  const line = oneLine(text);
  return `${line.charAt(0).toUpperCase()}${line.slice(1)}${/[.!?]$/.test(line) ? '' : '.'}`;
}
