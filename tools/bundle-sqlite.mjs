// Puts SQLite beside the bundle: src/platform/sqlite/database.ts says why it is not in it.
import { copyFileSync, mkdirSync } from 'node:fs';

const from = new URL('../node_modules/@sqlite.org/sqlite-wasm/dist/', import.meta.url);
const to = new URL('../dist/sqlite/', import.meta.url);
mkdirSync(to, { recursive: true });
for (const file of ['node.mjs', 'sqlite3.wasm']) copyFileSync(new URL(file, from), new URL(file, to));
