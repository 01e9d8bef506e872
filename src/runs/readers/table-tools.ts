import type { SourceFile } from '../ports.js';
import { readParamsYaml } from './params-yaml.js';
import type { Reading, ReadMetric } from './reader.js';

/** What is known besides of a table when its tool is: the params in the file beside it, which side is better. */

interface TableTool {
  readonly recognises: (header: readonly string[], path: string) => boolean;
  /** The file with the params, in the same folder. */
  readonly params: string;
  readonly direction?: (name: string) => 'higher' | 'lower' | undefined;
}

const TOOLS: readonly TableTool[] = [
  {
    // CSVLogger of PyTorch Lightning: version_0/metrics.csv and hparams.yaml.
    recognises: (header, path) =>
      /(^|\/)metrics\.csv$/.test(path) && header.includes('epoch') && header.includes('step'),
    params: 'hparams.yaml',
  },
  {
    // Ultralytics: results.csv and args.yaml.
    recognises: (header) =>
      header.includes('epoch') && header.some((name) => /^metrics\/(?:mAP50|accuracy_top1)/.test(name)),
    params: 'args.yaml',
    direction: (name) => {
      if (name.startsWith('metrics/')) return 'higher';
      return /^(?:train|val)\/.*loss$/.test(name) ? 'lower' : undefined;
    },
  },
];

/** Adds what the tool that wrote the table has beside it; nothing for a table of no such tool. */
export async function withTool(
  reading: Reading,
  of: { readonly header: readonly string[]; readonly file: SourceFile },
): Promise<Reading> {
  const tool = TOOLS.find(({ recognises }) => recognises(of.header, of.file.path));
  if (!tool) return reading;
  const metrics = reading.metrics.map((metric): ReadMetric => {
    const direction = tool.direction?.(metric.name);
    return direction ? { ...metric, direction } : metric;
  });
  const beside = await of.file.beside(tool.params);
  return { ...reading, metrics, ...(beside ? await readParamsYaml(beside) : {}) };
}
