import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LIMITS } from '../src/report/limits.js';
import { conversation, FORK_TOKEN } from './beds/github/server.js';
import { modelOf, type Row, validationOf } from './fakes/report.js';
import { metricOf, runOf } from './fakes/run.js';
import { type GitHubScene, openGitHubScene } from './github-scene.js';
import { openHistory, write } from './history-scene.js';

let scene: GitHubScene;
beforeEach(async () => {
  scene = await openGitHubScene();
});
afterEach(() => scene.end());

const data = [{ name: 'adult', digest: 'd'.repeat(64), rows: 48_842 }];
function rejected() {
  return modelOf({
    rows: [
      { before: 0.9, after: 0.91, error: 0.001 },
      { slice: { sex: 'Female' }, before: 0.9, after: 0.88, error: 0.001 },
      { name: 'log_loss', before: 0.3, after: null, reason: 'NaN in metrics.json' },
    ],
    run: { data },
    validations: [
      validationOf([
        { check: 'age: integer', passed: false, failing: 2, rows: [12, 40_001] },
        { check: 'age: between 17 and 90' },
      ]),
    ],
  });
}

const check = () => scene.bed.repository.checks[0];

describe('a pull request', () => {
  test('has a comment and a check with remarks at the lines concerned', async () => {
    await scene.record(rejected());
    const { outputs, exit } = await scene.run('report');
    expect(exit).toBe(0);
    expect(outputs['comment-url']).toContain('/team/models/pull/7#issuecomment-');
    expect(check()?.fields).toMatchObject({
      name: 'assay/income',
      head_sha: scene.head,
      conclusion: 'failure',
      details_url: `${scene.bed.url}/team/models/actions/runs/42`,
      output: { title: expect.stringMatching(/^reject: worse for sex=Female: roc_auc −0\.0200/) },
    });
    expect(check()?.annotations).toMatchObject([
      {
        path: 'assay.yml',
        start_line: 7,
        annotation_level: 'failure',
        title: expect.stringContaining('sex=Female'),
      },
      { path: 'data/adult.csv', start_line: 12, annotation_level: 'failure', title: 'adult: age: integer' },
      { path: 'data/adult.csv', start_line: 40_001 },
      { path: 'assay.yml', start_line: 1, annotation_level: 'failure', title: 'adult: age: integer' },
    ]);
    expect(conversation(scene.bed)).toMatchSnapshot();
    expect(scene.bed.requests.length).toBeLessThanOrEqual(4);
  });

  test.each([
    ['promote', { before: 0.9, after: 0.92, error: 0.001 }, 'success'],
    ['hold', { before: 0.9, after: 0.9, error: 0.05 }, 'action_required'],
    ['reject', { before: 0.9, after: 0.8, error: 0.001 }, 'failure'],
  ] as const)('%s is %s', async (_, row, conclusion) => {
    await scene.record(modelOf({ rows: [row] }));
    await scene.run('report');
    expect(check()?.fields.conclusion).toBe(conclusion);
  });

  test('what hold concludes is the team’s to say, and no gate concludes nothing', async () => {
    write(
      scene.folder,
      'assay.yml',
      `${readFileSync(join(scene.folder, 'assay.yml'), 'utf8')}\nreport: { hold: neutral }\n`,
    );
    await scene.record(modelOf({ rows: [{ before: 0.9, after: 0.9, error: 0.05 }] }));
    await scene.run('report');
    expect(check()?.fields.conclusion).toBe('neutral');
  });

  test('without a run the check is neutral and says so', async () => {
    await scene.run('report');
    expect(check()?.fields).toMatchObject({
      conclusion: 'neutral',
      output: { title: expect.stringMatching(/^no run/) },
    });
  });

  test('fail-on decides about the exit code, and nothing else does', async () => {
    await scene.record(rejected());
    expect((await scene.run('report')).exit).toBe(0);
    expect((await scene.run('report', ['--fail-on', 'hold,inconclusive'])).exit).toBe(0);
    expect((await scene.run('report', ['--fail-on', 'hold,reject'])).exit).toBe(1);
    await expect(scene.run('report', ['--fail-on', 'rejected'])).rejects.toThrow('is not an answer');
  });

  test('shows what the metric that the gate asks about was on the target branch', async () => {
    const past = (day: number, value: number | null, fields: Parameters<typeof runOf>[0] = {}) =>
      runOf({
        id: `202501${String(day).padStart(2, '0')}T000000000Z-00000000`,
        commit: String(day % 10).repeat(40),
        metrics: [metricOf('roc_auc', value)],
        ...fields,
      });
    await openHistory(scene.folder).append([
      past(1, 0.6),
      ...Array.from({ length: 10 }, (_, at) => past(at + 2, 0.7 + at / 100)),
      // The same commit measured again counts once, by its newest run; others are no history of main.
      past(20, 0.85, { commit: '1'.repeat(40) }),
      past(21, 0.5, { branch: 'topic' }),
      past(22, 0.5, { dirty: true, commit: 'c'.repeat(40) }),
      past(23, null, { commit: 'd'.repeat(40) }),
      past(24, 0.5, { status: 'failed', commit: 'e'.repeat(40) }),
      past(25, 0.5, { purpose: 'reproduce', commit: 'f'.repeat(40) }),
    ]);
    await scene.record(rejected());
    const { text } = await scene.run('report');
    const [chart] = /```mermaid\n[\s\S]*?```/.exec(text) ?? [''];
    expect(chart.match(/"[0-9a-f]{7}"/g)).toHaveLength(10);
    expect(chart).toContain('"1111111", "this run"]');
    expect(chart).not.toContain('0.5');
    expect(chart).toMatch(/line \[0\.7, .*, 0\.85, 0\.91\]\n/);
    expect(text).toContain('10 runs on main, oldest first: 0.7 → 0.85; this run **0.91**');
  });

  test('comment: none and --no-comment', async () => {
    await scene.record(rejected());
    expect((await scene.run('report', ['--comment', 'none'])).outputs['comment-url']).toBe('');
    expect(scene.bed.repository).toMatchObject({ comments: [], checks: [{}] });
    await scene.run('report', ['--no-comment']);
    expect(scene.bed.repository.checks).toHaveLength(1);
  });

  test('a merge queue gets its check, and the pull request no comment', async () => {
    await scene.record(rejected());
    const trigger = { event: 'merge_group', url: null, attempt: 1 };
    await scene.run('report', [], { runner: { trigger } });
    expect(scene.bed.repository).toMatchObject({ comments: [], checks: [{}] });
  });
});

