/** Words of the shell itself, which no PATH has. */
const SHELL_WORDS = new Set(
  '! . : [ [[ { } ( ) alias bg break case cd command continue declare do done echo elif else esac eval exec exit export fi for function if in local printf pwd read return set shift source test then time trap true false type ulimit umask unset until wait while'.split(
    ' ',
  ),
);
/** Words that stand before a command of their own. */
const PREFIXES = new Set(['!', 'command', 'do', 'else', 'exec', 'if', 'then', 'time', 'until', 'while']);
const INTERPRETERS = /^(python[\d.]*|Rscript|julia|node|bash|sh)$/;
const SCRIPT = /^[\w./-]+\.(py|R|jl|js|mjs|sh)$/i;

/**
 * The programs a shell command starts and the scripts it names, as far as they can be told without running it: what
 * holds a quote, a variable or another expansion is left to the shell.
 */
export function programsOf(command: string): {
  readonly programs: readonly string[];
  readonly scripts: readonly string[];
} {
  const programs = new Set<string>();
  const scripts = new Set<string>();
  if (/["'`$\\(){}<]|<<|#/.test(command)) return { programs: firstProgram(command), scripts: [] };
  const changesFolder = /(^|[\s;&|])cd\s/.test(command);
  for (const [index, part] of command.split(/&&|\|\||[;|&\n]/).entries()) {
    const words = part.trim().split(/\s+/).filter(Boolean);
    while (words[0] !== undefined && (PREFIXES.has(words[0]) || /^[A-Za-z_]\w*=/.test(words[0])))
      words.shift();
    const [program, ...rest] = words;
    if (program === undefined) continue;
    if (!SHELL_WORDS.has(program) && !(changesFolder && program.includes('/'))) programs.add(program);
    const script = rest.find((word) => !word.startsWith('-'));
    // A later command may run what an earlier one writes.
    const isFirst = index === 0 && INTERPRETERS.test(program);
    if (isFirst && script !== undefined && SCRIPT.test(script)) scripts.add(script);
  }
  return { programs: [...programs], scripts: [...scripts] };
}

function firstProgram(command: string): readonly string[] {
  const word = /^\s*([\w./+-]+)(?=\s|$)/.exec(command)?.[1];
  return word === undefined || SHELL_WORDS.has(word) ? [] : [word];
}
