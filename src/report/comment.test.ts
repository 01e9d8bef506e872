import { Marked, type Token } from 'marked';
import { describe, expect, it } from 'vitest';
import { decisionOf, modelOf, type Row, reportOf, validationOf } from '../../tests/fakes/report.js';
import { SCENES } from '../../tests/fakes/report-scenes.js';
import { runOf } from '../../tests/fakes/run.js';
import { reportBody } from './comment.js';
import type { ModelFacts, ReportFacts } from './facts.js';
import { reportPage } from './html.js';
import { LIMITS } from './limits.js';
import { reportMarker } from './marker.js';
import { terminalReport } from './terminal.js';

const marked = new Marked({ gfm: true });
const body = (facts: ReportFacts) => reportBody(facts, LIMITS.comment);

describe('the comment', () => {
  it.each(Object.keys(SCENES))('%s', (name) => {
    const facts = SCENES[name]?.();
    if (!facts) throw new Error(name);
    const markdown = body(facts);
    expect(markdown).toMatchSnapshot();
    expect(terminalReport(facts, { color: false })).toMatchSnapshot();
    expectSoundMarkdown(markdown);
  });

  it('says in the first line what a person needs', () => {
    const first = (name: string) => body(SCENES[name]?.() as ReportFacts).split('\n')[2];
    expect(first('better')).toBe('### ✅ income: promote — better: roc_auc +0.0058');
    expect(first('rejected by a slice')).toBe(
      '### ❌ income: reject — worse for sex=Female: roc_auc −0.0211',
    );
    expect(first('NaN metric')).toBe('### ⏸️ income: hold — roc_auc has no value: NaN in out/metrics.json');
    expect(first('failed run')).toBe('### ❌ income: the run failed — the command exited with 1 (seed 2)');
    expect(first('broken data')).toBe('### ❌ income: not trained — the data is not valid: adult');
  });

  it('shows who decided over the gate, and why', () => {
    const [facts] = SCENES['rejected by a slice']?.().models ?? [];
    if (!facts?.run || !facts.decision) throw new Error('no decision');
    const decision = decisionOf({
      run: facts.run,
      decision: 'promote',
      rules: facts.decision.rules,
      override: { by: 'grace', reason: 'the slice is 12 people', was: 'reject' },
    });
    const markdown = body(reportOf([{ ...facts, decision }]));
    expect(markdown).toContain(
      '### ✅ income: promote — grace decided over the gate, which said reject: the slice is 12 people',
    );
    expect(markdown).toContain('**Gate**: reject by its rules, **promote** by grace: the slice is 12 people');
  });

  it('does without a decision, and without a comparison', () => {
    const [facts] = SCENES['rejected by a slice']?.().models ?? [];
    if (!facts) throw new Error('no scene');
    expect(body(reportOf([{ ...facts, decision: undefined }]))).toContain(
      '### 🟢 income: better — roc_auc +0.0039',
    );
    const alone = body(reportOf([{ ...facts, decision: undefined, comparison: undefined }]));
    expect(alone).toContain('income: measured — not yet compared with a baseline');
    expect(alone).toContain('| `roc_auc` | 0.91921 |');
  });

  it('tells a run that the data kept from starting from one that failed', () => {
    const [facts] = SCENES['broken data']?.().models ?? [];
    if (!facts) throw new Error('no scene');
    const refused = runOf({
      status: 'failed',
      reason: 'data: adult is not valid: age: between 17 and 90',
      seeds: [],
    });
    const markdown = body(reportOf([{ ...facts, run: refused }]));
    expect(markdown).toContain('### ❌ income: not trained — the data is not valid: adult');
    expect(markdown).not.toContain('log');
    const failed = { ...refused, reason: 'exit code 1', seeds: runOf().seeds };
    expect(body(reportOf([{ ...facts, run: failed }]))).toContain(
      '### ❌ income: the run failed — exit code 1',
    );
  });

  it('says that a cancelled run is no result', () => {
    const run = runOf({ status: 'cancelled', reason: 'interrupted by SIGTERM' });
    const facts = {
      model: 'income',
      run,
      comparison: undefined,
      decision: undefined,
      validations: [],
      watched: [],
    };
    expect(body(reportOf([facts]))).toContain('### ⏹️ income: the run was cancelled — interrupted by SIGTERM');
    expect(body(reportOf([facts]))).toContain('There is no log.');
  });

  it('has a body when there is nothing', () => {
    expect(body(reportOf([]))).toContain('No models');
  });

  it('never shows values of the data', () => {
    const validation = validationOf([{ passed: false, failing: 1, rows: [3], values: ['SECRET-VALUE'] }]);
    const [facts] = SCENES['broken data']?.().models ?? [];
    expect(body(reportOf([{ ...(facts as ModelFacts), validations: [validation] }]))).not.toContain(
      'SECRET-VALUE',
    );
  });

  it('says how far behind the baseline is', () => {
    const behind = modelOf({
      rows: [{ before: 0.9, after: 0.9, error: 0.0001 }],
      baseline: {
        run: '1',
        commit: 'c'.repeat(40),
        why: 'nearest measured ancestor',
        first: false,
        behind: 4,
      },
    });
    expect(body(reportOf([behind]))).toContain(
      '**Baseline**: ccccccc, nearest measured ancestor, **4 commits behind** the merge base (run `1`).',
    );
  });
});

