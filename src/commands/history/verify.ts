import { OutsideError } from '../../errors.js';
import { plural } from '../../format.js';
import type { StoredRecord } from '../../history/archive.js';
import { recordKind } from '../../history/record.js';
import { isNewer } from '../../history/upgrade.js';
import { terminalText } from '../../report/escape.js';
import type { World } from '../../world.js';
import type { Outcome } from '../command-line/verb.js';
import { openProject, type Project } from '../project/project.js';
import { type KnownRecord, knowRecord } from '../records/known-record.js';
import { type ArtifactUse, type Pruned, verifyArtifacts } from './verify-artifacts.js';

export interface Problem {
  readonly kind: 'file' | 'record' | 'id' | 'reference' | 'artifact';
  /** Path of the file, or id of the record. */
  readonly where: string;
  readonly what: string;
}

interface Found {
  readonly counts: Map<string, number>;
  readonly newer: string[];
  readonly problems: Problem[];
  /** Path of the record by its id. */
  readonly ids: Map<string, string>;
  /** What records refer to, by whom. */
  readonly references: { readonly from: string; readonly to: string; readonly as: string }[];
  /** By digest, with the newest record that names it. */
  readonly artifacts: Map<string, ArtifactUse>;
  /** By digest, the newest pruning that was to remove it. */
  readonly prunings: Map<string, string>;
}

const SHOWN = 50;

export async function verifyHistory(
  input: { readonly config: string; readonly content: boolean },
  world: World,
): Promise<Outcome> {
  const project = await openProject(world, input.config);
  const found = await readAll(project, world);
  for (const { from, to, as } of found.references) {
    if (!found.ids.has(to)) {
      found.problems.push({ kind: 'reference', where: from, what: `the ${as} ${to} is not in the history` });
    }
  }
  const { pruned, problems } = await artifactsOf(project, found, { content: input.content, world });
  found.problems.push(...problems);
  return outcomeOf(found, { pruned, content: input.content });
}

async function artifactsOf(
  project: Project,
  found: Found,
  options: { readonly content: boolean; readonly world: World },
): ReturnType<typeof verifyArtifacts> {
  const { artifacts, prunings, problems } = found;
  if (artifacts.size === 0) return { pruned: [], problems: [] };
  try {
    return await verifyArtifacts(await project.artifacts(), { artifacts, prunings, ...options });
  } catch (error) {
    if (!(error instanceof OutsideError)) throw error;
    // What the records say is known, whatever becomes of the store.
    for (const problem of problems.slice(0, SHOWN)) options.world.terminal.warn(problemText(problem));
    throw error;
  }
}

function outcomeOf(
  found: Found,
  checked: { readonly pruned: readonly Pruned[]; readonly content: boolean },
): Outcome {
  const { problems, counts, newer, artifacts } = found;
  const { pruned, content } = checked;
  const records = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const kinds = [...counts].sort().map(([kind, count]) => plural(count, kind));
  const lines = [
    `${plural(records, 'record')}${kinds.length > 0 ? `: ${kinds.join(', ')}` : ''}; ${plural(artifacts.size, 'artifact')}`,
    ...(newer.length > 0
      ? [
          `${plural(newer.length, 'record')} of a newer version of Assay, kept and not checked: ${newer.slice(0, 5).join(', ')}`,
        ]
      : []),
    ...(pruned.length > 0 ? [`${plural(pruned.length, 'artifact')} removed on purpose by assay prune`] : []),
    ...problems.slice(0, SHOWN).map((problem) => `✗ ${problemText(problem)}`),
    ...(problems.length > SHOWN ? [`and ${problems.length - SHOWN} more: --json has all`] : []),
    problems.length === 0 ? 'everything is there, and as it should be' : plural(problems.length, 'problem'),
    ...(artifacts.size > pruned.length && !content
      ? ['artifacts were looked for, not read: --content reads each and holds it against its digest']
      : []),
  ];
  return {
    exit: problems.length === 0 ? 0 : 1,
    json: {
      records,
      kinds: Object.fromEntries(counts),
      artifacts: artifacts.size,
      content,
      pruned,
      newer,
      problems,
    },
    text: lines.join('\n'),
    outputs: { records: String(records), problems: String(problems.length) },
  };
}

function problemText({ where, what }: Problem): string {
  return `${terminalText(where, 200)}: ${terminalText(what, 300)}`;
}

async function readAll(project: Project, world: World): Promise<Found> {
  const found: Found = {
    counts: new Map(),
    newer: [],
    problems: [],
    ids: new Map(),
    references: [],
    artifacts: new Map(),
    prunings: new Map(),
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
  if (known.kind !== 'unreadable') addReferences(known, found);
  else if (isNewer(record)) found.newer.push(record.id);
  else found.problems.push({ kind: 'record', where: path, what: known.why });
}

function addReferences(known: Exclude<KnownRecord, { kind: 'unreadable' }>, found: Found): void {
  const { id } = known.record;
  const refer = (as: string, to: string | null | undefined) => {
    if (to) found.references.push({ from: id, to, as });
  };
  const use = (artifacts: readonly { readonly digest: string; readonly name: string }[]) => {
    for (const { digest, name } of artifacts) {
      const newest = found.artifacts.get(digest);
      if (newest === undefined || newest.by < id) found.artifacts.set(digest, { name, by: id });
    }
  };
  switch (known.kind) {
    case 'run':
      refer('parent', known.record.parent);
      use(known.record.artifacts);
      return;
    case 'dataset':
      for (const step of known.record.steps) refer('dataset', step.from);
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
      refer('run', known.record.run);
      refer('decision', known.record.decision);
      use(known.record.assets);
      return;
    case 'acceptance':
      refer('run', known.record.run);
      return;
    case 'stage':
      refer('decision', known.record.decision);
      return;
    case 'pruning':
      for (const name of [...known.record.artifacts.map(({ digest }) => digest), ...known.record.blobs]) {
        // A list of parts or files is named by the digest it stands for and an ending.
        const digest = name.slice(0, 64);
        if ((found.prunings.get(digest) ?? '') < id) found.prunings.set(digest, id);
      }
      return;
    case 'validation':
    case 'profile':
    case 'drift':
    case 'deployment':
      return;
  }
}
