import { OutsideError, UserError } from '../errors.js';
import type { GitHubClient } from '../platform/github/client.js';
import type { Reaction } from '../platform/github/conversation.js';
import {
  COMMENT_HELP,
  type CommentCommand,
  parseCommentCommand,
  spokenLine,
} from '../report/comment-command.js';
import { markdownBlock, markdownCode, markdownText, terminalText } from '../report/escape.js';
import type { World } from '../world.js';
import { parseInput } from './command-line/input.js';
import { defineVerb, type Outcome } from './command-line/verb.js';
import { openGitHubOf } from './project/host.js';
import { VERBS } from './verbs.js';

export const answer = defineVerb(
  {
    name: 'answer',
    summary: 'do what a comment says that begins with /assay',
    description: `For a workflow on \`issue_comment\`. Reads the comment that started it, and does what a line says that begins with /assay:

  /assay accept [RUN] [because …]        the run of this commit becomes the accepted baseline
  /assay retrain                         the measuring workflow runs again on the head of the pull request
  /assay promote income@v1.2.0 prod      asks the gate, moves the stage, deploys
  /assay rollback income prod [1.1.0]    puts the version before back
  /assay help                            says what can be said

Only people who may write to the repository are obeyed; that is looked up by the API. The comment gets a reaction at once,
and the result as a reply. A comment without such a line is left alone. Everything runs on the default branch with its
assay.yml, never with code of the pull request.`,
    arguments: [],
    options: {
      workflow: {
        kind: 'text',
        description: 'file name of the workflow that retrain repeats; assay.yml when left out',
        placeholder: 'FILE',
      },
    },
    outputs: {
      command: 'what was asked for: accept, retrain, promote, rollback, help; empty when nothing was',
    },
    examples: [{ command: 'assay answer', explains: 'in a workflow on issue_comment; see docs/github.md' }],
  },
  async (input, world) => {
    const { comment } = world.runner;
    const line = comment ? spokenLine(comment.body) : undefined;
    if (!comment || line === undefined) return nothing('the event is no comment that speaks to Assay');
    const client = await openGitHubOf(world);
    if (!client) {
      throw new UserError('there is no token to answer with', {
        mend: 'pass the input `token`, or set GITHUB_TOKEN',
      });
    }
    const talk = await import('../platform/github/conversation.js');
    const command = parseCommentCommand(line);
    const issue = issueOf(world);
    if (!(await talk.mayWrite(client, comment.author))) {
      await talk.react(client, comment.id, '-1');
      return nothing(
        `${terminalText(comment.author, 60)} may not write to this repository, so nothing was done`,
      );
    }
    await talk.react(client, comment.id, 'eyes');
    const result = await obey(command, {
      world,
      client,
      config: input.config,
      workflow: input.options.workflow ?? 'assay.yml',
    });
    await talk.react(client, comment.id, result.reaction);
    const { url } = await talk.reply(client, issue, replyBody(line, result));
    const done = command.kind === 'unclear' ? '' : command.kind;
    return {
      exit: result.exit,
      json: { command: done, answer: result.text, url },
      text: result.text,
      outputs: { command: done },
      summary: replyBody(line, result),
      ...(result.failure === undefined ? {} : { failure: result.failure }),
    };
  },
);

function nothing(why: string): Outcome {
  return { exit: 0, json: { command: '', answer: why, url: null }, text: why, outputs: { command: '' } };
}

function issueOf(world: World): number {
  const number = world.runner.comment?.issue;
  if (number === undefined) throw new Error('a comment without its issue');
  return number;
}

interface Result {
  readonly exit: 0 | 1;
  readonly reaction: Reaction;
  /** Safe for a terminal. */
  readonly text: string;
  /** Markdown that stands in the reply in place of the text. */
  readonly markdown?: string;
  readonly failure?: unknown;
}

interface At {
  readonly world: World;
  readonly client: GitHubClient;
  readonly config: string;
  readonly workflow: string;
}

