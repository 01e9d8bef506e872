import { describe, expect, test } from 'vitest';
import { VERBS } from '../src/commands/verbs.js';
import { actionReadme, actionYaml, hasAction } from '../tools/actions.js';
import { metricsPage } from '../tools/metrics-page.js';
import { verbIndex, verbPage } from '../tools/pages.js';

const specs = await Promise.all(
  Object.values(VERBS).map(async ({ group, load }) => ({ group, spec: (await load()).spec })),
);

/** Also the generator: `npm run docs` runs this file with --update. */
describe('generated files are up to date (npm run docs)', () => {
  for (const { spec } of specs) {
    const { name } = spec;
    test(`docs/verbs/${name}.md`, () =>
      expect(verbPage(spec)).toMatchFileSnapshot(`../docs/verbs/${name}.md`));
    if (!hasAction(spec)) continue;
    const [action, readme] =
      name === 'auto'
        ? ['action.yml', 'docs/action.md']
        : [`actions/${name}/action.yml`, `actions/${name}/README.md`];
    test(action, () => expect(actionYaml(spec)).toMatchFileSnapshot(`../${action}`));
    test(readme, () => expect(actionReadme(spec)).toMatchFileSnapshot(`../${readme}`));
  }
  test('docs/metrics.md', () => expect(metricsPage()).toMatchFileSnapshot('../docs/metrics.md'));
  test('docs/verbs/README.md', () => expect(verbIndex(specs)).toMatchFileSnapshot('../docs/verbs/README.md'));
});
