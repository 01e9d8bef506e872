import { createHash } from 'node:crypto';
import { SaxesParser } from 'saxes';
import { describe, expect, it } from 'vitest';
import { type DriftContent, driftContent } from '../../data/drift/record.js';
import { type ProfileContent, profileContent } from '../../data/profile/record.js';
import { type ValidationRecord, validationRecord } from '../../data/record.js';
import { driftPage } from './drift-page.js';
import { profilePage } from './profile-page.js';
import { validationPage } from './validation-page.js';

const HOSTILE = `"><img src=x onerror=alert(1)></style><script>alert(2)</script>&'\u202e`;

const steps = { at: [1], below: [0], upto: [3], exact: true };
const column = {
  name: HOSTILE,
  type: 'integer',
  declared: true,
  present: 3,
  missing: 1,
  invalid: 0,
  distinct: 2,
  identifier: false,
  numbers: null,
  times: null,
  lengths: null,
  categories: null,
};
const profile: ProfileContent = profileContent.parse({
  dataset: HOSTILE,
  source: HOSTILE,
  digest: 'a'.repeat(64),
  rows: 4,
  rejected: 0,
  duplicates: 0,
  columns: [
    {
      ...column,
      numbers: {
        mean: 1.5,
        sd: 0.5,
        skewness: null,
        kurtosis: null,
        zeros: 0,
        negative: 0,
        quantiles: { min: 1, p5: 1, p25: 1, p50: 1, p75: 2, p95: 2, max: 2 },
        histogram: { edges: [1, 2, 3], counts: [2, 1], below: 1, above: 0 },
        steps,
      },
    },
    {
      ...column,
      type: 'timestamp',
      times: {
        quantiles: { min: HOSTILE, p50: HOSTILE, max: HOSTILE },
        histogram: { edges: [0, 86_400, 172_800], counts: [1, 2], below: 0, above: 0 },
        steps,
        weekdays: [0, 0, 0, 3, 0, 0, 0],
        hours: null,
      },
    },
    {
      ...column,
      type: 'string',
      categories: {
        top: [
          { value: HOSTILE, hash: '0', count: 2 },
          { value: null, hash: '1', count: 1 },
        ],
        other: { rows: 1, distinct: 1 },
      },
    },
  ],
  correlations: { pairs: 1, top: [{ a: HOSTILE, b: 'b', r: -0.5, rows: 3 }] },
});

const check = {
  check: `${HOSTILE}: at most 3`,
  column: HOSTILE,
  passed: false,
  severity: 'error',
  failing: 2,
  total: 3,
  rows: [2, 7],
  rows_are: 'lines',
  detail: HOSTILE,
};
const validation: ValidationRecord = validationRecord.parse({
  schema: 'assay/validation@1',
  id: '20260101T000000000Z-00000000',
  time: '2026-01-01T00:00:00.000Z',
  commit: null,
  actor: 'ada',
  trigger: { event: 'local', url: null, attempt: 1 },
  dataset: HOSTILE,
  source: HOSTILE,
  digest: 'a'.repeat(64),
  rows: 3,
  rejected: 0,
  columns: [{ name: HOSTILE, type: 'integer' }],
  valid: false,
  checks: [
    check,
    { ...check, severity: 'warn', files: [HOSTILE, HOSTILE], values: [HOSTILE] },
    { ...check, passed: true, failing: 0, rows: [], column: 'fine' },
  ],
  seconds: 1,
});

