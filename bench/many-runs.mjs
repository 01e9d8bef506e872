import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Numbers that are the same in every run (mulberry32). */
function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const MODELS = ['income', 'churn', 'fraud', 'ranking', 'forecast'];
const METRICS = [
  'accuracy',
  'roc_auc',
  'average_precision',
  'log_loss',
  'brier',
  'f1_macro',
  'precision',
  'recall',
];

const hex = (random, digits) =>
  Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join('');

const LOCKFILE = 'c'.repeat(64);
const pick = (random, list) => list[Math.floor(random() * list.length)];

/**
 * What a team's runs share, as they do in life: a model has a handful of dataset versions and machines, and a commit is
 * trained several times (seeds, retries, a sweep). Artifacts, logs and every measured number are their own.
 */
function makeTeam(random) {
  return {
    data: Object.fromEntries(
      MODELS.map((model) => [
        model,
        Array.from({ length: 12 }, (_, version) => ({
          name: model,
          digest: hex(random, 64),
          rows: 48_842 + 31 * version,
        })),
      ]),
    ),
    environments: ['20.20.2', '22.12.0'].flatMap((node) =>
      ['3.11.7', '3.12.4'].map((python) => ({
        os: 'Linux 6.8.0-1017-azure',
        cpu: { model: 'AMD EPYC 7763 64-Core Processor', cores: 4 },
        memory_bytes: 16_768_000_000,
        runtimes: { node, python },
        lockfiles: { 'requirements.txt': LOCKFILE },
      })),
    ),
    commits: Object.fromEntries(MODELS.map((model) => [model, hex(random, 40)])),
  };
}

/**
 * One run as `assay train` records it, in the order of its fields: one seed, 6 parameters, 8 metrics with standard errors of all
 * their digits, two artifacts, a log; every tenth also has two series of 20 epochs.
 */
export function makeRun(number, { time, random, team = makeTeam(random) }) {
  const model = MODELS[number % MODELS.length];
  const id = `${time.toISOString().replace(/[-:.]/g, '')}-${hex(random, 8)}`;
  // A commit is trained four times on average.
  if (random() < 0.25) team.commits[model] = hex(random, 40);
  const commit = team.commits[model];
  const seconds = random() * 900;
  const failed = random() < 0.05;
  const status = failed ? 'failed' : 'succeeded';
  const reason = failed ? 'the command ended with exit code 1' : null;
  const seed = Math.floor(random() * 10);
  const quality = 0.7 + 0.25 * random();
  const resources = {
    peak_memory_bytes: 4096 * Math.floor(random() * 1e6),
    cpu_seconds: Math.round(seconds * 170) / 100,
  };
  const metrics = failed
    ? []
    : METRICS.map((name, place) => ({
        name,
        value: Math.min(1, quality + place * 0.004 + random() * 0.02),
        direction: name === 'log_loss' || name === 'brier' ? 'lower' : 'higher',
        split: 'test',
        slice: null,
        n: 16281,
        stderr: random() * 0.003,
        seed_values: null,
        source: 'out/predictions.csv',
      }));
  const folder = `.assay/running/${id}/seed-${seed}`;
  const log = { name: 'log', path: `${folder}/train.log`, digest: hex(random, 64), bytes: 5120 };
  const weights = {
    name: 'out/model.joblib',
    path: `${folder}/out/model.joblib`,
    digest: hex(random, 64),
    bytes: Math.floor(random() * 2e6),
  };
  const steps = Array.from({ length: 20 }, (_, step) => step);
  const curve = (name) => ({
    name,
    seed,
    steps,
    values: steps.map((step) => 1 / (step + 1) + random() * 0.05),
  });
  return {
    schema: 'assay/run@1',
    id,
    time: time.toISOString(),
    commit,
    actor: ['ada', 'grace', 'ci'][number % 3],
    trigger: {
      event: 'push',
      url: `https://github.com/team/models/actions/runs/${9_000_000_000 + number}`,
      attempt: 1,
    },
    model,
    purpose: 'train',
    status,
    reason,
    seconds,
    command: 'python train.py',
    params: {
      learning_rate: Math.round(random() * 1000) / 10_000,
      depth: 2 + Math.floor(random() * 9),
      loss: random() < 0.5 ? 'log' : 'hinge',
      subsample: Math.round(random() * 100) / 100,
      trees: 100 * (1 + Math.floor(random() * 20)),
      note: `trial ${number}`,
    },
    seed,
    seeds: [{ seed, status, reason, exit_code: failed ? 1 : 0, seconds, ...resources }],
    data: [pick(random, team.data[model])],
    environment: pick(random, team.environments),
    code: {
      commit,
      dirty: false,
      branch: number % 4 === 0 ? 'main' : `feature-${number % 97}`,
      pull_request: number % 4 === 0 ? null : number % 97,
    },
    metrics,
    series: !failed && number % 10 === 0 ? [curve('loss'), curve('val_loss')] : [],
    artifacts: failed ? [log] : [weights, log],
    log: {
      digest: log.digest,
      bytes: log.bytes,
      truncated: false,
      tail: ['epoch 20', `loss ${random()}`, 'done'],
    },
    resources,
    warnings: [],
    parent: null,
  };
}

/** Runs spread evenly over `days` days that end at `end`, the same for the same arguments. */
export function* manyRuns(count, { end = new Date('2026-11-20T00:00:00Z'), days = 365 } = {}) {
  const random = seeded(count);
  const team = makeTeam(random);
  const span = days * 86_400_000;
  for (let number = 0; number < count; number++) {
    const time = new Date(end.getTime() - span + Math.floor((span * number) / count));
    yield makeRun(number, { time, random, team });
  }
}

/** A branch `assay` in the bare repository `folder`, one commit per run as so many trainings leave it. */
export async function writeHistory(folder, runs) {
  const git = spawn('git', ['fast-import', '--quiet', '--depth=50'], {
    cwd: folder,
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  let number = 0;
  for (const run of runs) {
    const text = Buffer.from(`${JSON.stringify(run, null, 2)}\n`);
    const [year, month, day] = [run.id.slice(0, 4), run.id.slice(4, 6), run.id.slice(6, 8)];
    const message = `run ${run.model} ${run.id}`;
    const when = Math.floor(Date.parse(run.time) / 1000);
    const head = [
      `commit refs/heads/assay`,
      `committer Assay <assay@users.noreply.github.com> ${when} +0000`,
      `data ${message.length + 1}`,
      message,
      '',
      ...(number === 0 ? ['deleteall'] : []),
      `M 100644 inline runs/${run.model}/${year}/${month}/${day}/${run.id}.json`,
      `data ${text.length}`,
      '',
    ].join('\n');
    number += 1;
    if (!git.stdin.write(Buffer.concat([Buffer.from(head), text, Buffer.from('\n')])))
      await once(git.stdin, 'drain');
  }
  git.stdin.end();
  const [code] = await once(git, 'close');
  if (code !== 0) throw new Error(`git fast-import ended with ${code}`);
}
