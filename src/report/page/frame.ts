import { createHash } from 'node:crypto';
import { htmlText } from '../escape.js';

/**
 * The frame of every page that Assay writes: one self-contained HTML file. Nothing is loaded, and only the page's own style
 * and script may run, by their digests in the Content-Security-Policy.
 */
export function htmlPage(page: {
  /** From outside perhaps: escaped here. */
  readonly title: string;
  readonly style: string;
  readonly script?: string;
  /** What stands between `<body>` and the script. */
  readonly body: string;
}): string {
  const digest = (text: string) => createHash('sha256').update(text).digest('base64');
  const scripts = page.script === undefined ? '' : ` script-src 'sha256-${digest(page.script)}';`;
  const policy = `default-src 'none'; style-src 'sha256-${digest(page.style)}';${scripts} base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>${htmlText(page.title, 200)}</title>
<style>${page.style}</style>
</head>
<body>
${page.body}
${page.script === undefined ? '' : `<script>${page.script}</script>\n`}</body>
</html>
`;
}
