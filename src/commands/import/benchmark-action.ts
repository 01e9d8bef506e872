import { UserError } from '../../errors.js';
import { isRecordTime } from '../../runs/imported.js';
import { benchmarkEntries } from '../../runs/readers/benchmark-data.js';
import { LARGEST_FILE } from '../../runs/readers/reader.js';
import { foreignSource, sourceName } from './foreign.js';
import { openPlace } from './place.js';

/** The history that github-action-benchmark keeps in `data.js`: an evaluation for each entry of each suite. */
export const benchmarkActionSource = foreignSource(async function* (request, records) {
  const place = await openPlace(request);
  if (place.kind === 'folder') {
    throw new UserError(`${request.label} is a folder; benchmark-action needs the file data.js`, {
      mend: `assay import benchmark-action ${request.label.replace(/\/$/, '')}/data.js`,
    });
  }
  const entries = benchmarkEntries(await place.file.text(LARGEST_FILE), sourceName(request));
  const several = new Set(entries.map(({ suite }) => suite)).size > 1;
  for (const { suite, commit, date, author, metrics } of entries) {
    if (!isRecordTime(date)) {
      records.leave('without a date that a record can have');
      continue;
    }
    // Of several suites in one model, each keeps its names apart.
    const prefix = several && request.model !== undefined ? `${suite}/` : '';
    yield records.of({
      tool: 'benchmark-action',
      id: [suite, commit ?? '', date].join(' '),
      name: undefined,
      group: suite,
      purpose: 'evaluate',
      status: 'succeeded',
      reason: null,
      time: date,
      seconds: undefined,
      actor: author,
      commit,
      dirty: undefined,
      reading: {
        metrics: metrics.map((metric) => ({ ...metric, name: `${prefix}${metric.name}` })),
        series: [],
      },
    });
  }
});
