import { UserError } from '../errors.js';
import { formatBytes, plural, shortCommit } from '../format.js';
import type { DecisionRecord } from '../gate/record.js';
import { allOf, type Condition, fieldIs } from '../history/condition.js';
import { readRecordOf, readRecords } from '../history/read.js';
import { objections } from '../registry/allowed.js';
import type { VersionRecord } from '../registry/record.js';
import { tagVersion } from '../registry/release.js';
import { BUMPS, type Bump, parseVersion } from '../registry/version.js';
import { terminalText } from '../report/escape.js';
import { refusalMarkdown, versionMarkdown } from '../report/release-summary.js';
import { type RunRecord, runRecord } from '../runs/record.js';
import type { World } from '../world.js';
import { defineVerb, type Outcome } from './command-line/verb.js';
import { chosenModels, openProject, type Project } from './project/project.js';
import { requiredReason } from './release/reason.js';
import { versionsOf } from './release/versions.js';

export const register = defineVerb(
  {
    name: 'register',
    summary: 'turn a run into a released version',
    description: `Makes a version of a run: a release with the files of the model, a model card of what was measured and the
run's record, and a tag that GTO reads (income@v1.2.0). Predictions and logs are not released.

The release is made as a draft, what arrived is verified, and only then is it published; a job that is killed leaves a
draft, and the same command goes on where it stopped. A run that is a version already is not released again.

When the model has gate rules, the newest decision on the run must be promote; a run the gate never saw is decided now.
Otherwise the exit code is 1 and nothing is released, unless --force gives a reason: then a decision that goes over the
gate is recorded.

The number: the first version is 1.0.0. After that a run of the same commit, command and parameters as the version
before (other data, other seeds) is a patch, every other run is a minor; major is yours to say, when the inputs or
outputs of the model changed.`,
    arguments: [
      { name: 'model', description: 'the model; may be left out when there is one, or with --run' },
    ],
    options: {
      run: {
        kind: 'text',
        description: 'id of the run, or the start of it; else the newest that succeeded on this commit',
        placeholder: 'ID',
      },
      bump: { kind: 'text', description: 'which part of the number goes up', choices: BUMPS },
      version: { kind: 'text', description: 'exactly this number, such as 2.0.0', placeholder: 'X.Y.Z' },
      force: {
        kind: 'text',
        description: 'release although the gate does not say promote, and why',
        placeholder: 'REASON',
      },
      start: {
        kind: 'text',
        description: 'workflow on GitHub to start with the input `version`, such as deploy.yml',
        placeholder: 'WORKFLOW',
      },
    },
    outputs: {
      version: 'the version, such as income@v1.2.0; empty when refused',
      url: 'address of the release; empty when it has none',
      checksums:
        'file with the SHA-256 of each file of the version, as sha256sum writes it; empty when refused',
    },
    examples: [
      { command: 'assay register income', explains: 'release the newest run of this commit' },
      {
        command: 'assay register --run 20261124T0346 --bump major',
        explains: 'release a run by id, as 2.0.0',
      },
    ],
  },
  async (input, world) => {
    const { options } = input;
    const force = options.force === undefined ? undefined : requiredReason('--force', options.force);
    const asked = askedNumber(options);
    const project = await openProject(world, input.config);
    const run = await runToRegister(project, world, { model: input.arguments[0], id: options.run });
    const versions = await versionsOf(project, world, run.model);
    const existing = versions.find((version) => version.run === run.id);
    if (existing) {
      const known = await registeredAlready(project, existing, asked);
      return followUp(known, { project, world, version: existing, start: undefined });
    }

    await checkCommit(project, run);
    const { permission, release } = await import('./release/release.js');
    const decision = await permission({ project, world, run, force });
    if (decision && decision.decision !== 'promote') return refused(run, decision);
    remarkOnRun(world, run);
    world.cancel.throwIfAborted();
    const record = await release({ project, world, run, versions, decision, asked });
    return followUp(registered(record, decision), { project, world, version: record, start: options.start });
  },
);

function askedNumber(options: {
  readonly bump: string | undefined;
  readonly version: string | undefined;
}): Bump | { readonly exactly: string } | undefined {
  const { bump, version } = options;
  if (bump !== undefined && version !== undefined) {
    throw new UserError('--bump and --version cannot both be given', { mend: 'leave one of them out' });
  }
  if (version === undefined) return BUMPS.find((each) => each === bump);
  const exactly = version.replace(/^v(?=\d)/, '');
  if (parseVersion(exactly)) return { exactly };
  throw new UserError(`--version ${JSON.stringify(version)} is not a semantic version`, {
    mend: 'write three numbers, such as 1.4.0',
  });
}

