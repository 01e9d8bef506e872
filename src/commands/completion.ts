import { UserError } from '../errors.js';
import { COMMON_OPTIONS } from './command-line/input.js';
import { defineVerb, type OptionSpec } from './command-line/verb.js';
import { VERBS } from './verbs.js';

/** What a shell offers after a verb. */
interface Completion {
  readonly verb: string;
  readonly summary: string;
  readonly options: readonly (readonly [name: string, option: OptionSpec])[];
}

const SHELLS = { bash: bashScript, zsh: zshScript, fish: fishScript };

export const completion = defineVerb(
  {
    name: 'completion',
    summary: 'print the completion script of a shell',
    description:
      'Completes verbs, options and the choices of options. The script is made from the same descriptions as the help, so it always fits this version.',
    arguments: [{ name: 'shell', description: 'bash, zsh or fish', required: true }],
    options: {},
    outputs: {},
    examples: [
      { command: 'source <(assay completion bash)', explains: 'in ~/.bashrc' },
      {
        command: 'assay completion zsh > "$' + '{fpath[1]}/_assay"',
        explains: 'once; then start a new shell',
      },
      {
        command: 'assay completion fish > ~/.config/fish/completions/assay.fish',
        explains: 'once; new shells know it',
      },
    ],
  },
  async (input) => {
    const shell = input.arguments[0] ?? '';
    if (!isShell(shell)) {
      throw new UserError(`there is no completion for ${JSON.stringify(shell)}`, {
        mend: `shells there are: ${Object.keys(SHELLS).join(', ')}`,
      });
    }
    const script = SHELLS[shell](await completions());
    return { exit: 0, json: { shell, script }, text: script, outputs: {} };
  },
);

function isShell(name: string): name is keyof typeof SHELLS {
  return Object.hasOwn(SHELLS, name);
}

async function completions(): Promise<readonly Completion[]> {
  return Promise.all(
    Object.entries(VERBS).map(async ([verb, entry]) => {
      const { spec } = await entry.load();
      return {
        verb,
        summary: spec.summary,
        options: Object.entries<OptionSpec>({ ...spec.options, ...COMMON_OPTIONS }),
      };
    }),
  );
}

function choicesOf(option: OptionSpec): readonly string[] {
  return option.kind === 'text' ? (option.choices ?? []) : [];
}

function bashScript(all: readonly Completion[]): string {
  const verbs = [...all.map(({ verb }) => verb), 'help'].join(' ');
  const options = all.map(
    ({ verb, options }) => `    ${verb}) words='${options.map(([name]) => `--${name}`).join(' ')}' ;;`,
  );
  const choices = all.flatMap(({ verb, options }) =>
    options
      .filter(([, option]) => choicesOf(option).length > 0)
      .map(([name, option]) => `    '${verb} --${name}') words='${choicesOf(option).join(' ')}' ;;`),
  );
  return `# bash completion for assay; add to ~/.bashrc: source <(assay completion bash)
_assay() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} verb=\${COMP_WORDS[1]} words=
  if [ "$COMP_CWORD" -eq 1 ] || { [ "$COMP_CWORD" -eq 2 ] && [ "$verb" = help ]; }; then
    COMPREPLY=($(compgen -W '${verbs}' -- "$current"))
    return
  fi
  case "$verb" in
${options.join('\n')}
  esac
  case "$verb $previous" in
${choices.join('\n')}
    'completion completion') words='bash zsh fish' ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _assay assay
`;
}

function zshScript(all: readonly Completion[]): string {
  const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
  const describe = (text: string) => text.replace(/[\\[\]:]/g, '\\$&');
  const verbs = all.map(({ verb, summary }) => `    ${quote(`${verb}:${describe(summary)}`)}`);
  const argument = (name: string, option: OptionSpec) => {
    const repeat = option.kind === 'list' ? '*' : '';
    const choices = choicesOf(option);
    const value =
      option.kind === 'flag' ? '' : `:${name}:${choices.length ? `(${choices.join(' ')})` : '_files'}`;
    return quote(`${repeat}--${name}[${describe(option.description)}]${value}`);
  };
  const cases = all.map(
    ({ verb, options }) =>
      `    ${verb}) _arguments ${options.map(([name, option]) => argument(name, option)).join(' ')} '*:argument:${verb === 'completion' ? '(bash zsh fish)' : '_files'}' ;;`,
  );
  return `#compdef assay
# zsh completion for assay; write it to a file named _assay in a folder of $fpath
_assay() {
  local -a verbs=(
${verbs.join('\n')}
    'help:the help of a verb'
  )
  if (( CURRENT == 2 )) || { (( CURRENT == 3 )) && [[ $words[2] == help ]]; }; then
    _describe verb verbs
    return
  fi
  local verb=$words[2]
  words=("\${(@)words[2,-1]}")
  (( CURRENT-- ))
  case $verb in
${cases.join('\n')}
  esac
}
if [ "$funcstack[1]" = _assay ]; then _assay "$@"; else compdef _assay assay; fi
`;
}

function fishScript(all: readonly Completion[]): string {
  const quote = (text: string) => `'${text.replace(/['\\]/g, '\\$&')}'`;
  const verbs = all.map(
    ({ verb, summary }) => `complete -c assay -n __fish_use_subcommand -f -a ${verb} -d ${quote(summary)}`,
  );
  const options = all.flatMap(({ verb, options }) =>
    options.map(([name, option]) => {
      const choices = choicesOf(option);
      const value =
        option.kind === 'flag' ? '' : choices.length ? ` -x -a ${quote(choices.join(' '))}` : ' -r';
      return `complete -c assay -n '__fish_seen_subcommand_from ${verb}' -l ${name}${value} -d ${quote(option.description)}`;
    }),
  );
  return `# fish completion for assay; write it to ~/.config/fish/completions/assay.fish
${verbs.join('\n')}
complete -c assay -n __fish_use_subcommand -f -a help -d 'the help of a verb'
complete -c assay -n '__fish_seen_subcommand_from help' -f -a '${all.map(({ verb }) => verb).join(' ')}'
complete -c assay -n '__fish_seen_subcommand_from completion' -f -a 'bash zsh fish'
${options.join('\n')}
`;
}
