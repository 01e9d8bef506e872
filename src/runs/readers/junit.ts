import { UserError } from '../../errors.js';
import type { SourceFile } from '../ports.js';
import { tooMany } from './nested.js';
import { metricOf, parseNumber } from './number.js';
import { LARGEST_LOG, MOST_METRICS, type Reader, type Reading, type ReadMetric } from './reader.js';

/** Deeper nesting is no test report. */
const DEEPEST = 200;

/**
 * JUnit XML: how many tests passed, failed, erred and were skipped, the share that passed, and how long they took; properties
 * that are numbers (pytest's `record_property`) are metrics of their own. Read as a stream. A document type is refused: that is
 * where entity bombs and references to other files live.
 */
export const junit: Reader = {
  name: 'JUnit XML',
  largest: LARGEST_LOG,
  recognises: (head) => /^\s*<(?:\?xml|!|testsuites?\b)/.test(head),
  async read(file) {
    const report = new TestReport(file.path);
    await parse(file, report);
    return report.reading();
  },
};

async function parse(file: SourceFile, report: TestReport): Promise<void> {
  const { SaxesParser } = await import('saxes');
  const parser = new SaxesParser();
  const wrong = (message: string): UserError =>
    new UserError(`not valid XML: ${message}`, {
      location: { file: file.path, line: parser.line, column: parser.column + 1 },
    });
  parser.on('error', (error) => {
    throw wrong(error.message.replace(/^\d+:\d+: /, ''));
  });
  parser.on('doctype', () => {
    throw wrong('a document type is not read, for it may define entities without end');
  });
  let depth = 0;
  parser.on('opentag', ({ name, attributes }) => {
    if (++depth > DEEPEST) throw wrong(`nested deeper than ${DEEPEST} levels`);
    report.open(name, attributes);
  });
  parser.on('closetag', ({ name }) => {
    depth--;
    report.close(name);
  });
  const decoder = new TextDecoder('utf-8');
  for await (const piece of file.chunks()) parser.write(decoder.decode(piece, { stream: true }));
  parser.write(decoder.decode());
  parser.close();
}

class TestReport {
  readonly #file: string;
  readonly #properties = new Map<string, ReadMetric>();
  #tests = 0;
  #outcomes = { failed: 0, errors: 0, skipped: 0 };
  #seconds = 0;
  #test: { name: string; outcome: 'passed' | 'failed' | 'errors' | 'skipped' } | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  open(tag: string, attributes: Readonly<Record<string, string>>): void {
    if (tag === 'testcase') {
      const name = [attributes.classname, attributes.name].filter((part) => part).join('.');
      this.#test = { name, outcome: 'passed' };
      this.#tests++;
      this.#seconds += parseNumber((attributes.time ?? '').replaceAll(',', '')) ?? 0;
    } else if (tag === 'property') this.#property(attributes);
    else if (this.#test && tag === 'failure') this.#test.outcome = 'failed';
    else if (this.#test && tag === 'error') this.#test.outcome = 'errors';
    else if (this.#test && tag === 'skipped') this.#test.outcome = 'skipped';
  }

  close(tag: string): void {
    if (tag !== 'testcase' || !this.#test) return;
    const { outcome } = this.#test;
    if (outcome !== 'passed') this.#outcomes[outcome]++;
    this.#test = undefined;
  }

  #property({ name, value }: Readonly<Record<string, string>>): void {
    const number = parseNumber(value ?? '');
    if (number === undefined || !name) return;
    const full = this.#test ? `${this.#test.name}.${name}` : name;
    this.#properties.set(full, metricOf(full, number, this.#file));
    if (this.#properties.size > MOST_METRICS) throw tooMany(this.#file);
  }

  reading(): Reading {
    const { failed, errors, skipped } = this.#outcomes;
    const run = this.#tests - skipped;
    const passed = run - failed - errors;
    if (this.#tests === 0) throw new UserError(`${this.#file} is XML without a test case`);
    return {
      metrics: [
        ...(run > 0 ? [{ name: 'tests.pass_rate', value: passed / run, direction: 'higher' as const }] : []),
        { name: 'tests.passed', value: passed, direction: 'higher' },
        { name: 'tests.failed', value: failed, direction: 'lower' },
        { name: 'tests.errors', value: errors, direction: 'lower' },
        { name: 'tests.skipped', value: skipped, direction: 'none' },
        { name: 'tests.seconds', value: this.#seconds, direction: 'lower' },
        ...this.#properties.values(),
      ],
      series: [],
      notes: failed + errors > 0 ? [`${failed + errors} of ${run} tests did not pass`] : [],
    };
  }
}
