import type { World } from '../../world.js';

/** What a verb is: one description from which parsing, help, completion, docs and the action's inputs all come. */

export interface ArgumentSpec {
  readonly name: string;
  readonly description: string;
  readonly required?: boolean;
  readonly repeats?: boolean;
}

interface OptionBase {
  readonly description: string;
  /** Shown in help: `PATH`, `N`. */
  readonly placeholder?: string;
  /** False keeps it out of the action's inputs (interactive or terminal-only options). */
  readonly input?: false;
}
export type OptionSpec = OptionBase &
  (
    | { readonly kind: 'flag' }
    | { readonly kind: 'text'; readonly choices?: readonly string[] }
    | { readonly kind: 'list' }
    | { readonly kind: 'number' }
  );

export interface VerbSpec {
  readonly name: string;
  readonly summary: string;
  /** Paragraphs of the help and of the docs page. */
  readonly description: string;
  readonly arguments: readonly ArgumentSpec[];
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** Outputs of the action, and what each holds. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly examples: readonly { readonly command: string; readonly explains: string }[];
}

type OptionValue<O extends OptionSpec> = O extends { kind: 'flag' }
  ? boolean
  : O extends { kind: 'list' }
    ? readonly string[]
    : O extends { kind: 'number' }
      ? number | undefined
      : string | undefined;

export interface Input<S extends VerbSpec = VerbSpec> {
  readonly arguments: readonly string[];
  readonly options: { readonly [K in keyof S['options']]: OptionValue<S['options'][K]> };
  /** Path of assay.yml; `--config`. */
  readonly config: string;
  readonly json: boolean;
  readonly quiet: boolean;
}

export interface Outcome {
  /** 0: the answer is yes; 1: the answer is no, and it is recorded. */
  readonly exit: 0 | 1;
  /** What `--json` prints on stdout. */
  readonly json: unknown;
  /** What a person reads on stdout without `--json`; every text from outside already safe for a terminal. */
  readonly text: string;
  /** Outputs of the action; keys as in the spec. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Markdown for the job summary; left out when the verb has nothing to add. */
  readonly summary?: string;
  /** What went wrong after part of the work was done: told once the result is written, and its exit code counts. */
  readonly failure?: unknown;
}

export interface Verb {
  readonly spec: VerbSpec;
  run(input: Input, world: World): Promise<Outcome>;
}

/** Ties the types of a verb's options to its function. */
export function defineVerb<const S extends VerbSpec>(
  spec: S,
  run: (input: Input<S>, world: World) => Promise<Outcome>,
): Verb {
  return { spec, run: run as Verb['run'] };
}
