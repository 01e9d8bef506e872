import rehypeRaw from 'rehype-raw';
import rehypeSanitize from 'rehype-sanitize';
import rehypeStringify from 'rehype-stringify';
import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import remarkRehype from 'remark-rehype';
import { unified } from 'unified';

/** What GitHub makes of a comment: its flavour of markdown, and what its sanitizer lets through. */

/** HTML of a comment. Every line break shows in it, as in comments and unlike in files. */
export function commentHtml(markdown: string): string {
  return unified()
    .use(remarkParse)
    .use(remarkGfm)
    .use(() => breakLines)
    .use(remarkRehype, { allowDangerousHtml: true })
    .use(rehypeRaw)
    .use(rehypeSanitize)
    .use(rehypeStringify)
    .processSync(markdown)
    .toString();
}

interface Node {
  readonly type: string;
  readonly value?: string;
  children?: Node[];
}

function breakLines(tree: unknown): void {
  const visit = (node: Node): void => {
    node.children = node.children?.flatMap((child) => {
      if (child.type !== 'text') {
        visit(child);
        return [child];
      }
      const lines = (child.value ?? '').split('\n');
      return lines.flatMap((value, at) => [
        ...(at > 0 ? [{ type: 'break' }] : []),
        ...(value === '' ? [] : [{ type: 'text', value }]),
      ]);
    });
  };
  visit(tree as Node);
}
