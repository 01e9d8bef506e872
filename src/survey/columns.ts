/** The names in the first line of CSV or TSV; none when the line does not look like names. */
export function columnsOf(text: string): readonly string[] {
  const line = text.split(/\r?\n/)[0] ?? '';
  const separator = [',', '\t', ';'].find((character) => line.includes(character)) ?? ',';
  const cells = line.split(separator).map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
  return cells.every((cell) => /^[A-Za-z_][\w .-]{0,60}$/.test(cell)) ? cells : [];
}
