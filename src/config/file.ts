import { unavailableFeatures } from './availability.js';
import { type Finding, parseWith, valueAt } from './explain.js';
import { type ParamValue, trainConfig } from './model.js';
import { type Problem, problemsError } from './problem.js';
import { type Config, configSchema } from './schema.js';
import { findSecrets } from './secrets.js';
import { readYaml, type YamlFile } from './yaml.js';

/** One file of the config, parsed on its own; what it says about other files is checked in references.ts. */
export interface ConfigFile {
  readonly yaml: YamlFile;
  /** Undefined when there are problems. */
  readonly config: Config | undefined;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

export const SMALLEST_CONFIG =
  'models: { my_model: { train: { run: python train.py }, metrics: { from: [metrics.json] } } }';

/** Never throws for what the text says: see `problems`. */
export function readConfigFile(text: string, file: string): ConfigFile {
  const yaml = readYaml(text, file);
  const secrets = findSecrets(text).map(
    ({ name, start, end }): Problem => ({
      start,
      end,
      message: `this looks like ${name}; a secret is never written into a file of the repository`,
      mend: 'revoke it, since history keeps it; then name an environment variable instead, such as $SLACK_WEBHOOK_URL',
    }),
  );
  const refused = (problems: readonly Problem[]): ConfigFile => ({
    yaml,
    config: undefined,
    problems: [...secrets, ...problems],
    warnings: yaml.warnings,
  });
  if (yaml.problems.length > 0) return refused(yaml.problems);
  if (yaml.value === null) {
    const problem = {
      start: 0,
      end: 1,
      message: 'the file is empty',
      mend: `write: assay init, or: ${SMALLEST_CONFIG}`,
    };
    return refused([problem]);
  }
  const unavailable = unavailableFeatures(yaml.value);
  const parsed = parseWith(configSchema, yaml.value);
  const findings = 'findings' in parsed ? parsed.findings.filter((one) => !isInside(one, unavailable)) : [];
  const problems = [...unavailable, ...findings].map((finding) => placed(finding, yaml));
  if (problems.length > 0 || secrets.length > 0 || 'findings' in parsed) return refused(problems);
  return { yaml, config: parsed.value, problems: [], warnings: yaml.warnings };
}

/** What is wrong within a feature that is refused anyway need not be said. */
function isInside(finding: Finding, features: readonly Finding[]): boolean {
  return features.some((feature) => feature.path.every((part, index) => finding.path[index] === part));
}

export function placed(finding: Finding, yaml: YamlFile): Problem {
  const given = valueAt(yaml.value, finding.path);
  const span =
    finding.at === 'value' && given !== undefined ? yaml.valueSpan(finding.path) : yaml.keySpan(finding.path);
  return {
    ...span,
    message: finding.message,
    ...(finding.mend === undefined ? {} : { mend: finding.mend }),
  };
}

/**
 * Parameters of a training from a file of their own: `params: { file: params.yaml }`.
 * @throws UserError located in that file
 */
export function parseParams(text: string, file: string): Readonly<Record<string, ParamValue>> {
  const yaml = readYaml(text, file);
  if (yaml.problems.length > 0) throw problemsError(yaml, yaml.problems);
  const parsed = parseWith(trainConfig.shape.params, yaml.value ?? undefined);
  if ('value' in parsed) return parsed.value;
  throw problemsError(
    yaml,
    parsed.findings.map((finding) => placed(finding, yaml)),
  );
}