async function obey(command: CommentCommand, at: At): Promise<Result> {
  try {
    switch (command.kind) {
      case 'help':
        return { exit: 0, reaction: '+1', text: 'said what can be said', markdown: COMMENT_HELP };
      case 'unclear':
        return {
          exit: 0,
          reaction: 'confused',
          text: command.why,
          markdown: `That was not understood: ${command.why}.\n\n${COMMENT_HELP}`,
        };
      case 'retrain':
        return await retrain(at);
      case 'accept':
        return await accept(command, at);
      case 'promote':
        return await runVerb('promote', [`--to=${command.stage}`, '--', command.version], at);
      case 'rollback':
        return await runVerb(
          'rollback',
          [
            `--stage=${command.stage}`,
            ...(command.version === null ? [] : [`--to=${command.version.replace(/^v(?=\d)/, '')}`]),
            `--reason=${command.reason ?? `asked for in a comment by ${at.world.runner.comment?.author}`}`,
            '--',
            command.model,
          ],
          at,
        );
    }
  } catch (error) {
    if (!(error instanceof UserError || error instanceof OutsideError)) throw error;
    const text = `${error.message}${error.mend ? `\n${error.mend}` : ''}`;
    // An answer that says what is wrong is an answer: the job fails only for what no comment can mend.
    return {
      exit: 1,
      reaction: 'confused',
      text: terminalText(text),
      ...(error instanceof OutsideError ? { failure: error } : {}),
    };
  }
}

async function retrain({ world, client, workflow }: At): Promise<Result> {
  const { headOfPullRequest, runAgain } = await import('../platform/github/conversation.js');
  const commit = await headOfPullRequest(client, pullRequestOf(world, 'retrain'));
  const run = await runAgain(client, { workflow, commit });
  if (!run) {
    throw new UserError(`${workflow} has no run for the head of this pull request`, {
      mend: 'push to it, or name the workflow that measures: input `workflow`',
    });
  }
  const text = run.running ? `it is running already: ${run.url}` : `runs again: ${run.url}`;
  return { exit: 0, reaction: 'rocket', text: terminalText(text) };
}

async function accept(command: Extract<CommentCommand, { kind: 'accept' }>, at: At): Promise<Result> {
  const { world, client } = at;
  const author = world.runner.comment?.author ?? 'somebody';
  const reason = command.reason ?? `accepted in a comment by ${author}`;
  if (command.run !== null) return runVerb('accept', [`--reason=${reason}`, '--', command.run], at);
  const { headOfPullRequest } = await import('../platform/github/conversation.js');
  const commit = await headOfPullRequest(client, pullRequestOf(world, 'accept'));
  const runs = await newestRuns(at, commit);
  if (runs.length === 0) {
    throw new UserError('no run succeeded on the head of this pull request', {
      mend: 'name one: /assay accept 20261124T034602123Z-89abcdef because …',
    });
  }
  const results: Result[] = [];
  for (const run of runs) results.push(await runVerb('accept', [`--reason=${reason}`, '--', run], at));
  const worst = results.find((one) => one.exit !== 0) ?? results[0];
  return {
    exit: worst?.exit ?? 0,
    reaction: worst?.reaction ?? '+1',
    text: results.map((one) => one.text).join('\n'),
  };
}

/** The newest run of each model that succeeded on the commit. */
async function newestRuns({ world, config }: At, commit: string): Promise<readonly string[]> {
  const { openProject } = await import('./project/project.js');
  const { readRecords } = await import('../history/read.js');
  const { runRecord } = await import('../runs/record.js');
  const project = await openProject(world, config);
  const history = await project.history();
  const found: string[] = [];
  for (const owner of Object.keys(project.config.models)) {
    const runs = await readRecords(history, { kind: 'run', owner }, runRecord);
    const run = runs.find(
      (one) => one.commit === commit && one.status === 'succeeded' && one.purpose !== 'reproduce',
    );
    if (run) found.push(run.id);
  }
  return found;
}

function pullRequestOf(world: World, verb: string): number {
  const number = world.runner.comment?.pullRequest ?? null;
  if (number !== null) return number;
  throw new UserError(`${verb} speaks of a pull request, and this is an issue`);
}

/** Runs a verb as its own action would, and keeps what it says. */
async function runVerb(
  name: 'accept' | 'promote' | 'rollback',
  words: readonly string[],
  at: At,
): Promise<Result> {
  const verb = await VERBS[name]?.load();
  if (!verb) throw new Error(`the verb ${name} is not in the list of verbs`);
  const input = parseInput(verb.spec, [`--config=${at.config}`, ...words]);
  const outcome = await verb.run(input, at.world);
  return {
    exit: outcome.exit,
    reaction: outcome.exit === 0 ? 'rocket' : '-1',
    text: outcome.text,
    ...(outcome.summary === undefined ? {} : { markdown: outcome.summary }),
    ...(outcome.failure === undefined ? {} : { failure: outcome.failure }),
  };
}

function replyBody(line: string, result: Result): string {
  const content = result.markdown ?? markdownBlock(result.text.split('\n').slice(0, 60));
  const said = markdownCode(`/assay ${line}`.trim(), 200);
  return `> ${said}\n\n${content}\n\n<sub>${markdownText('Assay')}</sub>\n`;
}
