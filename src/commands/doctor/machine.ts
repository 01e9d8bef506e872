import { statfs } from 'node:fs/promises';
import { formatBytes } from '../../format.js';
import { OLDEST_GIT } from '../../platform/git/environment.js';
import { openGit } from '../../platform/git/git.js';
import { type Check, failedCheck, type Patient } from './check.js';

const NODE_MAJOR = 20;
const LITTLE_SPACE = 2e9;
const NO_SPACE = 200e6;

/** Node, git, DuckDB and disk space. */
export async function machineChecks(patient: Patient): Promise<readonly Check[]> {
  return [
    nodeCheck(process.versions.node),
    await gitCheck(patient),
    await duckdbCheck(patient),
    await diskCheck(patient),
  ];
}

export function nodeCheck(version: string): Check {
  if (Number(version.split('.')[0]) >= NODE_MAJOR)
    return { name: 'node', state: 'ok', message: `Node ${version}` };
  return {
    name: 'node',
    state: 'broken',
    message: `Node ${version} is too old`,
    mend: `install Node ${NODE_MAJOR} or newer`,
  };
}

async function gitCheck({ folder, world }: Patient): Promise<Check> {
  try {
    const text = await openGit({ folder, env: world.env }).text(['--version']);
    const version = /\d+(\.\d+)+/.exec(text)?.[0] ?? text;
    const [major = 0, minor = 0] = version.split('.').map(Number);
    const isOld = major < OLDEST_GIT[0] || (major === OLDEST_GIT[0] && minor < OLDEST_GIT[1]);
    if (!isOld) return { name: 'git', state: 'ok', message: `git ${version}` };
    const mend = `install git ${OLDEST_GIT.join('.')} or newer`;
    return { name: 'git', state: 'broken', message: `git ${version} is too old for the history`, mend };
  } catch (error) {
    return failedCheck('git', error);
  }
}

async function duckdbCheck({ world }: Patient): Promise<Check> {
  try {
    const { openDuckdb } = await import('../../platform/duckdb/engine.js');
    const engine = await openDuckdb({
      env: world.env,
      notice: world.terminal.info,
      cancel: world.cancel,
      threads: 1,
    });
    try {
      const [row] = await engine.query('select version() as version');
      return { name: 'duckdb', state: 'ok', message: `DuckDB ${String(row?.version ?? '')} loads` };
    } finally {
      await engine.close();
    }
  } catch (error) {
    return failedCheck('duckdb', error);
  }
}

async function diskCheck({ folder }: Patient): Promise<Check> {
  const { bavail, bsize } = await statfs(folder);
  return spaceCheck(bavail * bsize);
}

export function spaceCheck(free: number): Check {
  const message = `${formatBytes(free)} of disk space free`;
  if (free >= LITTLE_SPACE) return { name: 'disk', state: 'ok', message };
  const mend = 'artifacts and logs are kept under .assay; free some space';
  return { name: 'disk', state: free >= NO_SPACE ? 'warning' : 'broken', message: `only ${message}`, mend };
}
