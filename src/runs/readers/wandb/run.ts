import type { ParamValue } from '../../../config/model.js';
import { UserError } from '../../../errors.js';
import type { SourceFile } from '../../ports.js';
import { Wire, WireError } from '../binary/protobuf.js';
import { Curve } from '../curve.js';
import { isMap, numberOf, paramOf } from '../json/value.js';
import { type JsonValue, parseJson } from '../json-text.js';
import { tooMany } from '../nested.js';
import { metricOf } from '../number.js';
import { MOST_METRICS, type Reading } from '../reader.js';
import { eachLogRecord } from './log.js';

/** One run of Weights & Biases, from the log that its client writes (wandb_internal.proto). */
export interface WandbRun {
  readonly id: string | undefined;
  readonly project: string | undefined;
  readonly name: string | undefined;
  readonly group: string | undefined;
  readonly commit: string | undefined;
  /** Milliseconds since 1970. */
  readonly started: number | undefined;
  /** Of the program; undefined while it is running, and when it was killed. */
  readonly exitCode: number | undefined;
  readonly seconds: number | undefined;
  readonly reading: Reading;
}

/** Throws UserError for a log that is damaged; one that is cut off is read as far as it goes, and the notes say so. */
export async function readWandbLog(file: SourceFile): Promise<WandbRun> {
  const log = new RunLog(file.path);
  try {
    const cutOff = await eachLogRecord(file, (record) => log.record(new Wire(record)));
    return log.run(cutOff);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new UserError(`${file.path} holds a record that is none of Weights & Biases: ${error.message}`, {
      cause: error,
    });
  }
}

class RunLog {
  readonly #file: string;
  readonly #curves = new Map<string, Curve>();
  readonly #summary = new Map<string, number>();
  readonly #config: Record<string, ParamValue> = {};
  #about: Partial<Record<'id' | 'project' | 'name' | 'group' | 'commit', string>> = {};
  #started: number | undefined;
  #exitCode: number | undefined;
  #seconds: number | undefined;
  #rows = 0;

  constructor(file: string) {
    this.#file = file;
  }

  /** Record: history = 2, summary = 3, config = 5, run = 17, exit = 18. */
  record(wire: Wire): void {
    while (wire.next()) {
      if (wire.type !== 2) wire.skip();
      else if (wire.field === 2) this.#history(wire.message());
      else if (wire.field === 3) this.#summarise(wire.message());
      else if (wire.field === 5) this.#configure(wire.message());
      else if (wire.field === 17) this.#begin(wire.message());
      else if (wire.field === 18) this.#end(wire.message());
      else wire.skip();
    }
  }

  /** HistoryRecord: item = 1, step = 2 { num = 1 }. */
  #history(wire: Wire): void {
    const items: Item[] = [];
    let step = this.#rows++;
    while (wire.next()) {
      if (wire.field === 1 && wire.type === 2) items.push(itemOf(wire.message(), this.#file));
      else if (wire.field === 2 && wire.type === 2) step = stepOf(wire.message()) ?? step;
      else wire.skip();
    }
    for (const { name, value } of items.flatMap(leaves)) {
      if (isPrivate(name)) continue;
      const curve = this.#curves.get(name) ?? new Curve(name);
      this.#curves.set(name, curve);
      curve.add(step, value);
      if (this.#curves.size > MOST_METRICS) throw tooMany(this.#file);
    }
  }

  /** SummaryRecord: update = 1. */
  #summarise(wire: Wire): void {
    for (const { name, value } of this.#items(wire).flatMap(leaves)) {
      if (!isPrivate(name)) this.#summary.set(name, value);
      if (this.#summary.size > MOST_METRICS) throw tooMany(this.#file);
    }
  }

  /** ConfigRecord: update = 1. */
  #configure(wire: Wire): void {
    for (const { name, value } of this.#items(wire)) {
      if (value !== undefined && !isPrivate(name) && name !== 'wandb_version')
        this.#config[name] = paramOf(value);
    }
  }

  #items(wire: Wire): readonly Item[] {
    const items: Item[] = [];
    while (wire.next()) {
      if (wire.field === 1 && wire.type === 2) items.push(itemOf(wire.message(), this.#file));
      else wire.skip();
    }
    return items;
  }

  /** RunRecord: run_id = 1, project = 3, config = 4, summary = 5, run_group = 6, display_name = 8, start_time = 17, git = 21. */
  #begin(wire: Wire): void {
    while (wire.next()) {
      if (wire.type !== 2) wire.skip();
      else if (wire.field === 1) this.#about.id = wire.text();
      else if (wire.field === 3) this.#about.project = wire.text();
      else if (wire.field === 4) this.#configure(wire.message());
      else if (wire.field === 5) this.#summarise(wire.message());
      else if (wire.field === 6) this.#about.group = wire.text();
      else if (wire.field === 8) this.#about.name = wire.text();
      else if (wire.field === 17) this.#started = timeOf(wire.message());
      else if (wire.field === 21) this.#about.commit = commitOf(wire.message());
      else wire.skip();
    }
  }

  /** RunExitRecord: exit_code = 1 (left out when 0), runtime = 2. */
  #end(wire: Wire): void {
    this.#exitCode = 0;
    while (wire.next()) {
      if (wire.field === 1 && wire.type === 0) this.#exitCode = wire.varint();
      else if (wire.field === 2 && wire.type === 0) this.#seconds = wire.varint();
      else wire.skip();
    }
  }

