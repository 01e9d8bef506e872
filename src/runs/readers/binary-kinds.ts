/** What is no text: told by its first bytes, so that the message can say what to do instead. */

interface BinaryKind {
  readonly what: string;
  readonly mend: string;
}

const AS_TEXT = 'name a text file in metrics.from';
const SIGNATURES: readonly (readonly [readonly number[], BinaryKind])[] = [
  [[0xff, 0xfe], { what: 'UTF-16 text', mend: 'write it as UTF-8 (PowerShell: Out-File -Encoding utf8)' }],
  [[0xfe, 0xff], { what: 'UTF-16 text', mend: 'write it as UTF-8 (PowerShell: Out-File -Encoding utf8)' }],
  [[0x1f, 0x8b], { what: 'compressed with gzip, not text', mend: 'write it uncompressed' }],
  [
    [0x50, 0x4b, 0x03, 0x04],
    { what: 'a ZIP archive (also what torch.save and numpy.savez write), not text', mend: AS_TEXT },
  ],
  [[0x89, 0x48, 0x44, 0x46], { what: 'an HDF5 file, not text', mend: AS_TEXT }],
  [
    [0x93, 0x4e, 0x55, 0x4d],
    { what: 'a NumPy array, not text', mend: 'write JSON: json.dump({"accuracy": float(x)}, f)' },
  ],
  [
    [0x50, 0x41, 0x52, 0x31],
    {
      what: 'a Parquet file, not metrics',
      mend: 'predictions go under evaluate.predictions, which scores them',
    },
  ],
];

const PICKLE: BinaryKind = {
  what: 'a Python pickle: reading it would run the code in it, and Assay never does',
  mend: 'write JSON instead: json.dump({"accuracy": 0.91}, f)',
};

/** Undefined for text. The head may end within a character, so a broken last one is no sign of anything; NUL bytes are. */
export function kindOfBinary(head: Uint8Array): BinaryKind | undefined {
  const signature = SIGNATURES.find(([bytes]) => bytes.every((byte, index) => head[index] === byte));
  if (signature) return signature[1];
  const [first, protocol = 0] = head;
  if (first === 0x80 && protocol >= 2 && protocol <= 5) return PICKLE;
  return head.includes(0) ? { what: 'binary, not text', mend: AS_TEXT } : undefined;
}
