import { expect, test as plain } from 'vitest';
import { openRegistryScene, type RegistryScene } from './registry-scene.js';

/** Gates from the command line: people who go over them, champions of another model, and decisions explained from their record. */

const CONFIG = `version: 1
artifacts: { directory: ../artifacts }
models:
  income:
    train: { run: node train.mjs }
    gate: [{ metric: roc_auc, require: { min: 0.8 } }]
  rival:
    train: { run: node train.mjs }
    metrics: { rules: { roc_auc: { tolerance: 0.001 } } }
    gate: [{ metric: roc_auc, require: not-worse }]
`;

const test = plain.extend<{ scene: RegistryScene }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest wants the fixtures it uses spelled out
  scene: async ({}, use) => {
    const scene = await openRegistryScene(CONFIG);
    await use(scene);
    scene.end();
  },
});

test('a person goes over the gate with a reason; where it is not needed nothing is recorded', async ({
  scene,
}) => {
  await scene.train(0.7);
  await expect(scene.assay('gate income --override ""')).rejects.toThrow('--override');
  const over = await scene.assay('gate income --override "slice too small, checked by hand"');
  expect(over).toMatchObject({
    exit: 0,
    json: { override: { by: 'ada', reason: 'slice too small, checked by hand', was: 'reject' } },
  });
  await scene.train(0.9);
  expect(await scene.assay('gate income --override "to be safe"')).toMatchObject({
    exit: 0,
    json: { decision: 'promote', override: null },
  });
  expect(scene.lines.join('\n')).toContain('--override was not needed');
});

test('a decision is explained again from its record alone', async ({ scene }) => {
  await scene.train(0.7);
  await scene.assay('gate income --override "known"');
  const [decision] = await scene.records('decision');
  const shown = await scene.assay(`show ${decision?.id}`);
  expect(shown.text).toMatch(
    /Decided again from this record alone\s+reject, with every rule and reason as recorded/,
  );
  expect(shown.text).toContain('ada over reject: known');
});

test('a challenger is judged against what is live of another model', async ({ scene }) => {
  await scene.train(0.9);
  await scene.assay('register income');
  await scene.assay('promote income@1.0.0 --to prod');
  await scene.train(0.85, { model: 'rival' });
  const judged = await scene.assay('gate rival --baseline stage:income@prod');
  expect(judged).toMatchObject({ exit: 1, json: { decision: 'reject' } });
  const compared = await scene.assay('compare --model rival --baseline stage:income@prod');
  expect(compared.json).toMatchObject({ baseline: { why: 'model income: live on prod' }, verdict: 'worse' });
  const nobody = await scene.assay('compare --model rival --baseline stage:other@prod');
  expect(nobody.json).toMatchObject({
    baseline: { run: null, why: 'model other: nothing is live on prod yet' },
  });
});
