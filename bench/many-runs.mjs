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

/** One run as `assay train` records it: 8 metrics, 6 parameters, a log tail, three artifacts. */
export function makeRun(number, { time, random }) {
  const model = MODELS[number % MODELS.length];
  const id = `${time.toISOString().replace(/[-:.]/g, '')}-${hex(random, 8)}`;
  const commit = hex(random, 40);
  const seconds = Math.round(random() * 900_000) / 1000;
  const failed = random() < 0.05;
  const seed = Math.floor(random() * 10);
  const quality = 0.7 + 0.25 * random();
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
        values: [],
      }));
  const artifact = (name, path) => ({
    name,
    path,
    digest: hex(random, 64),
    bytes: Math.floor(random() * 2e6),
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
    status: failed ? 'failed' : 'succeeded',
    reason: failed ? 'the command ended with exit code 1' : null,
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
    seeds: [
      {
        seed,
        status: failed ? 'failed' : 'succeeded',
        reason: null,
        exit_code: failed ? 1 : 0,
        seconds,
        peak_memory_bytes: Math.floor(random() * 4e9),
        cpu_seconds: seconds * 1.7,
      },
    ],
    data: [{ name: 'adult', digest: hex(random, 64), rows: 48842 }],
    environment: {
      os: 'Linux 6.8.0-1017-azure',
      cpu: { model: 'AMD EPYC 7763 64-Core Processor', cores: 4 },
      memory_bytes: 16_768_000_000,
      runtimes: { node: '20.20.2', python: '3.11.7' },
      lockfiles: { 'requirements.txt': 'c'.repeat(64) },
    },
    code: {
      commit,
      dirty: false,
      branch: number % 4 === 0 ? 'main' : `feature-${number % 97}`,
      pull_request: null,
    },
    metrics,
    series: [],
    artifacts: failed ? [] : [artifact('model', 'out/model.joblib'), artifact('log', 'log.txt')],
    log: {
      digest: hex(random, 64),
      bytes: 5120,
      truncated: false,
      tail: ['epoch 10', `loss ${random()}`, 'done'],
    },
    resources: { peak_memory_bytes: Math.floor(random() * 4e9), cpu_seconds: seconds * 1.7 },
    warnings: [],
    parent: null,
  };
}

/** Runs spread evenly over `days` days that end at `end`, the same for the same arguments. */
export function* manyRuns(count, { end = new Date('2026-11-20T00:00:00Z'), days = 365 } = {}) {
  const random = seeded(count);
  const span = days * 86_400_000;
  for (let number = 0; number < count; number++) {
    const time = new Date(end.getTime() - span + Math.floor((span * number) / count));
    yield makeRun(number, { time, random });
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
