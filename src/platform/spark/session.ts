import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { OutsideError, UserError } from '../../errors.js';
import type { Processes, ProcessResult } from '../../runs/ports.js';
import { DRIVER } from './driver.js';

export interface SparkOptions {
  /** The program; `spark-submit` of PATH when left out. */
  readonly submit: string;
  readonly master: string | undefined;
  readonly conf: Readonly<Record<string, string>>;
  /** Further words for spark-submit, such as --queue research. */
  readonly args: readonly string[];
  readonly cwd: string;
  readonly processes: Processes;
  readonly cancel: AbortSignal;
  /** Told what spark-submit writes. */
  onLine?(line: string): void;
}

/** What the job needs whatever else is set: the same zone, the same meaning of names and of wrong values everywhere. */
const CONF: Readonly<Record<string, string>> = {
  'spark.sql.session.timeZone': 'UTC',
  'spark.sql.caseSensitive': 'true',
  'spark.sql.ansi.enabled': 'true',
  'spark.sql.legacy.parquet.nanosAsLong': 'true',
  'spark.sql.parser.escapedStringLiterals': 'false',
};
/** What may be set otherwise. */
const DEFAULTS: Readonly<Record<string, string>> = {
  'spark.app.name': 'assay',
  'spark.ui.enabled': 'false',
  'spark.ui.showConsoleProgress': 'false',
};

interface Answer {
  readonly result?: unknown;
  readonly error?: string;
  readonly kind?: string;
  readonly batch?: readonly (readonly number[])[];
}

/** One Spark application for as long as a command needs it; starting one takes many seconds. */
export class SparkSession {
  readonly #link: Socket;
  readonly #lines: AsyncIterator<string>;
  readonly #ended: Promise<ProcessResult>;
  readonly #stop: AbortController;
  readonly #cancel: AbortSignal;
  readonly #close: () => Promise<void>;
  #queue: Promise<unknown> = Promise.resolve();
  readonly version: string;

  private constructor(of: {
    readonly link: Socket;
    readonly lines: AsyncIterator<string>;
    readonly ended: Promise<ProcessResult>;
    readonly stop: AbortController;
    readonly cancel: AbortSignal;
    readonly close: () => Promise<void>;
    readonly version: string;
  }) {
    this.#link = of.link;
    this.#lines = of.lines;
    this.#ended = of.ended;
    this.#stop = of.stop;
    this.#cancel = of.cancel;
    this.#close = of.close;
    this.version = of.version;
  }

