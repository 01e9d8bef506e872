import { plural } from '../../format.js';
import type { Terminal } from '../../world.js';

type Progress = ReturnType<Terminal['progress']>;

const REDRAW_SECONDS = 0.1;
const PLAIN_LINE_SECONDS = 5;
const BAR_WIDTH = 24;

/** `training ███████░░░ 30 %`, or without a total `reading 12,000`. */
function describe(label: string, done: number, total: number | undefined): string {
  if (total === undefined || total <= 0) return `${label} ${done.toLocaleString('en-US')}`;
  return `${label} ${Math.floor((100 * Math.min(done, total)) / total)} % (${done.toLocaleString('en-US')} of ${total.toLocaleString('en-US')})`;
}

function bar(done: number, total: number): string {
  const filled = Math.round((BAR_WIDTH * Math.min(done, total)) / total);
  return `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)}`;
}

/** A bar that is drawn over itself; `draw('')` takes it away. */
export function barProgress(
  label: string,
  options: { readonly draw: (line: string) => void; readonly seconds: () => number },
): Progress {
  let drawn = Number.NEGATIVE_INFINITY;
  return {
    update(done, total) {
      const now = options.seconds();
      if (now - drawn < REDRAW_SECONDS) return;
      drawn = now;
      const text = describe(label, done, total);
      options.draw(total === undefined || total <= 0 ? text : `${bar(done, total)} ${text}`);
    },
    end: () => options.draw(''),
  };
}

/** One plain line every five seconds, and one at the end when there was any before it. */
export function lineProgress(
  label: string,
  options: { readonly line: (line: string) => void; readonly seconds: () => number },
): Progress {
  const started = options.seconds();
  let last = started;
  let said = false;
  return {
    update(done, total) {
      const now = options.seconds();
      if (now - last < PLAIN_LINE_SECONDS) return;
      last = now;
      said = true;
      options.line(describe(label, done, total));
    },
    end() {
      if (said) {
        options.line(`${label}: done after ${plural(Math.round(options.seconds() - started), 'second')}`);
      }
    },
  };
}