/** The run named, or the newest training of HEAD's commit that succeeded. Throws UserError when there is none that can be released. */
async function runToRegister(
  project: Project,
  world: World,
  wanted: { readonly model: string | undefined; readonly id: string | undefined },
): Promise<RunRecord> {
  const history = await project.history();
  if (wanted.id !== undefined) {
    const run = await readRecordOf(history, wanted.id, { kind: 'run', schema: runRecord });
    return releasable(run, wanted.model);
  }
  const models = chosenModels(project, wanted.model);
  const [only] = models;
  if (!only || models.length > 1) {
    throw new UserError(`which model? ${project.config.file} has ${models.length}`, {
      mend: `name one: ${models.map(({ name }) => `assay register ${name}`).join(', ')}`,
    });
  }
  const { commit } = await project.origin();
  const trained = [fieldIs('purpose', 'train'), fieldIs('status', 'succeeded')];
  const runsWhere = (conditions: readonly Condition[], limit?: number) => {
    const where = allOf(conditions);
    return { kind: 'run', owner: only.name, ...(where && { where }), ...(limit && { limit }) };
  };
  const here = runsWhere([...trained, ...(commit === null ? [] : [fieldIs('commit', commit)])]);
  const runs = await readRecords(history, here, runRecord, {
    onUnreadable: (record, why) => world.terminal.warn(`run ${record.id} is left out: ${why}`),
  });
  const run = runs.find((each) => each.commit === commit);
  if (run) return run;
  const where = commit === null ? '' : ` on commit ${shortCommit(commit)}`;
  const [newest] = (await history.select(runsWhere(trained, 1))).rows;
  throw new UserError(`no run of ${only.name} succeeded${where}`, {
    mend: `make one: assay train ${only.name}${newest ? `; or name another: assay register --run ${newest.id}` : ''}`,
  });
}

function releasable(run: RunRecord, model: string | undefined): RunRecord {
  if (model !== undefined && run.model !== model) {
    throw new UserError(`run ${run.id} is of ${run.model}, not of ${model}`);
  }
  if (run.status !== 'succeeded') {
    throw new UserError(
      `run ${run.id} ${run.status === 'failed' ? 'failed' : 'was cancelled'}, so it cannot be released`,
      {
        mend: `train again: assay train ${run.model}`,
      },
    );
  }
  if (run.purpose === 'evaluate') {
    throw new UserError(`run ${run.id} only scored another run, so it has no model of its own`, {
      mend:
        run.parent === null ? 'name a training run' : `release that one: assay register --run ${run.parent}`,
    });
  }
  return run;
}

/** Before anything is made, since the tag that comes last needs the commit. */
async function checkCommit(project: Project, run: RunRecord): Promise<void> {
  const repository = await project.repository();
  if (!repository) return;
  if (run.commit === null) {
    throw new UserError(`run ${run.id} was made before the first commit, so there is nothing to tag`, {
      mend: `commit, then train again: assay train ${run.model}`,
    });
  }
  if ((await repository.resolve(run.commit)) === undefined) {
    throw new UserError(`commit ${shortCommit(run.commit)} of run ${run.id} is not in this clone`, {
      mend: 'get the whole history: git fetch --unshallow (in a workflow: fetch-depth: 0)',
    });
  }
}

function remarkOnRun(world: World, run: RunRecord): void {
  if (run.code.dirty) {
    world.terminal.warn(
      'the run was made with changes that were not committed, so the tag does not hold the code it ran; the model card says so',
    );
  }
}

async function registeredAlready(
  project: Project,
  existing: VersionRecord,
  asked: Bump | { readonly exactly: string } | undefined,
): Promise<Outcome> {
  if (typeof asked === 'object' && asked.exactly !== existing.version) {
    throw new UserError(`run ${existing.run} is released already, as ${existing.tag}`, {
      mend: 'a run is released once; train again for another version',
    });
  }
  // A register killed right after recording the version has not tagged it yet.
  await tagVersion(await project.tags(), existing);
  return {
    exit: 0,
    json: { version: existing, created: false, decision: null },
    text: `run ${existing.run} is released already, as ${existing.tag}${existing.url === null ? '' : `: ${terminalText(existing.url)}`}`,
    outputs: { version: existing.tag, url: existing.url ?? '', checksums: '' },
    summary: versionMarkdown(existing),
  };
}

/** Adds what comes after the release; a run that was released before starts nothing again. */
async function followUp(
  outcome: Outcome,
  of: {
    readonly project: Project;
    readonly world: World;
    readonly version: VersionRecord;
    readonly start: string | undefined;
  },
): Promise<Outcome> {
  const { startWorkflow, writeChecksums } = await import('./release/follow-up.js');
  const outputs = { ...outcome.outputs, checksums: await writeChecksums(of.project, of.version) };
  const failure = of.start === undefined ? undefined : await startWorkflow(of.start, of);
  return { ...outcome, outputs, ...(failure === undefined ? {} : { failure }) };
}

function refused(run: RunRecord, decision: DecisionRecord): Outcome {
  return {
    exit: 1,
    json: { version: null, created: false, decision },
    text: [
      `${decision.decision}: run ${run.id} of ${run.model} is not released`,
      ...objections(decision).map((reason) => `  - ${terminalText(reason)}`),
      `recorded as decision ${decision.id}`,
    ].join('\n'),
    outputs: { version: '', url: '', checksums: '' },
    summary: refusalMarkdown(`run ${run.id} of ${run.model} is not released`, decision),
  };
}

function registered(record: VersionRecord, decision: DecisionRecord | undefined): Outcome {
  const bytes = record.assets.reduce((sum, asset) => sum + asset.bytes, 0);
  const files =
    record.assets.length > 0 ? `, ${plural(record.assets.length, 'file')} (${formatBytes(bytes)})` : '';
  return {
    exit: 0,
    json: { version: record, created: true, decision: decision ?? null },
    text: `${record.tag} is released from run ${record.run}${files}${record.url === null ? '' : `: ${terminalText(record.url)}`}`,
    outputs: { version: record.tag, url: record.url ?? '', checksums: '' },
    summary: versionMarkdown(record),
  };
}