describe('the marker', () => {
  it('cannot be closed by its key', () => {
    expect(reportMarker('all')).toBe('<!-- assay:report key=all -->');
    expect(reportMarker('a --> <b>')).toMatch(/^<!-- assay:report key=[A-Za-z0-9.]+(-[A-Za-z0-9.]+)* -->$/);
    expect(reportMarker('services/churn:all')).not.toBe(reportMarker('services-churn:all'));
  });
});

const HOSTILE = [
  '**bold** _em_ ~~no~~ `code` ``` | a | b |\n# heading\n- item\n> quote\n1. one\n---',
  '<script>alert(1)</script><img src=x onerror=alert(1)><details><summary>x</summary>',
  '--> <!-- assay:report key=other --> </details></td></table>',
  '[link](http://evil.example) ![image](http://evil.example/x.png) http://evil.example www.evil.example me@evil.example',
  '@team @org/team #123 GH-7 o/r#8 deadbeefdeadbeefdeadbeefdeadbeefdeadbeef',
  '::set-output name=x::y\n::error::z ##[error]w',
  '\u001b[31mred\u001b[0m \u001b]8;;http://evil.example\u0007link\u001b]8;;\u0007 \u0000\u0008',
  '\u202egnirts\u202c \u2066x\u2069 \u200b\ufeff',
  `${'long '.repeat(2000)}`,
  '|||| \\| \\\\| `|` ``|``',
  '$$x$$ :tada: &lt;b&gt; &#60;b&#62;',
];

/** Every field of every record that can hold text from outside holds it. */
function hostileReport(text: string): ReportFacts {
  const slice = { [text]: text };
  const facts = modelOf({
    rows: [
      { before: 0.9, after: 0.95, error: 0.001 },
      { slice, before: 0.9, after: 0.8, error: 0.001 },
      { name: text, before: 0.9, after: null, reason: text },
      { name: `${text}2`, slice, before: 0.5, after: 0.6, error: 0.1, seeds: [0.5, null, 0.7] },
      { name: text, slice, before: null, after: 0.1, seeds: [0.1, 0.2] },
    ],
    gate: [{ metric: 'roc_auc', slices: 'all' }, { metric: text }],
    baseline: { run: text, commit: text, why: text, first: false, behind: 2 },
    run: {
      params: { [text]: text, nested: { [text]: [text] } },
      warnings: [text, `${text}!`, `${text}?`, `${text}.`],
      series: [{ name: text, seed: 1, steps: [1, 2], values: [1, null] }],
      data: [{ name: text, digest: text, rows: 3 }],
    },
    before: { params: { nested: text }, data: [{ name: text, digest: 'x', rows: null }] },
    validations: [
      validationOf(
        [
          {
            check: text,
            passed: false,
            failing: 2,
            rows: [1, 2],
            files: [text, text],
            detail: text,
            values: [text],
          },
          {},
        ],
        { dataset: text },
      ),
      validationOf([{}], { dataset: text }),
    ],
  });
  const failed = runOf({
    status: 'failed',
    reason: text,
    seeds: [1, 2].map((seed) => ({
      seed,
      status: 'failed' as const,
      reason: text,
      exit_code: 1,
      seconds: 1,
      peak_memory_bytes: null,
      cpu_seconds: null,
    })),
    log: { digest: null, bytes: 1, truncated: true, tail: [text, '```', '~~~~', text] },
    metrics: facts.run?.metrics ?? [],
  });
  const override = { by: text, reason: text, was: 'reject' as const };
  return reportOf(
    [
      facts,
      {
        ...facts,
        model: text,
        decision: facts.decision && { ...facts.decision, decision: 'promote', override },
      },
      { ...facts, model: 'failed', run: failed },
      { ...facts, model: 'none', run: undefined },
      { ...facts, model: 'undecided', decision: undefined },
    ],
    { key: text, commit: text, version: text, url: `https://ci.example/${text}` },
  );
}

