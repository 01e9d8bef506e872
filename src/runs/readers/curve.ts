import type { ReadSeries } from './reader.js';

/** Points that are kept of one curve while it is read; far more than a record keeps in the end. */
const MOST = 32_768;

/**
 * A curve that is read point by point in bounded memory: when it grows too long, every second point is dropped and from then
 * on only every second (fourth, …) is taken. The value of the highest step is always known; of several, the last written.
 */
export class Curve {
  readonly name: string;
  #steps = new Float64Array(64);
  #values = new Float64Array(64);
  #kept = 0;
  #stride = 1;
  #seen = 0;
  #ordered = true;
  lastStep = Number.NEGATIVE_INFINITY;
  lastValue = Number.NaN;

  constructor(name: string) {
    this.name = name;
  }

  add(step: number, value: number): void {
    if (step >= this.lastStep) {
      this.lastStep = step;
      this.lastValue = value;
    } else this.#ordered = false;
    if (this.#seen++ % this.#stride !== 0) return;
    if (this.#kept === MOST) {
      this.#halve();
      if ((this.#seen - 1) % this.#stride !== 0) return;
    } else if (this.#kept === this.#steps.length) this.#grow();
    this.#steps[this.#kept] = step;
    this.#values[this.#kept++] = value;
  }

  #halve(): void {
    for (let index = 0; index * 2 < this.#kept; index++) {
      this.#steps[index] = this.#steps[index * 2] ?? 0;
      this.#values[index] = this.#values[index * 2] ?? 0;
    }
    this.#kept = Math.ceil(this.#kept / 2);
    this.#stride *= 2;
  }

  #grow(): void {
    for (const key of ['steps', 'values'] as const) {
      const larger = new Float64Array(this.#kept * 2);
      larger.set(key === 'steps' ? this.#steps : this.#values);
      if (key === 'steps') this.#steps = larger;
      else this.#values = larger;
    }
  }

  /** In the order of the steps, the last point always among them. */
  series(): ReadSeries {
    const points = Array.from({ length: this.#kept }, (_, index) => ({
      step: this.#steps[index] ?? 0,
      value: this.#values[index] ?? 0,
    }));
    if (!this.#ordered) points.sort((a, b) => a.step - b.step);
    const last = points.at(-1);
    if (last && (last.step !== this.lastStep || !Object.is(last.value, this.lastValue))) {
      if (last.step === this.lastStep) points.pop();
      points.push({ step: this.lastStep, value: this.lastValue });
    }
    return {
      name: this.name,
      steps: points.map(({ step }) => step),
      values: points.map(({ value }) => (Number.isFinite(value) ? value : null)),
    };
  }
}
