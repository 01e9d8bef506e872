import type { DeploymentRecord } from '../deploy/record.js';
import { formatSeconds } from '../format.js';
import type { DecisionRecord } from '../gate/record.js';
import { objections } from '../registry/allowed.js';
import type { StageRecord, VersionRecord } from '../registry/record.js';
import { markdownCell, markdownText, markdownUrl } from './escape.js';

/** What register, promote, rollback and deploy add to the job summary. */

/** A version that was released, or was released before. */
export function versionMarkdown(version: VersionRecord): string {
  const address = version.url === null ? undefined : markdownUrl(version.url);
  const name = `**${version.tag}**`;
  return `${address ? `[${name}](${address})` : name} is released from run \`${version.run}\`.\n`;
}

/** @param what the gate kept back, and from where: `income@v1.2.0 does not go to prod` */
export function refusalMarkdown(what: string, decision: DecisionRecord): string {
  const reasons = objections(decision).map((reason) => `- ${markdownText(reason)}`);
  return [`**${decision.decision}**: ${markdownText(what)}`, '', ...reasons, ''].join('\n');
}

export function moveMarkdown(move: {
  readonly moved: StageRecord;
  readonly back: StageRecord | null;
  readonly deployment: DeploymentRecord | null;
}): string {
  const { moved, back, deployment } = move;
  const last = back ?? moved;
  const stage = markdownText(last.stage);
  const line =
    last.version === null
      ? `**${stage}** of ${moved.model} is empty`
      : `**${stage}** of ${moved.model} is on **v${last.version}**`;
  const replaced = back === null && moved.replaces !== null ? `, in place of v${moved.replaces}` : '';
  const over =
    moved.action === 'promote' && moved.reason ? `Over the gate: ${markdownText(moved.reason)}\n` : '';
  const steps = deployment ? `\n${deploymentMarkdown(deployment)}` : '';
  return `${line}${replaced} (${markdownText(last.tag)}).\n${over}${steps}`;
}

export function deploymentMarkdown(record: DeploymentRecord): string {
  const address = record.url === null ? undefined : markdownUrl(record.url);
  const target = markdownText(record.target);
  const head = `Deploying **${record.model}@v${record.version}** to ${address ? `[${target}](${address})` : target}: **${record.status}**`;
  const reason = record.reason === null ? '' : ` (${markdownText(record.reason)})`;
  const rows = record.steps.map(
    ({ step, ok, seconds, detail }) =>
      `| ${step} | ${ok ? 'ok' : 'failed'} | ${formatSeconds(seconds)} | ${markdownCell(detail)} |`,
  );
  const table =
    rows.length > 0 ? ['', '| step | result | time | detail |', '| --- | --- | --- | --- |', ...rows] : [];
  return [`${head}${reason}.`, ...table, ''].join('\n');
}
