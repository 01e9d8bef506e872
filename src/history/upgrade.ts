import { type AnyRecord, RECORD_KINDS } from './record.js';

/**
 * Older records as this version of Assay reads them. The bytes in the store never change: a record is upgraded each
 * time it is read, step by step from its own version to the newest.
 */

/** One step: `from` is the version it takes, and it gives the next one. Pure; never throws on a record of its version. */
export interface Upgrade {
  readonly kind: string;
  readonly from: number;
  readonly apply: (record: AnyRecord) => AnyRecord;
}

/**
 * Every upgrade there is; a kind without any is at version 1. Whoever adds one leaves the record of the old version in
 * tests/fixtures/records as it is, and adds one of the new. Indexes made before are not read again, for they are marked with these.
 */
export const UPGRADES: readonly Upgrade[] = [];

export interface SchemaName {
  readonly kind: string;
  readonly version: number;
}

/** `assay/run@1` taken apart. */
export function schemaOf(record: { readonly schema: string }): SchemaName {
  const [, kind = '', version = ''] = /^assay\/([a-z]+)@(\d+)$/.exec(record.schema) ?? [];
  return { kind, version: Number(version) };
}

/** The version of a kind that this Assay writes; 0 of a kind that it does not know. */
export function newestVersion(kind: string, upgrades: readonly Upgrade[] = UPGRADES): number {
  const known = (RECORD_KINDS as readonly string[]).includes(kind) ? 1 : 0;
  return upgrades.reduce(
    (newest, upgrade) => (upgrade.kind === kind ? Math.max(newest, upgrade.from + 1) : newest),
    known,
  );
}

/** Written by a newer Assay, of a newer version or of a kind unknown here: kept and shown as it is, and never rewritten. */
export function isNewer(
  record: { readonly schema: string },
  upgrades: readonly Upgrade[] = UPGRADES,
): boolean {
  const { kind, version } = schemaOf(record);
  return version > newestVersion(kind, upgrades);
}

/** The record in the newest version of its kind; a newer one, and one of a kind without upgrades, as it is. */
export function upgraded(record: AnyRecord, upgrades: readonly Upgrade[] = UPGRADES): AnyRecord {
  let current = record;
  for (;;) {
    const { kind, version } = schemaOf(current);
    const step = upgrades.find((upgrade) => upgrade.kind === kind && upgrade.from === version);
    if (!step) return current;
    current = { ...step.apply(current), schema: `assay/${kind}@${version + 1}` };
  }
}

/** Tells apart what different sets of upgrades make of the same records. */
export function editionOf(upgrades: readonly Upgrade[] = UPGRADES): string {
  return ['1', ...upgrades.map(({ kind, from }) => `${kind}${from}`).sort()].join('+');
}