test('a whole job of a pull request, measured and told twice, takes few requests', async () => {
  const model = (name: string) => [
    `  ${name}:`,
    '    data: [adult]',
    `    train: { run: node train.mjs ${name}, seeds: [1, 2, 3], outputs: { model: out/${name}.bin } }`,
    `    metrics: { from: [out/${name}.json] }`,
    '    gate: [{ metric: accuracy }, { validation: adult }]',
  ];
  const work = await openGitHubScene(
    [
      'data: { adult: { source: adult.csv, columns: { age: { type: integer } } } }',
      'models:',
      ...model('income'),
      ...model('churn'),
    ].join('\n'),
    {
      'adult.csv': 'age\n31\n42\n',
      'train.mjs': `import { mkdirSync, writeFileSync } from 'node:fs';
mkdirSync('out', { recursive: true });
const [, , name] = process.argv;
writeFileSync('out/' + name + '.bin', 'weights ' + process.env.ASSAY_SEED + process.env.ASSAY_RUN);
writeFileSync('out/' + name + '.json', '{"accuracy": 0.9}');`,
    },
  );
  try {
    // Of GitHub's 1,000 an hour and repository.
    for (const turn of ['first', 'second']) {
      work.bed.requests.length = 0;
      const { outputs } = await work.run('auto');
      expect([turn, outputs['comment-url']]).toEqual([turn, expect.stringContaining('#issuecomment-')]);
      expect(
        work.bed.requests.length,
        JSON.stringify(work.bed.requests.map(({ method, path }) => method + path)),
      ).toBeLessThanOrEqual(25);
    }
    expect(work.bed.repository.comments).toHaveLength(1);
  } finally {
    await work.end();
  }
});