  /** What the summary says holds; a value that was only logged counts with its last one. */
  run(cutOff: boolean): WandbRun {
    const values = new Map([...this.#curves].map(([name, curve]) => [name, curve.lastValue]));
    for (const [name, value] of this.#summary) values.set(name, value);
    const notes = cutOff ? [`${this.#file} ends within a record, which is left aside`] : [];
    if (this.#exitCode === undefined)
      notes.push(`${this.#file} has no end: the run was killed, or is still going`);
    else if (this.#exitCode !== 0)
      notes.push(`the run of ${this.#file} ended with exit code ${this.#exitCode}`);
    const { id, project, name, group, commit } = this.#about;
    return {
      id,
      project,
      name,
      group,
      commit,
      started: this.#started,
      exitCode: this.#exitCode,
      seconds: this.#seconds,
      reading: {
        metrics: [...values].map(([metric, value]) => metricOf(metric, value, this.#file)),
        series: [...this.#curves.values()]
          .map((curve) => curve.series())
          .filter(({ values }) => values.length > 1),
        params: this.#config,
        notes,
      },
    };
  }
}

interface Item {
  readonly name: string;
  readonly value: JsonValue | undefined;
}

/**
 * An item of history, summary or config: key = 1, nested_key = 2, value_json = 16; newer clients also boolean = 4, integer = 5,
 * number = 6, text = 7, json = 8.
 */
function itemOf(wire: Wire, file: string): Item {
  let key = '';
  const nested: string[] = [];
  let value: JsonValue | undefined;
  while (wire.next()) {
    if (wire.type === 2) {
      if (wire.field === 1) key = wire.text();
      else if (wire.field === 2) nested.push(wire.text());
      else if (wire.field === 7) value = wire.text();
      else if (wire.field === 8 || wire.field === 16) value = parseJson(wire.text(), file);
      else wire.skip();
    } else if (wire.field === 4 && wire.type === 0) value = wire.varint() !== 0;
    else if (wire.field === 5 && wire.type === 0) value = zigzag(wire.varint());
    else if (wire.field === 6 && wire.type === 1) value = wire.double();
    else wire.skip();
  }
  return { name: nested.length > 0 ? nested.join('.') : key, value };
}

/** sint64: small numbers of both signs are short. */
function zigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

/** The numbers of an item, nested names joined by dots; pictures, histograms and tables are maps with a `_type`. */
function leaves(item: Item): readonly { readonly name: string; readonly value: number }[] {
  const number = numberOf(item.value);
  if (number !== undefined) return [{ name: item.name, value: number }];
  if (!isMap(item.value) || '_type' in item.value) return [];
  return Object.entries(item.value).flatMap(([name, value]) =>
    leaves({ name: `${item.name}.${name}`, value }),
  );
}

/** What wandb writes for itself: `_step`, `_runtime`, `_timestamp`, `_wandb.runtime`. */
function isPrivate(name: string): boolean {
  return name.startsWith('_');
}

function stepOf(wire: Wire): number | undefined {
  let step = 0;
  while (wire.next()) {
    if (wire.field === 1 && wire.type === 0) step = wire.varint();
    else wire.skip();
  }
  return step;
}

/** Timestamp: seconds = 1, nanos = 2. */
function timeOf(wire: Wire): number {
  let time = 0;
  while (wire.next()) {
    if (wire.field === 1 && wire.type === 0) time += wire.varint() * 1000;
    else if (wire.field === 2 && wire.type === 0) time += Math.floor(wire.varint() / 1e6);
    else wire.skip();
  }
  return time;
}

/** GitRepoRecord: commit = 2. */
function commitOf(wire: Wire): string | undefined {
  let commit: string | undefined;
  while (wire.next()) {
    if (wire.field === 2 && wire.type === 2) commit = wire.text();
    else wire.skip();
  }
  return commit === '' ? undefined : commit;
}
