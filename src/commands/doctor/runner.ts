import type { Check, Patient } from './check.js';

/** What the CI system hands to us; nothing on a laptop. */
export function runnerChecks({ world }: Patient): readonly Check[] {
  const { runner, env } = world;
  if (runner.kind === 'local') return [];
  const checks: Check[] = [
    { name: 'runner', state: 'ok', message: `runs on ${runner.kind}, event ${runner.trigger.event}` },
  ];
  if (runner.kind !== 'github') return checks;
  const absent = ['GITHUB_OUTPUT', 'GITHUB_STEP_SUMMARY', 'GITHUB_WORKSPACE'].filter((name) => !env[name]);
  if (absent.length > 0) {
    const message = `not in the environment: ${absent.join(', ')}; outputs or the summary cannot be written`;
    const mend = 'in a container, hand these variables and the folders they name to it';
    checks.push({ name: 'runner', state: 'broken', message, mend });
  }
  if (runner.pullRequest?.fromFork) {
    const message =
      'a pull request of a fork: its token may only read, so nothing is pushed and no comment is written';
    checks.push({ name: 'token', state: 'warning', message, mend: 'the result is in the job summary' });
  } else if (env.GITHUB_TOKEN || env.ASSAY_TOKEN) {
    checks.push({
      name: 'token',
      state: 'ok',
      message: 'a token is there',
    });
  } else {
    const message = 'there is no token: records are pushed only when the checkout kept its own';
    const mend = 'env: { GITHUB_TOKEN: $' + '{{ github.token }} } and permissions: { contents: write }';
    checks.push({ name: 'token', state: 'warning', message, mend });
  }
  return checks;
}
