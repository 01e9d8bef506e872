import { UserError } from '../errors.js';
import { deploymentMarkdown } from '../report/release-summary.js';
import { defineVerb } from './command-line/verb.js';
import { openProject } from './project/project.js';
import { deploymentText, planDeployment, refuseDeployment, runDeployment } from './release/deployment.js';
import { findVersion } from './release/versions.js';

export const deploy = defineVerb(
  {
    name: 'deploy',
    summary: 'deploy a version to a target, check its health, undo on failure',
    description: `Brings the files of a released version to a folder and runs the target's own command of assay.yml
(models.MODEL.deploy.TARGET.run) in the folder of assay.yml. The command reads:

  ASSAY_MODEL, ASSAY_VERSION    income and 1.2.0
  ASSAY_TARGET                  prod
  ASSAY_ARTIFACTS               folder with the version's files, such as model.joblib
  ASSAY_PREVIOUS_VERSION        what is on the target now; empty when nothing is
  ASSAY_OUTPUT                  a file: a line url=https://… tells where it runs

Then the health check is asked every few seconds until it is well or its timeout is over: health.run is well when it
exits with 0, health.url when it answers 2xx (a path such as /health belongs to the url the command told). When the
command or the health check fails, or the job is cancelled, the undo command runs. Whatever happens is recorded, with
the last lines of each step.

A target with "needs: staging" takes only versions whose newest deployment to staging succeeded. This verb moves no
stage and asks no gate: "assay promote" does, and deploys to the target of the stage's name.`,
    arguments: [{ name: 'version', description: 'the version, such as income@v1.2.0', required: true }],
    options: { to: { kind: 'text', description: 'name of the target in assay.yml', placeholder: 'TARGET' } },
    outputs: {
      status: 'succeeded, undone, failed or cancelled',
      url: 'where it runs; empty when the command told none',
    },
    examples: [
      { command: 'assay deploy income@v1.2.0 --to staging', explains: 'deploy to the target "staging"' },
    ],
  },
  async (input, world) => {
    const target = input.options.to;
    if (target === undefined) {
      throw new UserError('deploy needs a target', { mend: 'assay deploy income@v1.2.0 --to staging' });
    }
    const project = await openProject(world, input.config);
    const { name, model, version } = await findVersion(project, world, input.arguments[0] ?? '');
    const plan = await planDeployment({ project, world, version, target });
    if (!plan) {
      throw new UserError(`models.${name}.deploy has no target ${JSON.stringify(target)}`, {
        location: project.config.locate(['models', name, 'deploy']),
        mend: `targets there are: ${Object.keys(model.deploy).join(', ') || 'none'}`,
      });
    }
    const record = plan.unmet === undefined ? await runDeployment(plan) : await refuseDeployment(plan);
    if (record.status === 'cancelled') throw world.cancel.reason;
    return {
      exit: record.status === 'succeeded' ? 0 : 1,
      json: record,
      text: deploymentText(record),
      outputs: { status: record.status, url: record.url ?? '' },
      summary: deploymentMarkdown(record),
    };
  },
);
