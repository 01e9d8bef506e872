import { plural } from '../../format.js';
import type { StoredRecord } from '../../history/archive.js';
import { recordKind } from '../../history/record.js';
import { isNewer } from '../../history/upgrade.js';
import { terminalText } from '../../report/escape.js';
import type { World } from '../../world.js';
import type { Outcome } from '../command-line/verb.js';
import { openProject, type Project } from '../project/project.js';
import { type KnownRecord, knowRecord } from '../records/known-record.js';

interface Problem {
  readonly kind: 'file' | 'record' | 'id' | 'reference' | 'artifact';
  /** Path of the file, or id of the record. */
  readonly where: string;
  readonly what: string;
}

interface Found {
  readonly counts: Map<string, number>;
  readonly newer: string[];
  readonly problems: Problem[];
  readonly ids: Map<string, string>;
  /** What records refer to, by whom. */
  readonly references: { readonly from: string; readonly to: string; readonly as: string }[];
  readonly artifacts: Map<string, { readonly name: string; readonly run: string }>;
}

const SHOWN = 50;

export async function verifyHistory(input: { readonly config: string }, world: World): Promise<Outcome> {
  const project = await openProject(world, input.config);
  const found = await readAll(project, world);
  for (const { from, to, as } of found.references) {
    if (!found.ids.has(to)) {
      found.problems.push({ kind: 'reference', where: from, what: `the ${as} ${to} is not in the history` });
    }
  }
  await checkArtifacts(project, { found, world });
  const { problems, counts, newer, artifacts } = found;
  const records = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const kinds = [...counts].sort().map(([kind, count]) => plural(count, kind));
  const lines = [
    `${plural(records, 'record')}${kinds.length > 0 ? `: ${kinds.join(', ')}` : ''}; ${plural(artifacts.size, 'artifact')}`,
    ...(newer.length > 0
      ? [
          `${plural(newer.length, 'record')} of a newer version of Assay, kept and not checked: ${newer.slice(0, 5).join(', ')}`,
        ]
      : []),
    ...problems
      .slice(0, SHOWN)
      .map(({ where, what }) => `✗ ${terminalText(where, 200)}: ${terminalText(what, 300)}`),
    ...(problems.length > SHOWN ? [`and ${problems.length - SHOWN} more: --json has all`] : []),
    problems.length === 0 ? 'everything is there, and as it should be' : plural(problems.length, 'problem'),
  ];
  return {
    exit: problems.length === 0 ? 0 : 1,
    json: { records, kinds: Object.fromEntries(counts), artifacts: artifacts.size, newer, problems },
    text: lines.join('\n'),
    outputs: { records: String(records), problems: String(problems.length) },
  };
}

async function readAll(project: Project, world: World): Promise<Found> {
  const found: Found = {
    counts: new Map(),
    newer: [],
    problems: [],
    ids: new Map(),
    references: [],
    artifacts: new Map(),
  };
  const archive = await project.archive();
  const progress = world.terminal.progress('verifying');
  let count = 0;
  try {
    const told = (where: string, what: string) => found.problems.push({ kind: 'file', where, what });
    for await (const stored of archive.records(told)) {
      world.cancel.throwIfAborted();
      check(stored, found);
      count += 1;
      if (count % 1000 === 0) progress.update(count);
    }
  } finally {
    progress.end();
  }
  return found;
}

function check({ path, record }: StoredRecord, found: Found): void {
  const kind = recordKind(record);
  found.counts.set(kind, (found.counts.get(kind) ?? 0) + 1);
  const other = found.ids.get(record.id);
  if (other !== undefined) {
    found.problems.push({ kind: 'id', where: path, what: `its id is that of another record: ${other}` });
  }
  found.ids.set(record.id, path);
  const known = knowRecord(record);
  if (known.kind !== 'unreadable') {
    addReferences(known, found);
    return;
  }
  if (isNewer(record) || known.why.endsWith('is not known here')) found.newer.push(record.id);
  else found.problems.push({ kind: 'record', where: path, what: known.why });
}

function addReferences(known: KnownRecord, found: Found): void {
  const { id } = known.record;
  const refer = (as: string, to: string | null | undefined) => {
    if (to) found.references.push({ from: id, to, as });
  };
  switch (known.kind) {
    case 'run':
      refer('parent', known.record.parent);
      for (const { digest, name } of known.record.artifacts) found.artifacts.set(digest, { name, run: id });
      return;
    case 'comparison':
      refer('candidate', known.record.candidate.run);
      refer('baseline', known.record.baseline.run);
      return;
    case 'decision':
      refer('run', known.record.run);
      refer('comparison', known.record.comparison);
      return;
    case 'version':
    case 'acceptance':
      refer('run', known.record.run);
      return;
    case 'validation':
    case 'stage':
    case 'deployment':
    case 'unreadable':
      return;
  }
}

/** Whether each artifact is in the store; what is in it is checked by its digest when it is fetched. */
async function checkArtifacts(
  project: Project,
  { found, world }: { readonly found: Found; readonly world: World },
): Promise<void> {
  if (found.artifacts.size === 0) return;
  const store = await project.artifacts();
  const progress = world.terminal.progress('looking for artifacts');
  let count = 0;
  try {
    for (const [digest, { name, run }] of found.artifacts) {
      world.cancel.throwIfAborted();
      if (!(await store.has(digest))) {
        found.problems.push({
          kind: 'artifact',
          where: run,
          what: `its artifact ${name} (${digest.slice(0, 12)}…) is not in the store`,
        });
      }
      count += 1;
      if (count % 100 === 0) progress.update(count, found.artifacts.size);
    }
  } finally {
    progress.end();
  }
}