describe('limits', () => {
  test('500 metrics in 20 slices are posted, the worst first, nothing broken by the cut', async () => {
    const rows: Row[] = Array.from({ length: 500 }, (_, metric) => [
      { name: `metric_${metric}`, before: 0.9, after: 0.9, error: 0.001 },
      ...Array.from({ length: 20 }, (_, slice) => ({
        name: `metric_${metric}`,
        slice: { country: `🏴‍☠️ nation ${slice}` },
        before: 0.9,
        after: metric === 433 && slice === 7 ? 0.7 : 0.9 + (metric % 3) * 0.01,
        error: 0.001,
      })),
    ]).flat();
    await scene.record(modelOf({ rows, gate: [{ metric: 'metric_433', slices: 'all' }] }));
    const { text } = await scene.run('report');
    const posted = scene.bed.repository.comments[0]?.body ?? '';
    expect([...posted].length).toBeLessThanOrEqual(65_536);
    expect(posted.length).toBeGreaterThan(10_000);
    expect(posted.slice(0, 600)).toContain('metric_433');
    expect(posted.match(/<details/g)?.length).toBe(posted.match(/<\/details>/g)?.length);
    for (const line of posted.split('\n').filter((one) => one.startsWith('|'))) expect(line).toMatch(/\|$/);
    expect(Buffer.from(posted).toString()).toBe(posted);
    expect(JSON.stringify(check()?.fields.output).length).toBeGreaterThan(10_000);
    expect(text.length).toBeLessThanOrEqual(LIMITS.comment.max);
  });

  test('more than 50 annotations take a second request; more models than ten make one check', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `m${index}`);
    const checks = Array.from({ length: 30 }, (_, line) => ({
      check: `c${line}`,
      passed: false,
      failing: 1,
      rows: [line + 1, line + 2],
    }));
    await scene.record(
      modelOf({
        rows: [{ before: 0.9, after: 0.8, error: 0.001 }],
        run: { data },
        validations: [validationOf(checks)],
      }),
    );
    await scene.run('report');
    expect(check()?.annotations).toHaveLength(91);
    expect(
      scene.bed.requests.filter((one) => one.route.includes('check-runs')).map((one) => one.method),
    ).toEqual(['POST', 'PATCH']);
    write(
      scene.folder,
      'assay.yml',
      [
        'models:',
        ...names.map(
          (name) => `  ${name}: { train: { run: node train.mjs }, metrics: { from: [${name}.json] } }`,
        ),
      ].join('\n'),
    );
    scene.bed.requests.length = 0;
    await scene.run('report');
    expect(scene.bed.repository.checks.at(-1)?.fields).toMatchObject({
      name: 'assay/all',
      conclusion: 'neutral',
    });
    expect(scene.bed.requests.length).toBeLessThanOrEqual(4);
  });

  test('nobody is pinged by names in data', async () => {
    await scene.record(
      modelOf({
        rows: [{ name: '@team/leads', slice: { who: '@mona' }, before: 0.9, after: 0.8, error: 0.001 }],
        gate: [],
      }),
    );
    await scene.run('report');
    const posted = scene.bed.repository.comments[0]?.body ?? '';
    expect(posted).toContain('team/leads');
    expect(posted.replace(/`[^`]*`/g, '')).not.toMatch(/@[a-z0-9]/i);
  });
});

describe('what GitHub refuses does not undo what was measured', () => {
  test.each([
    ['403', { status: 403, body: { message: 'Resource not accessible by integration' } }, 'permissions: { '],
    ['404', { status: 404, body: { message: 'Not Found' } }, 'not find'],
    ['422', { status: 422, body: { message: 'Validation Failed' } }, 'Validation Failed'],
    [
      '429 with a long wait',
      {
        status: 429,
        headers: { 'retry-after': '3600' },
        body: { message: 'You have exceeded a secondary rate limit' },
      },
      '3600',
    ],
  ])('%s: told, kept, and no failure unless asked', async (_, answer, said) => {
    await scene.record(rejected());
    scene.bed.intercept = (request) => (request.path === '/graphql' ? undefined : answer);
    const { exit, lines, text, outputs, json, summary } = await scene.run('report');
    expect(exit).toBe(0);
    expect(lines.join('\n')).toContain(said);
    expect(readFileSync(outputs['body-file'] ?? '', 'utf8')).toBe(text);
    expect(json).toMatchObject({ comment_url: null, not_posted: [expect.any(String), expect.any(String)] });
    expect(summary).toContain('⚠️');
    expect((await scene.run('report', ['--fail-on', 'not-posted'])).exit).toBe(1);
  });

  test('all of a pull request with a token that may only read: measured, judged, and left as a bundle', async () => {
    const work = await openGitHubScene(
      [
        'models:',
        '  income:',
        '    train: { run: node train.mjs, outputs: { model: out/model.bin } }',
        '    metrics: { from: [out/metrics.json] }',
        '    gate: [{ metric: accuracy }]',
      ].join('\n'),
      {
        'train.mjs': `import { mkdirSync, writeFileSync } from 'node:fs';
mkdirSync('out', { recursive: true });
writeFileSync('out/model.bin', 'weights');
writeFileSync('out/metrics.json', '{"accuracy": 0.9}');`,
      },
    );
    try {
      const { exit, outputs, lines, failure } = await work.run('auto', [], { token: FORK_TOKEN });
      expect({ exit, failure, decision: outputs.decision }).toEqual({ exit: 0, decision: 'promote' });
      expect(existsSync(join(outputs.bundle ?? '', 'assay-report.json'))).toBe(true);
      expect(lines.join('\n')).toMatch(/files of this run stay in this job: .*\n.*contents: write/);
      expect(lines.filter((line) => line.includes('stay in this job'))).toHaveLength(1);
    } finally {
      await work.end();
    }
  });

  test('a token that turns out to be read-only, as Dependabot’s, leaves a bundle', async () => {
    await scene.record(rejected());
    const { outputs, summary } = await scene.run('report', [], { token: FORK_TOKEN });
    expect(existsSync(join(outputs.bundle ?? '', 'assay-report.json'))).toBe(true);
    expect(summary).toContain('second workflow');
  });
});
