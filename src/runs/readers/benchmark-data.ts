import { UserError } from '../../errors.js';
import { benchMetric, directionOfTool, isBench } from './json/benchmarks.js';
import { isMap, listAt, mapAt, numberAt, textAt } from './json/value.js';
import { type JsonValue, parseJson } from './json-text.js';
import { LARGEST_FILE, type Reader, type ReadMetric } from './reader.js';

const ASSIGNED = /^\s*window\.BENCHMARK_DATA\s*=\s*/;

/** One entry of the history of github-action-benchmark. */
export interface BenchmarkEntry {
  readonly suite: string;
  readonly commit: string | undefined;
  readonly author: string | undefined;
  /** Milliseconds since 1970. */
  readonly date: number;
  readonly metrics: readonly ReadMetric[];
}

/** `data.js` of github-action-benchmark: the newest entry of each suite. Nothing of it is run: it is read as the JSON it holds. */
export const benchmarkData: Reader = {
  name: 'github-action-benchmark data.js',
  recognises: (head) => ASSIGNED.test(head),
  async read(file) {
    const newest = new Map<string, BenchmarkEntry>();
    for (const entry of benchmarkEntries(await file.text(LARGEST_FILE), file.path))
      newest.set(entry.suite, entry);
    const prefix = newest.size > 1;
    return {
      metrics: [...newest.values()].flatMap(({ suite, metrics }) =>
        metrics.map((metric) => (prefix ? { ...metric, name: `${suite}/${metric.name}` } : metric)),
      ),
      series: [],
    };
  },
};

/** All entries, oldest first within a suite. Throws UserError when the text is not such a file. */
export function benchmarkEntries(text: string, file: string): readonly BenchmarkEntry[] {
  const [assigned] = ASSIGNED.exec(text) ?? [];
  if (assigned === undefined) {
    throw new UserError(`${file} is not the data.js of github-action-benchmark`, {
      mend: 'it begins with: window.BENCHMARK_DATA = {',
    });
  }
  // Spaces instead of the assignment keep every line and column where it is.
  const value = parseJson(
    assigned.replace(/\S/g, ' ') + text.slice(assigned.length).replace(/;\s*$/, ''),
    file,
  );
  return Object.entries(mapAt(value, 'entries')).flatMap(([suite, list]) =>
    (Array.isArray(list) ? (list as readonly JsonValue[]) : []).flatMap((entry) =>
      entryOf(entry, { suite, file }),
    ),
  );
}

function entryOf(
  entry: JsonValue,
  of: { readonly suite: string; readonly file: string },
): readonly BenchmarkEntry[] {
  const date = numberAt(entry, 'date');
  if (!isMap(entry) || date === undefined || !Number.isFinite(date)) return [];
  const stated = directionOfTool(textAt(entry, 'tool') ?? '');
  const benches = listAt(entry, 'benches').filter(isBench);
  return [
    {
      suite: of.suite,
      commit: textAt(mapAt(entry, 'commit'), 'id'),
      author:
        textAt(mapAt(entry, 'commit', 'author'), 'username') ??
        textAt(mapAt(entry, 'commit', 'author'), 'name'),
      date,
      metrics: benches.flatMap((bench) => benchMetric(bench, { stated, file: of.file })),
    },
  ];
}
