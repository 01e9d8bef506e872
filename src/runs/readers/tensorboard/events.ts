import type { ParamValue } from '../../../config/model.js';
import { UserError } from '../../../errors.js';
import type { SourceFile } from '../../ports.js';
import { Wire, WireError } from '../binary/protobuf.js';
import { Curve } from '../curve.js';
import { tooMany } from '../nested.js';
import { metricOf } from '../number.js';
import { MOST_METRICS, type Reading, type ReadMetric } from '../reader.js';
import { eachRecord } from './records.js';
import { scalarOf } from './tensor.js';

interface Tagged {
  readonly tag: Uint8Array;
  readonly curve: Curve;
  /** The one that followed it last. */
  next: Tagged | undefined;
}

/**
 * Scalars of TensorBoard event files. Of an event (event.proto of TensorFlow): step = 2, summary = 5; of a value of its
 * summary (summary.proto): tag = 1, simple_value = 2, tensor = 8, metadata = 9. Pictures, texts and histograms are passed over.
 */
export class EventLog {
  readonly #curves: Curve[] = [];
  readonly #byHash = new Map<number, Tagged[]>();
  #last: Tagged | undefined;
  readonly #params: Record<string, ParamValue> = {};
  readonly #notes: string[] = [];

  /** Adds the events of one file. Throws UserError with the file's name for one that is damaged. */
  async add(file: SourceFile): Promise<void> {
    let event = 0;
    try {
      const left = await eachRecord(file, (bytes, start, end) => {
        event++;
        this.#event(bytes, start, end, file.path);
      });
      if (left > 0) this.#notes.push(`${file.path} ends within a record: its last ${left} bytes left aside`);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      throw new UserError(`${file.path} holds no event at record ${event}: ${error.message}`, {
        cause: error,
      });
    }
  }

  #view: DataView = new DataView(new ArrayBuffer(0));
  /**
   * Nearly all events are one scalar, with their fields in the order of their numbers: wall time, step, summary with one value
   * with a tag and a float. That is read in place; false for any other event, of which nothing was taken then.
   */
  #scalar(bytes: Uint8Array, start: number, end: number, file: string): boolean {
    let at = start;
    if (bytes[at] !== 0x09) return false;
    at += 9;
    let step = 0;
    if (bytes[at] === 0x10) {
      let shift = 0;
      let byte: number;
      do {
        byte = bytes[++at] ?? 0;
        step |= (byte & 0x7f) << shift;
        shift += 7;
      } while (byte >= 0x80 && shift < 28);
      if (byte >= 0x80) return false;
      at++;
    }
    if (bytes[at] !== 0x2a || bytes[at + 1] !== end - at - 2) return false;
    if (bytes[at + 2] !== 0x0a || bytes[at + 3] !== end - at - 4 || bytes[at + 4] !== 0x0a) return false;
    const length = bytes[at + 5] ?? 0;
    const from = at + 6;
    const to = from + length;
    if (length >= 0x80 || bytes[to] !== 0x15 || to + 5 !== end) return false;
    if (this.#view.buffer !== bytes.buffer || this.#view.byteOffset !== bytes.byteOffset) {
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    this.#curve(bytes, from, to, file).add(step, this.#view.getFloat32(to + 1, true));
    return true;
  }

  #wire: Wire | undefined;
  #event(bytes: Uint8Array, start: number, end: number, file: string): void {
    if (this.#scalar(bytes, start, end, file)) return;
    let wire = this.#wire;
    if (wire?.bytes === bytes) {
      wire.at = start;
      wire.end = end;
    } else {
      wire = new Wire(bytes, start, end);
      this.#wire = wire;
    }
    let step = 0;
    let from = 0;
    let to = 0;
    while (wire.next()) {
      if (wire.field === 2 && wire.type === 0) step = wire.varint();
      else if (wire.field === 5 && wire.type === 2) {
        const length = wire.length();
        from = wire.at;
        to = from + length;
        wire.at = to;
      } else wire.skip();
    }
    if (to === 0) return;
    wire.at = from;
    wire.end = to;
    while (wire.next()) {
      if (wire.field !== 1 || wire.type !== 2) {
        wire.skip();
        continue;
      }
      const length = wire.length();
      const end = wire.at + length;
      wire.end = end;
      this.#value(wire, step, file);
      wire.at = end;
      wire.end = to;
    }
  }

  /** One value of a summary, from where `wire` is to its end. */
  #value(wire: Wire, step: number, file: string): void {
    let tagFrom = 0;
    let tagTo = 0;
    let value: number | undefined;
    while (wire.next()) {
      if (wire.field === 1 && wire.type === 2) {
        const length = wire.length();
        tagFrom = wire.at;
        tagTo = tagFrom + length;
        wire.at = tagTo;
      } else if (wire.field === 2 && wire.type === 5) value = wire.float();
      else if (wire.field === 8 && wire.type === 2) value = scalarOf(wire.message());
      else if (wire.field === 9 && wire.type === 2) this.#metadata(wire.message());
      else wire.skip();
    }
    if (value !== undefined) this.#curve(wire.bytes, tagFrom, tagTo, file).add(step, value);
  }

  /**
   * The same tags come millions of times, mostly in the same order: one is found by its bytes, the one that followed last time
   * first, without making a text of it.
   */
  #curve(bytes: Uint8Array, from: number, to: number, file: string): Curve {
    const next = this.#last?.next;
    if (next && sameBytes(next.tag, bytes, from, to)) {
      this.#last = next;
      return next.curve;
    }
    let hash = 0x811c9dc5;
    for (let at = from; at < to; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
    const alike = this.#byHash.get(hash) ?? [];
    let found = alike.find(({ tag }) => sameBytes(tag, bytes, from, to));
    if (!found) {
      const tag = bytes.slice(from, to);
      found = { tag, curve: new Curve(new TextDecoder().decode(tag)), next: undefined };
      if (this.#curves.push(found.curve) > MOST_METRICS) throw tooMany(file);
      this.#byHash.set(hash, [...alike, found]);
    }
    if (this.#last) this.#last.next = found;
    this.#last = found;
    return found.curve;
  }

  /** Hyperparameters (hparams/plugin_data.proto): plugin_data = 1 { plugin_name = 1, content = 2 { session_start_info = 3 { hparams = 1 }}}. */
  #metadata(metadata: Wire): void {
    while (metadata.next()) {
      if (metadata.field !== 1 || metadata.type !== 2) {
        metadata.skip();
        continue;
      }
      const data = metadata.message();
      let plugin = '';
      while (data.next()) {
        if (data.field === 1 && data.type === 2) plugin = data.text();
        else if (data.field === 2 && data.type === 2 && plugin === 'hparams') this.#hparams(data.message());
        else data.skip();
      }
    }
  }

  #hparams(content: Wire): void {
    for (const start of messages(content, 3)) {
      for (const entry of messages(start, 1)) {
        let name = '';
        let value: ParamValue | undefined;
        while (entry.next()) {
          if (entry.field === 1 && entry.type === 2) name = entry.text();
          else if (entry.field === 2 && entry.type === 2) value = paramOf(entry.message());
          else entry.skip();
        }
        if (value !== undefined) this.#params[name] = value;
      }
    }
  }

  reading(file: string): Reading {
    return {
      metrics: this.#curves.map(({ name, lastValue }): ReadMetric => metricOf(name, lastValue, file)),
      series: this.#curves.map((curve) => curve.series()).filter(({ values }) => values.length > 1),
      params: this.#params,
      notes: this.#notes,
    };
  }
}

function* messages(wire: Wire, field: number): Generator<Wire> {
  while (wire.next()) {
    if (wire.field === field && wire.type === 2) yield wire.message();
    else wire.skip();
  }
}

/** google.protobuf.Value: number = 2, text = 3, boolean = 4. */
function paramOf(value: Wire): ParamValue | undefined {
  let found: ParamValue | undefined;
  while (value.next()) {
    if (value.field === 2 && value.type === 1) {
      const number = value.double();
      found = Number.isFinite(number) ? number : String(number);
    } else if (value.field === 3 && value.type === 2) found = value.text();
    else if (value.field === 4 && value.type === 0) found = value.varint() !== 0;
    else value.skip();
  }
  return found;
}

function sameBytes(tag: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  if (tag.length !== to - from) return false;
  for (let index = 0; index < tag.length; index++) if (tag[index] !== bytes[from + index]) return false;
  return true;
}
