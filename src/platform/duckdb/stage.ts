import { open } from 'node:fs/promises';
import { storeError } from '../local/store.js';

/** Writes a file in large pieces: millions of small writes cost one system call per megabyte. */
export class StagedFile {
  readonly #buffer = Buffer.allocUnsafe(1024 * 1024);
  readonly #full: Buffer[] = [];
  #used = 0;
  readonly #file: Awaited<ReturnType<typeof open>>;
  readonly path: string;

  private constructor(path: string, file: Awaited<ReturnType<typeof open>>) {
    this.path = path;
    this.#file = file;
  }

  static async create(path: string): Promise<StagedFile> {
    return new StagedFile(path, await open(path, 'wx'));
  }

  /** Takes a copy of the bytes; `flush` brings them to disk. */
  write(bytes: Uint8Array): void {
    if (this.#used + bytes.length > this.#buffer.length) {
      this.#full.push(Buffer.from(this.#buffer.subarray(0, this.#used)));
      this.#used = 0;
    }
    if (bytes.length > this.#buffer.length) this.#full.push(Buffer.from(bytes));
    else {
      this.#buffer.set(bytes, this.#used);
      this.#used += bytes.length;
    }
  }

  /** To be called after each chunk of input, so that what is held stays small. */
  async flush(): Promise<void> {
    for (const piece of this.#full.splice(0)) await this.#toDisk(piece);
  }

  async close(): Promise<void> {
    try {
      await this.flush();
      await this.#toDisk(this.#buffer.subarray(0, this.#used));
    } finally {
      await this.#file.close();
    }
  }

  async #toDisk(bytes: Uint8Array): Promise<void> {
    await this.#file.writeFile(bytes).catch((error) => {
      throw storeError(error, this.path);
    });
  }
}
