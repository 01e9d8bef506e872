/** How numbers, sizes and times are written in sentences and tables; one way everywhere. */

/** At most `digits` significant digits, never an exponent for everyday magnitudes: `0.91532`, `48842`, `1.2e-9`. */
export function formatNumber(value: number, digits = 5): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  const magnitude = Math.abs(value);
  if (magnitude >= 1e-4 && magnitude < 1e15) {
    const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(magnitude)));
    return trimZeros(value.toFixed(Math.min(decimals, 20)));
  }
  return value.toExponential(Math.max(0, digits - 1)).replace(/\.?0+e/, 'e');
}

/** A difference: always with its sign, `+0.0021`, `−0.013` (U+2212), `±0`. */
export function formatDifference(value: number, digits = 3): string {
  if (value === 0) return '±0';
  return `${value > 0 ? '+' : '−'}${formatNumber(Math.abs(value), digits)}`;
}

function trimZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** Decimal units: `1.5 MB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let amount = bytes;
  let unit = 0;
  while (amount >= 1000 && unit < units.length - 1) {
    amount /= 1000;
    unit++;
  }
  return `${formatNumber(amount, 3)} ${units[unit]}`;
}

/** `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 10) return `${formatNumber(Math.round(seconds * 10) / 10, 2)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min${whole % 60 ? ` ${whole % 60} s` : ''}`;
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)} h${minutes % 60 ? ` ${minutes % 60} min` : ''}`;
}

/** `1 row`, `3 rows`, `2 analyses` with an explicit plural. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}

/** The first 7 digits of a commit. */
export function shortCommit(commit: string): string {
  return commit.slice(0, 7);
}

/** `48,842`; the same as the locale en-US writes, without loading its tables. */
function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}
