import { join } from 'node:path';
import { parseInput } from '../commands/command-line/input.js';
import type { Outcome } from '../commands/command-line/verb.js';
import { openProject } from '../commands/project/project.js';
import { collectFacts } from '../commands/report/facts.js';
import { VERBS } from '../commands/verbs.js';
import { formatSeconds } from '../format.js';
import { quietTerminal } from '../platform/terminal/terminal.js';
import { terminalReport } from '../report/terminal.js';
import type { World } from '../world.js';
import { SCENES, type Scene, SHOWN_PULL_REQUEST } from './scenes.js';
import type { Scratch } from './scratch.js';

export interface Played {
  /** The pull request comment to be shown: for a terminal, and the file of the page. */
  readonly comment: { readonly text: string; readonly page: string };
  readonly scenes: readonly {
    readonly title: string;
    readonly seconds: number;
    readonly exits: readonly number[];
  }[];
}

/** Plays every scene with the verbs themselves, printing each as it happens. */
export async function play(options: {
  readonly scratch: Scratch;
  readonly world: World;
  readonly print: (text: string) => void;
}): Promise<Played> {
  const { scratch, world, print } = options;
  const scenes: Played['scenes'][number][] = [];
  const page = join(scratch.folder, '.assay/reports/comment.html');
  let text = '';
  for (const [index, scene] of SCENES.entries()) {
    const started = world.clock.monotonic();
    print(`\n${heading(`${index + 1}. ${scene.title}`)}\n${scene.story}\n`);
    scene.prepare?.(scratch);
    const exits: number[] = [];
    for (const { words, exit, decision } of scene.verbs) {
      world.cancel.throwIfAborted();
      const outcome = await playVerb(words, { scene, scratch, world });
      if (outcome.exit !== exit || (decision && outcome.outputs.decision !== decision)) {
        throw new Error(
          `\`assay ${words}\` did not end as this scene says (${[exit, decision].filter(Boolean).join(', ')}):\n${outcome.text}`,
        );
      }
      const isComment = words.startsWith('report');
      if (isComment && scene.pullRequest === SHOWN_PULL_REQUEST) {
        text = await commentForTerminal(worldOf({ scene, scratch, world }));
      }
      print(`$ assay ${words}\n${indent(isComment ? whereComment(scene) : outcome.text)}`);
      exits.push(outcome.exit);
    }
    scene.afterwards?.(scratch);
    const seconds = world.clock.monotonic() - started;
    scenes.push({ title: scene.title, seconds, exits });
    print(`→ ${scene.lesson} (${formatSeconds(seconds)})\n`);
  }
  return { comment: { text, page }, scenes };
}

async function playVerb(
  words: string,
  stage: { readonly scene: Scene; readonly scratch: Scratch; readonly world: World },
): Promise<Outcome> {
  const [name = '', ...rest] = words.split(' ');
  const verb = await VERBS[name]?.load();
  if (!verb) throw new Error(`there is no verb ${name}`);
  return verb.run(parseInput(verb.spec, rest), worldOf(stage));
}

/** The world as the verb would find it in the pull request's job (or on Ada's laptop). */
function worldOf({ scene, scratch, world }: Parameters<typeof playVerb>[1]): World {
  return {
    ...world,
    cwd: scratch.folder,
    terminal: quietTerminal(world.terminal),
    runner: {
      kind: 'local',
      actor: 'ada',
      trigger: { event: scene.pullRequest ? 'pull_request' : 'push', url: null, attempt: 1 },
      pullRequest: scene.pullRequest
        ? { number: scene.pullRequest, targetBranch: 'main', headCommit: null, fromFork: false }
        : null,
      defaultBranch: 'main',
    },
  };
}

function whereComment(scene: Scene): string {
  return scene.pullRequest === SHOWN_PULL_REQUEST
    ? 'the comment is shown at the end'
    : `the comment of pull request ${scene.pullRequest} is in .assay/comments`;
}

async function commentForTerminal(world: World): Promise<string> {
  const facts = await collectFacts(await openProject(world, 'assay.yml'), { world, names: [] });
  return terminalReport(facts, { color: world.terminal.color });
}

function heading(text: string): string {
  return `${text}\n${'─'.repeat(text.length)}`;
}

function indent(text: string): string {
  return text.replace(/\n+$/, '').replace(/^(?=.)/gm, '  ');
}
