import { OutsideError } from '../../errors.js';
import type { GitHubClient } from '../../platform/github/client.js';
import { type Grant, grantLines, grantsFor } from '../../platform/github/permissions.js';
import { openGitHubOf } from '../project/host.js';
import { type Check, failedCheck, type Patient } from './check.js';

/** What GitHub would refuse: permissions of the token, protection of the history branch, schedules switched off. */
export async function githubChecks(patient: Patient): Promise<readonly Check[]> {
  const { world, project } = patient;
  const client = await openGitHubOf(world);
  if (!client || world.runner.pullRequest?.fromFork) return [];
  const { probePermissions, protectionOf, sleepingWorkflows } = await import(
    '../../platform/github/health.js'
  );
  try {
    const pullRequest = world.runner.pullRequest?.number ?? null;
    const verbs = ['auto', ...(deploys(patient) ? ['promote'] : [])];
    const wanted = new Map<string, { readonly verb: string; readonly grant: Grant }>();
    for (const verb of verbs) {
      for (const grant of grantsFor(verb))
        if (!wanted.has(grant.name)) wanted.set(grant.name, { verb, grant });
    }
    const missing = await probePermissions(client, { names: [...wanted.keys()], pullRequest });
    return [
      ...permissionChecks(wanted, missing),
      ...(project && 'branch' in project.config.history
        ? await branchChecks(client, project.config.history.branch, protectionOf)
        : []),
      ...(await sleepChecks(client, sleepingWorkflows)),
    ];
  } catch (error) {
    return [failedCheck('github', error)];
  }
}

function deploys({ project }: Patient): boolean {
  return Object.values(project?.config.models ?? {}).some((model) => Object.keys(model.deploy).length > 0);
}

type Wanted = ReadonlyMap<string, { readonly verb: string; readonly grant: Grant }>;

function permissionChecks(
  wanted: Wanted,
  found: Readonly<Record<string, 'granted' | 'missing' | 'unknown'>>,
): readonly Check[] {
  const lacking = [...wanted.values()].filter(({ grant }) => found[grant.name] === 'missing');
  const unknown = [...wanted.keys()].filter((name) => found[name] === 'unknown');
  const told = unknown.length > 0 ? ` (${unknown.join(', ')} can be told in a pull request only)` : '';
  if (lacking.length === 0) {
    return [{ name: 'permissions', state: 'ok', message: `the token may do what Assay asks of it${told}` }];
  }
  const all = [...new Set(lacking.map(({ verb }) => verb))];
  return all.map((verb) => ({
    name: 'permissions',
    state: 'broken' as const,
    message: `assay ${verb}: the token lacks ${lacking
      .filter((one) => one.verb === verb)
      .map(({ grant }) => `${grant.name}: ${grant.level} (${grant.why})`)
      .join(', ')}`,
    mend: `give the job:\npermissions:\n${grantLines(grantsFor(verb))
      .map((line) => `  ${line}`)
      .join('\n')}`,
  }));
}

async function branchChecks(
  client: GitHubClient,
  branch: string,
  protectionOf: (client: GitHubClient, branch: string) => Promise<readonly string[]>,
): Promise<readonly Check[]> {
  const obstacles = await protectionOf(client, branch);
  if (obstacles.length === 0) return [];
  return [
    {
      name: 'history branch',
      state: 'broken',
      message: `the branch ${branch}, which holds the records, is protected: ${obstacles.join(', ')}`,
      mend: `leave it out of the rule (Settings → Rules), or let GitHub Actions bypass it; records are only ever appended to it`,
    },
  ];
}

async function sleepChecks(
  client: GitHubClient,
  sleepingWorkflows: (client: GitHubClient) => Promise<readonly string[]>,
): Promise<readonly Check[]> {
  try {
    return (await sleepingWorkflows(client)).map((file) => ({
      name: 'schedule',
      state: 'warning' as const,
      message: `GitHub switched ${file} off, because the repository was quiet for 60 days: its schedule does not run`,
      mend: `gh workflow enable ${file.split('/').at(-1)}`,
    }));
  } catch (error) {
    if (!(error instanceof OutsideError)) throw error;
    const message = 'whether schedules are switched off is not known: the token lacks actions: read';
    return [{ name: 'schedule', state: 'warning', message, mend: 'permissions: { actions: read }' }];
  }
}
