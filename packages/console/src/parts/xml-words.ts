// The words of a document, for their colours: what is right and wrong in it is found elsewhere.
// SPDX-License-Identifier: Apache-2.0
import { StreamLanguage, type StringStream } from '@codemirror/language';

/** What a line begins within. */
interface Within {
  of: 'text' | 'tag' | 'comment' | 'double' | 'single';
}

const endings = { comment: '-->', double: '"', single: "'" } as const;

/** On to an ending, which may be on another line. */
function until(stream: StringStream, within: Within, of: keyof typeof endings): void {
  const ending = endings[of];
  const isFound = stream.skipTo(ending);
  if (isFound) stream.pos += ending.length;
  else stream.skipToEnd();
  within.of = isFound ? (of === 'comment' ? 'text' : 'tag') : of;
}

function inTag(stream: StringStream, within: Within): string | null {
  if (stream.eatSpace()) return null;
  if (stream.match(/^[/?]?>/)) {
    within.of = 'text';
    return 'angleBracket';
  }
  const quote = stream.next();
  if (quote === '"' || quote === "'") {
    until(stream, within, quote === '"' ? 'double' : 'single');
    return 'attributeValue';
  }
  return stream.match(/^[\w:.-]+/) ? 'attributeName' : null;
}

function inText(stream: StringStream, within: Within): string | null {
  if (stream.match('<!--')) {
    until(stream, within, 'comment');
    return 'comment';
  }
  if (stream.match(/^<[/?!]?[\w:.-]*/)) {
    within.of = 'tag';
    return 'tagName';
  }
  stream.next();
  stream.eatWhile(/[^<]/);
  return null;
}

/** Tags, names, values and comments. */
export const xmlWords = StreamLanguage.define<Within>({
  name: 'xml',
  startState: () => ({ of: 'text' }),
  token: (stream, within) => {
    if (within.of === 'tag') return inTag(stream, within);
    if (within.of === 'text') return inText(stream, within);
    const { of } = within;
    until(stream, within, of);
    return of === 'comment' ? 'comment' : 'attributeValue';
  },
});
