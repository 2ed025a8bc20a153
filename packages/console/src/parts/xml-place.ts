// Where in a document a cursor stands: within which elements, and whether a name, a value or a text is being typed there.
// SPDX-License-Identifier: Apache-2.0

/** What can be typed at the end of a text. */
export interface XmlPlace {
  readonly kind: 'element' | 'attribute' | 'value' | 'text' | 'end';
  /** Elements around it, the outermost first; of an attribute its own is the last. */
  readonly path: readonly string[];
  /** What of the word is there already. */
  readonly typed: string;
  /** Of a value whose it is. */
  readonly attribute?: string;
  /** Attributes that its element has already. */
  readonly has: readonly string[];
}

const whole =
  /<!--[\s\S]*?(?:-->|$)|<!\[CDATA\[[\s\S]*?(?:\]\]>|$)|<[?!][\s\S]*?(?:>|$)|<\/[^<>]*>?|<[^<>\s/"'=]*(?:\s+[^\s=<>/"']+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*\s*\/?>|<(?:[^<]*)$/g;
const attributes = /([^\s=<>/"']+)\s*=\s*(?:"[^"]*"|'[^']*')/g;

/** The place at the end of this text, which is what stands before the cursor; undefined within comments and the like. */
export function placeAt(before: string): XmlPlace | undefined {
  const path: string[] = [];
  let end = 0;
  for (const match of before.matchAll(whole)) {
    const [tag] = match;
    end = match.index + tag.length;
    const isLast = end === before.length;
    if (/^<[!?]/.test(tag)) {
      if (isLast && !/(?:-->|\]\]>|>)$/.test(tag)) return undefined;
    } else if (isLast && !tag.endsWith('>')) return inTag(tag, path);
    else if (tag.startsWith('</')) {
      const name = tag.slice(2).replace(/\s*>?$/, '');
      const at = path.lastIndexOf(name);
      if (at >= 0) path.length = at;
    } else if (!tag.endsWith('/>')) path.push(/^<([^\s/>]*)/.exec(tag)?.[1] ?? '');
  }
  return { kind: 'text', path, typed: before.slice(end).trimStart(), has: [] };
}

function inTag(tag: string, path: readonly string[]): XmlPlace | undefined {
  if (tag.startsWith('</')) return { kind: 'end', path, typed: tag.slice(2), has: [] };
  const [, name = '', rest = ''] = /^<([^\s/]*)([\s\S]*)$/.exec(tag) ?? [];
  if (rest === '') return { kind: 'element', path, typed: name, has: [] };
  const own = [...path, name];
  const has = [...rest.matchAll(attributes)].map(([, one = '']) => one);
  const open = /([^\s=<>/"']+)\s*=\s*(["'])([^"']*)$/.exec(rest.replace(attributes, ''));
  if (open !== null) return { kind: 'value', path: own, attribute: open[1] ?? '', typed: open[3] ?? '', has };
  const word = /\s([^\s=<>/"']*)$/.exec(rest);
  return word === null ? undefined : { kind: 'attribute', path: own, typed: word[1] ?? '', has };
}