const side = { name: HOSTILE, from: 'data', digest: 'a'.repeat(64), rows: 100 } as const;
const compared = {
  name: HOSTILE,
  type: 'number',
  kind: 'numbers',
  verdict: 'drift',
  reason: `${HOSTILE} moved`,
  decided_by: { of: 'values', test: 'kolmogorov-smirnov', adjusted_p: 0.001 },
  tests: [
    {
      of: 'values',
      test: 'kolmogorov-smirnov',
      statistic: 0.5,
      p: 0.0001,
      effect: { name: 'wasserstein', value: 0.4, floor: 0.1 },
    },
  ],
  effects: { wasserstein: 0.4, jensen_shannon: 0.3, psi: 1.2 },
  missing: { reference: 0, current: 0 },
  new_values: null,
  notes: [],
  picture: {
    edges: [0, 1, 2],
    reference: [60, 40],
    current: [20, 70],
    outside: { reference: 0, current: 10 },
  },
};
const drift: DriftContent = driftContent.parse({
  dataset: HOSTILE,
  reference: side,
  current: side,
  verdict: 'drift',
  reason: '2 of 2 columns drifted',
  alpha: { columns: 0.04, classifier: 0.01 },
  drifted: [HOSTILE],
  schema_changes: { added: [HOSTILE], removed: [], retyped: [] },
  columns: [
    compared,
    {
      ...compared,
      kind: 'categories',
      picture: { labels: [HOSTILE, ''], reference: [50, 50], current: [100, 0] },
    },
  ],
  classifier: null,
  classifier_left_out: HOSTILE,
});

const version = '1.0.0';
const pages = {
  validation: validationPage(
    [
      { record: validation, profile },
      { record: { ...validation, valid: true }, profile: null },
    ],
    { version },
  ),
  profile: profilePage(profile, { version }),
  drift: driftPage(drift, { version }),
};

/** Elements by name; throws when the page is not well formed. HTML's void elements are closed for the XML parser. */
function elementsOf(page: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const parser = new SaxesParser();
  parser.on('opentag', ({ name }) => found.set(name, (found.get(name) ?? 0) + 1));
  parser.on('error', (error) => {
    throw error;
  });
  parser.write(
    page
      .replace('<!doctype html>', '')
      .replace(/<(meta)([^>]*)>/g, '<$1$2/>')
      .replace(/ open>/g, ' open="">'),
  );
  parser.close();
  return found;
}

describe.each(Object.entries(pages))('the page of a %s', (_, page) => {
  it('is well formed, and what comes from outside is text in it', () => {
    const elements = elementsOf(page);
    expect([...elements.keys()].filter((name) => /script|img|iframe|link|object|embed/.test(name))).toEqual(
      [],
    );
    expect(elements.get('style')).toBe(1);
    expect(page).not.toContain('\u202e');
  });

  it('lets nothing in but its own style, and loads nothing', () => {
    const style = /<style>([\s\S]*?)<\/style>/.exec(page)?.[1] ?? '';
    const digest = createHash('sha256').update(style).digest('base64');
    expect(page).toContain(
      `content="default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'"`,
    );
    expect(page).not.toMatch(/ style=| on[a-z]+="|https?:\/\/|url\(|@import/);
  });

  it('can be read aloud: pictures have words, tables have headers, ids are one of a kind', () => {
    const images = page.match(/<svg(?![^>]*aria-hidden)[^>]*>/g) ?? [];
    for (const image of images) expect(image).toMatch(/role="img" aria-label="[^"]+"/);
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, target] of page.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target);
    expect(page.match(/<table>/g)?.length).toBe(page.match(/<thead>/g)?.length);
  });
});

describe('what the pages say', () => {
  const text = (page: string) =>
    page
      .replace(/<style>[\s\S]*<\/style>/, '')
      .replace(/<[^>]+>/g, ' ')
      .replace(/\s+/g, ' ');

  it('names failing rows and shows values only where the record has them', () => {
    expect(text(pages.validation)).toMatch(/lines 2, 7/);
    expect(pages.validation.match(/; values: /g)?.length).toBe(2);
  });

  it('draws both sides of a drift and says which number decided', () => {
    expect(pages.drift).toContain('reference: 0 to 1: 60%; 1 to 2: 40%. current: 0 to 1: 20%; 1 to 2: 70%');
    expect(text(pages.drift)).toMatch(/kolmogorov-smirnov 0\.5 .*wasserstein 0\.4 \(floor 0\.1\) decided/);
    expect(text(pages.drift)).toContain('At most 5% of comparisons');
  });

  it('names bars by rank where values are withheld', () => {
    expect(text(pages.profile)).toContain('value 2 1 row all others 1 row');
    expect(pages.profile).toContain('1970-01-01 to 1970-01-02: 1 row');
    expect(text(pages.profile)).toContain('1 row beyond the edges');
  });
});
