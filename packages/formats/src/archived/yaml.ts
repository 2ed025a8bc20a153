// The YAML that programs write of their configurations: block maps, lists and scalars, and nothing that stands for something else.
// SPDX-License-Identifier: Apache-2.0
import { FormatError } from '../errors.js';

/** A value, and where it begins; exactly one of the three is there, none for null. */
export interface YamlNode {
  readonly line: number;
  readonly text?: string;
  readonly list?: readonly YamlNode[];
  readonly map?: ReadonlyMap<string, YamlNode>;
}

const MOST_LINES = 100_000;
const DEEPEST = 32;

interface Line {
  readonly number: number;
  readonly indent: number;
  readonly text: string;
}

/** Throws `invalid` for what is none, and for anchors, tags and maps in braces, which no such program writes. */
export function parseYaml(text: string, file: string): YamlNode {
  const reader = new YamlReader(text, file);
  const first = reader.peek();
  const node = first === undefined ? { line: 0 } : reader.block(first.indent, 0);
  const rest = reader.peek();
  if (rest !== undefined) throw reader.fault(rest.number, 'is not indented as what is before it');
  return node;
}

class YamlReader {
  readonly #lines: string[];
  #at = 0;

  constructor(
    text: string,
    private readonly file: string,
  ) {
    this.#lines = text.replaceAll('\r\n', '\n').split('\n');
    if (this.#lines.length > MOST_LINES) throw this.fault(MOST_LINES, 'is one too many');
  }

  fault(line: number, what: string): FormatError {
    return new FormatError('invalid', `${this.file}: line ${line} ${what}`, { file: this.file, line });
  }

  /** The next line that says something. */
  peek(): Line | undefined {
    for (; this.#at < this.#lines.length; this.#at++) {
      const raw = this.#lines[this.#at] ?? '';
      const text = raw.trim();
      if (text === '' || text.startsWith('#') || text === '---') continue;
      const indent = raw.length - raw.trimStart().length;
      if (raw.slice(0, indent).includes('\t')) throw this.fault(this.#at + 1, 'is indented with tabs');
      return { number: this.#at + 1, indent, text };
    }
    return undefined;
  }

  /** A list or a map whose lines begin at `indent`. */
  block(indent: number, depth: number): YamlNode {
    const first = this.peek();
    if (first === undefined) return { line: 0 };
    if (depth > DEEPEST) throw this.fault(first.number, `is nested more than ${DEEPEST} deep`);
    return isItem(first.text) ? this.#list(indent, depth) : this.#map(indent, depth);
  }

  #list(indent: number, depth: number): YamlNode {
    const list: YamlNode[] = [];
    let line = 0;
    for (let next = this.peek(); next?.indent === indent && isItem(next.text); next = this.peek()) {
      line ||= next.number;
      const inner = next.text.slice(1).trimStart();
      const column = indent + next.text.length - inner.length;
      if (inner === '') {
        this.#at++;
        list.push(this.#below(indent, depth));
      } else if (keyOf(inner) !== undefined) {
        // The map's first line stands behind the dash.
        this.#lines[this.#at] = `${' '.repeat(column)}${inner}`;
        list.push(this.#map(column, depth + 1));
      } else list.push(this.#value(inner, next, indent, depth));
    }
    return { line, list };
  }

  #map(indent: number, depth: number): YamlNode {
    const map = new Map<string, YamlNode>();
    let line = 0;
    for (let next = this.peek(); next?.indent === indent && !isItem(next.text); next = this.peek()) {
      line ||= next.number;
      const found = keyOf(next.text);
      if (found === undefined) throw this.fault(next.number, 'is neither a key with its value nor an item');
      if (map.has(found.key)) throw this.fault(next.number, `has the key ${JSON.stringify(found.key)} again`);
      map.set(found.key, this.#value(found.rest, next, indent, depth));
    }
    return { line, map };
  }

  #value(text: string, at: Line, indent: number, depth: number): YamlNode {
    const { number: line } = at;
    this.#at++;
    if (text === '') return { ...this.#below(indent, depth), line };
    if (text === '{}') return { line, map: new Map() };
    if (text === '[]') return { line, list: [] };
    if (/^[|>][+-]?\d?$/.test(text)) return { line, text: this.#literal(text, indent) };
    if (/^[&*!{[%@`]/.test(text)) throw this.fault(line, `has ${text[0]}, which is not read here`);
    if (text.startsWith('"') || text.startsWith("'")) return { line, text: this.#quoted(text, line) };
    const plain = this.#continued(text.replace(/\s#.*$/, ''), indent);
    return plain === 'null' || plain === '~' ? { line } : { line, text: plain };
  }

  /** What stands on the lines below a key or dash; a list may begin at the key's own column. */
  #below(indent: number, depth: number): YamlNode {
    const next = this.peek();
    if (next === undefined) return { line: 0 };
    if (next.indent > indent || (next.indent === indent && isItem(next.text)))
      return this.block(next.indent, depth + 1);
    return { line: 0 };
  }

  /** A long one may be broken where it has a blank. */
  #continued(text: string, indent: number): string {
    let whole = text.trimEnd();
    for (let next = this.peek(); next !== undefined && next.indent > indent; next = this.peek()) {
      whole += ` ${next.text}`;
      this.#at++;
    }
    return whole;
  }

  /** Piece by piece, for a stranger's may be of any length. */
  #quoted(text: string, line: number): string {
    const quote = text.startsWith('"') ? '"' : "'";
    const parts: string[] = [];
    let wasEmpty = false;
    for (let piece = text.slice(1); ; ) {
      const { end, isEscaped } = endOf(piece, quote);
      if (end !== undefined) {
        if (!/^\s*(?:#.*)?$/.test(piece.slice(end + 1)))
          throw this.fault(line, 'has something behind its quotation');
        const whole = [...parts, piece.slice(0, end)].join('');
        return quote === '"' ? unescaped(whole) : whole.replaceAll("''", "'");
      }
      const more = this.#lines[this.#at++]?.trim();
      if (more === undefined) throw this.fault(line, 'has a quotation that does not end');
      // An empty line stands for a line's end, and a backslash at the end of a line for nothing.
      if (isEscaped) parts.push(piece.slice(0, -1));
      else parts.push(piece, more === '' ? '\n' : wasEmpty ? '' : ' ');
      wasEmpty = more === '' && !isEscaped;
      piece = more;
    }
  }

  #literal(head: string, indent: number): string {
    const given = /\d/.exec(head)?.[0];
    let column = given === undefined ? undefined : indent + Number(given);
    const lines: string[] = [];
    for (; this.#at < this.#lines.length; this.#at++) {
      const raw = this.#lines[this.#at] ?? '';
      const own = raw.length - raw.trimStart().length;
      if (raw.trim() !== '') {
        column ??= own;
        if (own <= indent || own < column) break;
      }
      lines.push(raw.slice(column ?? raw.length));
    }
    while (lines.at(-1) === '') lines.pop();
    const joined = head.startsWith('>')
      ? lines.join('\n').replace(/(?<=\S)\n(?=\S)/g, ' ')
      : lines.join('\n');
    return head.includes('-') ? joined : `${joined}\n`;
  }
}

const isItem = (text: string): boolean => text === '-' || text.startsWith('- ');

/** The key that a line begins with, and what follows it. */
function keyOf(text: string): { readonly key: string; readonly rest: string } | undefined {
  const quoted = /^(?:"((?:[^"\\]|\\.)*)"|'((?:[^']|'')*)')\s*:(?:\s+(.*))?$/s.exec(text);
  if (quoted !== null) {
    const [, double, single = '', rest = ''] = quoted;
    return { key: double === undefined ? single.replaceAll("''", "'") : unescaped(double), rest };
  }
  if (!PLAIN_KEY.test(text)) return undefined;
  const [, before = '', rest = ''] = /^([^#]*?):(?:\s+(.*))?$/.exec(text) ?? [];
  const key = before.trimEnd();
  return key === '' ? undefined : { key, rest };
}

/** How one begins. */
const PLAIN_KEY = /^(?:[^\s"'&*!|>{}[\],#%@`-]|-[^\s#])/;

/** Where a quotation ends in what follows its first quote; or whether the last character there takes the meaning of the next one. */
function endOf(piece: string, quote: string): { readonly end?: number; readonly isEscaped: boolean } {
  for (let at = 0; at < piece.length; at++) {
    if (quote === '"' && piece[at] === '\\') {
      if (++at === piece.length) return { isEscaped: true };
    } else if (piece[at] === quote) {
      if (quote === '"' || piece[at + 1] !== quote) return { end: at, isEscaped: false };
      at++;
    }
  }
  return { isEscaped: false };
}

const escapes: Readonly<Record<string, string>> = {
  '0': '\0',
  a: '\x07',
  b: '\b',
  t: '\t',
  n: '\n',
  v: '\v',
  f: '\f',
  r: '\r',
  e: '\x1b',
  N: '\x85',
  _: '\xa0',
  L: '\u2028',
  P: '\u2029',
};

const unescaped = (text: string): string =>
  text.replace(/\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U0*([0-9a-f]{1,6})|(.))/gis, (_, two, four, more, one) => {
    const code = Number.parseInt(String(two ?? four ?? more ?? ''), 16);
    if (Number.isNaN(code)) return escapes[String(one)] ?? String(one);
    return code <= 0x10ffff ? String.fromCodePoint(code) : '\uFFFD';
  });
