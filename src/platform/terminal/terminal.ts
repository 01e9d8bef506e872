import type { Terminal } from '../../world.js';

export function openTerminal(options: {
  readonly stream: NodeJS.WriteStream;
  readonly env: NodeJS.ProcessEnv;
}): Terminal {
  const line = (text: string) => options.stream.write(`${text}\n`);
  return {
    interactive: options.stream.isTTY === true,
    color: options.stream.isTTY === true && !options.env.NO_COLOR,
    info: line,
    warn: (text) => line(`warning: ${text}`),
    error: (text) => line(`error: ${text}`),
    debug: (text) => {
      if (options.env.ASSAY_DEBUG) line(text);
    },
    passthrough: line,
    progress: () => ({ update: () => {}, end: () => {} }),
  };
}