  /** Throws UserError when there is no spark-submit or it is too old, OutsideError when the job does not start. */
  static async start(options: SparkOptions): Promise<SparkSession> {
    const { cancel, processes } = options;
    cancel.throwIfAborted();
    const folder = await mkdtemp(join(tmpdir(), 'assay-spark-'));
    const program = join(folder, 'assay_driver.py');
    const path = join(folder, 'link');
    const settings = join(folder, 'settings.conf');
    await writeFile(program, DRIVER);
    await writeFile(settings, propertiesText({ ...DEFAULTS, ...options.conf }), { mode: 0o600 });
    const server = createServer();
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve));
    const stop = new AbortController();
    const ended = processes.run(
      {
        command: commandOf(options, { settings, words: [program, path] }),
        cwd: options.cwd,
        env: { PYTHONUNBUFFERED: '1' },
        ...(options.onLine && { onLine: options.onLine }),
        leftovers: 'stop',
      },
      AbortSignal.any([cancel, stop.signal]),
    );
    ended.catch(() => undefined);
    const close = async () => {
      stop.abort();
      await ended.catch(() => undefined);
      server.close();
      await rm(folder, { recursive: true, force: true });
    };
    try {
      const link = await Promise.race([connected(server), ended.then((result) => failure(options, result))]);
      if (!('write' in link)) throw link;
      // The job's end closes the link; what is lost then is said by the log.
      link.on('error', () => undefined);
      const lines = createInterface({ input: link, crlfDelay: Number.POSITIVE_INFINITY })[
        Symbol.asyncIterator
      ]();
      const hello = await Promise.race([lines.next(), ended.then(() => undefined)]);
      if (!hello || hello.done) throw failure(options, await ended);
      const { version } = JSON.parse(hello.value) as { readonly version: string };
      const session = new SparkSession({ link, lines, ended, stop, cancel, close, version });
      await session.#needsModern();
      return session;
    } catch (error) {
      await close();
      cancel.throwIfAborted();
      throw error;
    }
  }

  async #needsModern(): Promise<void> {
    try {
      await this.query('SELECT min_by(1, 1, 2) AS x');
    } catch (cause) {
      throw new UserError(`Spark ${this.version} is too old`, {
        mend: 'it has to know min_by with three arguments; Spark 4.3 does: pip install pyspark==4.3.0',
        cause,
      });
    }
  }

  async query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    return (await this.#ask({ op: 'query', sql })) as readonly Readonly<Record<string, unknown>>[];
  }

  async request(request: Readonly<Record<string, unknown>> & { readonly op: string }): Promise<void> {
    await this.#ask(request);
  }

  /** Rows of doubles, some thousands at a time. */
  async *numbers(sql: string): AsyncGenerator<readonly Float64Array[]> {
    const batches: (readonly Float64Array[])[] = [];
    await this.#ask({ op: 'numbers', sql }, (batch) => {
      batches.push(batch.map((column) => Float64Array.from(column)));
    });
    yield* batches;
  }

  /** Ends the application; kills it when it does not end by itself. */
  async close(): Promise<void> {
    if (this.#link.writable) {
      this.#link.write(`${JSON.stringify({ op: 'stop' })}\n`);
      const timer = setTimeout(() => this.#stop.abort(), 15_000);
      await this.#ended.catch(() => undefined);
      clearTimeout(timer);
    }
    await this.#close();
  }

  /** Kills the application with everything it started. */
  async kill(): Promise<void> {
    await this.#close();
  }

  /** One request after another: the program answers in order. */
  #ask(request: object, onBatch?: (batch: readonly (readonly number[])[]) => void): Promise<unknown> {
    const answer = this.#queue.then(() => this.#exchange(request, onBatch));
    this.#queue = answer.catch(() => undefined);
    return answer;
  }

  async #exchange(
    request: object,
    onBatch: ((batch: readonly (readonly number[])[]) => void) | undefined,
  ): Promise<unknown> {
    this.#cancel.throwIfAborted();
    this.#link.write(`${JSON.stringify(request)}\n`);
    for (;;) {
      const next = await Promise.race([this.#lines.next(), this.#ended.then(() => undefined)]);
      this.#cancel.throwIfAborted();
      if (!next || next.done) throw jobFailed(await this.#ended);
      const answer = JSON.parse(next.value) as Answer;
      if (answer.batch) onBatch?.(answer.batch);
      else if (answer.error !== undefined) throw new SparkError(answer.error, answer.kind ?? '');
      else return answer.result;
    }
  }
}

/** What Spark says of one statement. */
export class SparkError extends Error {
  override readonly name = 'SparkError';
  readonly kind: string;
  constructor(message: string, kind: string) {
    super(message);
    this.kind = kind;
  }
}

function connected(server: Server): Promise<Socket> {
  return new Promise((resolve) => server.once('connection', resolve));
}

/** As java.util.Properties reads it. */
export function propertiesText(conf: Readonly<Record<string, string>>): string {
  const escaped = (text: string) =>
    text.replace(/[^A-Za-z0-9._/-]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return Object.entries(conf)
    .map(([key, value]) => `${escaped(key)}=${escaped(value)}\n`)
    .join('');
}

/** What the user sets may hold secrets: it travels in a file, never in words that every process can read. */
function commandOf(
  options: SparkOptions,
  { settings, words: program }: { readonly settings: string; readonly words: readonly string[] },
): string {
  const words = [
    options.submit,
    ...(options.master === undefined ? [] : ['--master', options.master]),
    '--deploy-mode',
    'client',
    // Beside spark-defaults.conf, not instead of it.
    '--load-spark-defaults',
    '--properties-file',
    settings,
    ...Object.entries(CONF).flatMap(([key, value]) => ['--conf', `${key}=${value}`]),
    ...options.args,
    ...program,
  ];
  return `exec ${words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')}`;
}

function failure({ submit }: SparkOptions, result: ProcessResult): Error {
  if (result.outcome === 'not-started' || result.exitCode === 127 || result.exitCode === 126) {
    return new UserError(`executor: spark needs ${submit}, and it cannot be started`, {
      mend: 'put it on PATH (pip install pyspark==4.3.0, with Java 17), or name it in assay.yml: engine: { spark: { submit: /opt/spark/bin/spark-submit } }',
      cause: new Error(result.log.tail.join('\n')),
    });
  }
  return jobFailed(result);
}

const LINES_SAID = 10;

/** With the last lines of its log, those that matter first: Spark writes much that is no error. */
function jobFailed(result: ProcessResult): OutsideError {
  const lines = result.log.tail.filter((line) => line.trim() !== '');
  const loud = lines.filter((line) => /error|exception|caused by|fatal|unable|cannot/i.test(line));
  const said = (loud.length > 0 ? loud : lines).slice(-LINES_SAID);
  const how =
    result.killedBy !== null
      ? `was killed by ${result.killedBy}`
      : `ended with ${result.exitCode ?? 'nothing said'}`;
  return new OutsideError(
    `the Spark job ${how}${said.length > 0 ? `:\n${said.map((line) => `  ${line.slice(0, 300)}`).join('\n')}` : ''}`,
    {
      mend: 'look at its log; memory and cores are set by engine: { spark: { conf: { spark.executor.memory: 8g } } } in assay.yml',
    },
  );
}
