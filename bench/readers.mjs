// What reading costs: a file store of MLflow with 1,000 runs, an event file of 100 MB. Beside each the machine's own time for
// the same bytes, read without looking at them.
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localWorkspace } from '../build/platform/files/workspace.js';
import { crc32c, masked } from '../build/runs/readers/binary/crc32.js';
import { fileStore } from '../build/runs/readers/mlflow/file-store.js';
import { readMetricsFile } from '../build/runs/readers/readers.js';

const TIMES = 5;
const folder = mkdtempSync(join(tmpdir(), 'assay-bench-readers-'));
const workspace = localWorkspace({ folder });
const rows = [];
const add = (what, measured, bar, holds) => rows.push({ what, measured, bar, holds: holds ? 'yes' : 'NO' });

try {
  writeStore(join(folder, 'mlruns'), { runs: 1000, metrics: 10 });
  const store = await fastest(async () => {
    const source = fileStore(await workspace.folder('mlruns'));
    const runs = await source.runs(await source.heads());
    const points = runs.reduce((sum, { metrics }) => sum + metrics.size, 0);
    if (points !== 10_000) throw new Error(`${points} metrics`);
  });
  const bare = await fastest(async () => readTree(join(folder, 'mlruns')));
  add('MLflow file store, 1,000 runs with 10 metrics', `${store.toFixed(2)} s`, '< 1 s', store < 1);
  add('  / reading its files', `${(store / bare).toFixed(2)}×`, '–', true);

  const bytes = writeEvents(join(folder, 'events.out.tfevents.1'), 100e6);
  const events = await fastest(async () => {
    const { metrics } = await readMetricsFile(await workspace.file('events.out.tfevents.1'));
    if (metrics.length !== 5) throw new Error(`${metrics.length} metrics`);
  });
  const read = await fastest(() => readThrough(join(folder, 'events.out.tfevents.1')));
  const rate = bytes / events / 1e6;
  add(
    `event file of 100 MB (${(bytes / 1e6 / read).toFixed(0)} MB/s bare)`,
    `${rate.toFixed(0)} MB/s`,
    '≥ 150',
    rate >= 150,
  );
  const peak = process.resourceUsage().maxRSS / 1024;
  add('  peak memory of this process', `${peak.toFixed(0)} MB`, '< 300', peak < 300);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

console.log(`node ${process.version}, fastest of ${TIMES}\n`);
const width = Math.max(...rows.map(({ what }) => what.length));
for (const { what, measured, bar, holds } of rows) {
  console.log(`${what.padEnd(width)}  ${measured.padStart(9)}  bar ${bar.padEnd(7)}  ${holds}`);
}
process.exitCode = rows.some(({ holds }) => holds === 'NO') ? 1 : 0;

async function fastest(work) {
  let best = Number.POSITIVE_INFINITY;
  for (let time = 0; time < TIMES; time++) {
    const began = performance.now();
    await work();
    best = Math.min(best, (performance.now() - began) / 1000);
  }
  return best;
}

function writeStore(store, { runs, metrics }) {
  mkdirSync(join(store, '1'), { recursive: true });
  writeFileSync(join(store, '1/meta.yaml'), "experiment_id: '1'\nlifecycle_stage: active\nname: bench\n");
  for (let run = 0; run < runs; run++) {
    const id = run.toString(16).padStart(32, '0');
    const place = join(store, '1', id);
    for (const inner of ['metrics', 'params', 'tags', 'artifacts'])
      mkdirSync(join(place, inner), { recursive: true });
    const meta = {
      artifact_uri: `file:///home/user/mlruns/1/${id}/artifacts`,
      end_time: 1717236060000 + run,
      entry_point_name: "''",
      experiment_id: "'1'",
      lifecycle_stage: 'active',
      run_id: id,
      run_name: `run ${run}`,
      source_type: 4,
      start_time: 1717236000000 + run,
      status: 3,
      tags: '[]',
      user_id: 'bench',
    };
    writeFileSync(
      join(place, 'meta.yaml'),
      Object.entries(meta)
        .map(([name, value]) => `${name}: ${value}\n`)
        .join(''),
    );
    for (let metric = 0; metric < metrics; metric++) {
      const lines = [0, 1, 2].map(
        (step) => `${1717236000000 + step} ${Math.sin(run + metric + step)} ${step}\n`,
      );
      writeFileSync(join(place, `metrics/metric_${metric}`), lines.join(''));
    }
    for (const param of ['lr', 'depth', 'model']) writeFileSync(join(place, 'params', param), '0.1');
    for (const tag of ['mlflow.runName', 'mlflow.user']) writeFileSync(join(place, 'tags', tag), 'bench');
  }
}

function readTree(place) {
  for (const entry of readdirSync(place, { withFileTypes: true })) {
    if (entry.isDirectory()) readTree(join(place, entry.name));
    else readFileSync(join(place, entry.name));
  }
}

async function readThrough(path) {
  const file = await open(path);
  const buffer = new Uint8Array(4 * 1024 * 1024);
  while ((await file.read(buffer, 0, buffer.length)).bytesRead > 0);
  await file.close();
}

/** Five scalars a step, as SummaryWriter writes them. */
function writeEvents(path, size) {
  const file = openSync(path, 'w');
  const tags = ['train/loss', 'train/accuracy', 'val/loss', 'val/accuracy', 'lr'].map((tag) =>
    Buffer.from(tag),
  );
  let written = 0;
  for (let event = 0; written < size; ) {
    const records = [];
    for (; records.length < 20_000; event++)
      records.push(recordOf(scalar(tags[event % 5], Math.floor(event / 5))));
    written += writeSync(file, Buffer.concat(records));
  }
  closeSync(file);
  return written;
}

function scalar(tag, step) {
  const float = Buffer.alloc(5, 0x15);
  float.writeFloatLE(Math.sin(step), 1);
  const value = Buffer.concat([Buffer.from([0x0a, tag.length]), tag, float]);
  const summary = Buffer.concat([Buffer.from([0x0a, value.length]), value]);
  const time = Buffer.alloc(9, 0x09);
  time.writeDoubleLE(1.7e9 + step, 1);
  return Buffer.concat([time, Buffer.from([0x10, ...varint(step), 0x2a, summary.length]), summary]);
}

function varint(value) {
  const bytes = [];
  for (let rest = value; ; rest >>>= 7) {
    bytes.push(rest > 127 ? (rest & 127) | 128 : rest);
    if (rest <= 127) return bytes;
  }
}

function recordOf(data) {
  const record = Buffer.alloc(data.length + 16);
  record.writeUInt32LE(data.length);
  record.writeUInt32LE(masked(crc32c(record, 0, 8)), 8);
  record.set(data, 12);
  record.writeUInt32LE(masked(crc32c(data, 0, data.length)), 12 + data.length);
  return record;
}