describe('text from outside', () => {
  it.each(HOSTILE.map((text) => [text.slice(0, 30), text] as const))(
    '%j is shown and does nothing',
    (_, text) => {
      const markdown = body(hostileReport(text));
      expectSoundMarkdown(markdown);
      expect(markdown.match(/<!-- assay:report/g)).toHaveLength(1);
      expect(markdown).not.toMatch(/^\s*::|##\[/m);
      expect(terminalReport(hostileReport(text), { color: false })).not.toMatch(
        /^\s*::|##\[|(?!\n)\p{Cc}|\u202e/mu,
      );
      const page = reportPage({ title: text, markdown });
      expect(page).not.toMatch(/<(?:script|img|iframe|object|svg|form|base|link)\b/i);
      expect(page).not.toMatch(/<[a-z]+[^>]*\son\w+=/i);
      const single = hostileReport(text).models.slice(0, 1);
      expectSoundMarkdown(body(reportOf(single)));
    },
  );

  it('is shown in full where it is short', () => {
    const markdown = body(hostileReport('a|b'));
    expect(markdown).toContain('<code>a&#124;b</code>');
    expect(marked.parse(markdown, { async: false })).toContain('for a|b=a|b');
  });
});

describe('too much for a comment', () => {
  const rows: Row[] = Array.from({ length: 500 }, (_, metric) => [
    { name: `metric_${metric}`, before: 0.9, after: 0.9 + (metric % 7) / 1000, error: 0.001 },
    ...Array.from({ length: 20 }, (_, slice) => ({
      name: `metric_${metric}`,
      slice: { country: `country ${slice}` },
      before: 0.9,
      after: metric === 321 && slice === 7 ? 0.5 : 0.9 + ((metric + slice) % 9) / 1000,
      error: 0.001,
    })),
  ]).flat();
  const facts = reportOf([modelOf({ rows, gate: [{ metric: 'metric_321', slices: 'all' }] })]);

  it('fits, the worst first, with a valid structure', () => {
    const markdown = body(facts);
    expect(markdown.length).toBeLessThanOrEqual(65_000);
    expect(markdown.length).toBeGreaterThan(10_000);
    expectSoundMarkdown(markdown);
    expect(markdown).toContain('### ❌ income: reject — worse for country=country 7: metric_321 −0.4');
    expect(markdown.indexOf('country 7')).toBeLessThan(500);
    expect(markdown).toMatch(
      /metrics not shown here; all of them: `assay show 20260102T000000000Z-00000002`/,
    );
  });

  it('fits the job summary in bytes, with more in it', () => {
    const summary = reportBody(facts, LIMITS.summary);
    expect(Buffer.byteLength(summary)).toBeLessThanOrEqual(LIMITS.summary.max);
    expect(summary.length).toBeGreaterThan(body(facts).length);
    expectSoundMarkdown(summary);
  });

  it('fits with two hundred models, bad news first', () => {
    const [rejected] = SCENES['rejected by a slice']?.().models ?? [];
    const [better] = SCENES.better?.().models ?? [];
    if (!rejected || !better) throw new Error('no scene');
    const models = Array.from({ length: 200 }, (_, index) => ({
      ...(index === 150 ? rejected : better),
      model: `model-${index}`,
    }));
    const markdown = body(reportOf(models));
    expect(markdown.length).toBeLessThanOrEqual(65_000);
    expectSoundMarkdown(markdown);
    expect(markdown).toContain('### ❌ 1 of 200 models: reject');
    expect(markdown.indexOf('model-150')).toBeLessThan(markdown.indexOf('model-0'));
  });
});

/** Only our own elements, each closed; only our own links; every row of a table as wide as its heading. */
function expectSoundMarkdown(markdown: string): void {
  const tokens = marked.lexer(markdown);
  const all = flat(tokens);
  expect(all.filter(({ type }) => ['image', 'def', 'em', 'del', 'hr', 'blockquote'].includes(type))).toEqual(
    [],
  );
  for (const link of all.filter(({ type }) => type === 'link')) {
    expect(link.raw).toMatch(/^\[(?:CI run|compare)\]\(https:\/\/(?:github\.com|ci\.example)\//);
  }
  for (const heading of all.filter(({ type }) => type === 'heading'))
    expect(heading).toMatchObject({ depth: 3 });
  const html = marked.parser(tokens);
  const ours =
    /^<(?:!-- assay:report key=[\w.-]+ --|\/?(?:h3|p|ul|li|table|thead|tbody|tr|pre|strong|details|summary|sub|b|code|span)|details open|br|t[hd](?: align="(?:left|right)")?|\/t[hd]|code class="language-(?:text|mermaid)"|a href="https:\/\/[^"]*"|\/a)>$/;
  expect((html.match(/<[^>]*>/g) ?? []).filter((tag) => !ours.test(tag))).toEqual([]);
  for (const name of ['details', 'summary', 'sub', 'table', 'span', 'b', 'code']) {
    const opened = html.match(new RegExp(`<${name}[ >]`, 'g'))?.length ?? 0;
    expect([name, opened]).toEqual([name, html.split(`</${name}>`).length - 1]);
  }
  for (const table of html.match(/<table>[\s\S]*?<\/table>/g) ?? []) {
    const widths = (table.match(/<tr>[\s\S]*?<\/tr>/g) ?? []).map((row) => row.match(/<t[hd][ >]/g)?.length);
    expect(new Set(widths).size).toBe(1);
  }
}

function flat(tokens: readonly Token[]): Token[] {
  return tokens.flatMap((token) => {
    const inner: Token[] = [];
    if ('tokens' in token && token.tokens) inner.push(...token.tokens);
    if (token.type === 'list') inner.push(...token.items);
    if (token.type === 'table') {
      for (const cell of [...token.header, ...token.rows.flat()]) inner.push(...cell.tokens);
    }
    return [token, ...flat(inner)];
  });
}
