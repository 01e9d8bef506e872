import { fileName } from './escape.js';

/** The hidden first line by which a comment is found again; the key cannot end the HTML comment. */
export function reportMarker(key: string): string {
  return `<!-- assay:report key=${fileName(key).replace(/-{2,}/g, '-')} -->`;
}
