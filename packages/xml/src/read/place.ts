// From a node of the tree to what people need: line, column, XPath, excerpt. Only made for findings.
// SPDX-License-Identifier: Apache-2.0
import type { Node } from './node.js';

/** As much of a name or value as a finding repeats. */
export const shortened = (text: string, most = 100): string =>
  text.length > most ? `${text.slice(0, most)}…` : text;

/** Offsets of attributes' names inside start tags; those of the tag asked for last are remembered. */
export class AttributeOffsets {
  private node: Node | undefined;
  private offsets = new Map<string, number>();

  constructor(private readonly text: string) {}

  /** The tag's own offset when the attribute is not there. */
  of(node: Node, name: string): number {
    if (node !== this.node) {
      this.node = node;
      this.offsets = attributeOffsets(this.text, node.start);
    }
    return this.offsets.get(name) ?? node.start;
  }
}

function attributeOffsets(text: string, start: number): Map<string, number> {
  const offsets = new Map<string, number>();
  const blank = (at: number) => text.charCodeAt(at) <= 32;
  let at = start + 1;
  while (at < text.length && !blank(at) && text[at] !== '>' && text[at] !== '/') at++;
  while (at < text.length) {
    while (at < text.length && blank(at)) at++;
    if (text[at] === '>' || text[at] === '/') break;
    const begin = at;
    while (at < text.length && text[at] !== '=' && !blank(at)) at++;
    offsets.set(text.slice(begin, at), begin);
    while (at < text.length && text[at] !== '"' && text[at] !== "'") at++;
    const close = text.indexOf(text[at] ?? '"', at + 1);
    if (close < 0) break;
    at = close + 1;
  }
  return offsets;
}

/** The element's name as the document writes it. */
export function writtenName(text: string, node: Node): string {
  const isResolved = node.kind === 'element' && node.name.startsWith('{');
  const name = isResolved ? /^<([^\s/>]+)/.exec(text.slice(node.start, node.start + 200))?.[1] : undefined;
  return shortened(name ?? node.name);
}

/** XPaths of a document's nodes. */
export class Paths {
  /** By parent: the number of each child that shares its name with others. */
  private readonly numbers = new Map<Node, ReadonlyMap<Node, number>>();

  constructor(private readonly text: string) {}

  /** With an index only where siblings share a name. */
  of(node: Node, attribute?: string): string {
    let path = attribute === undefined ? '' : `/@${shortened(attribute)}`;
    for (let at: Node | undefined = node; at !== undefined; at = at.parent) {
      const number = at.parent === undefined ? undefined : this.numbersIn(at.parent).get(at);
      const step =
        at.kind === 'element' ? writtenName(this.text, at) : at.kind === 'comment' ? 'comment()' : 'text()';
      path = `/${step}${number === undefined ? '' : `[${number}]`}${path}`;
    }
    return path;
  }

  private numbersIn(parent: Node): ReadonlyMap<Node, number> {
    const known = this.numbers.get(parent);
    if (known !== undefined) return known;
    const numbers = new Map<Node, number>();
    const byName = new Map<string, Node[]>();
    for (const child of parent.children ?? []) {
      const alike = byName.get(child.name);
      if (alike === undefined) byName.set(child.name, [child]);
      else alike.push(child);
    }
    for (const alike of byName.values())
      if (alike.length > 1) for (const [index, child] of alike.entries()) numbers.set(child, index + 1);
    this.numbers.set(parent, numbers);
    return numbers;
  }
}

/** Lines and columns of one text, indexed at first use. */
export class LineIndex {
  private starts: number[] | undefined;
  /** Where the column of an offset was counted last: offsets come in order, and lines may be as long as documents. */
  private counted = { offset: 0, column: 1 };

  constructor(private readonly text: string) {}

  /** Counted from 1; a column counts characters, not bytes. */
  place(offset: number): { line: number; column: number; excerpt: string } {
    const { text } = this;
    this.starts ??= lineStarts(text);
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    const begin = this.starts[low] ?? 0;
    let end = this.starts[low + 1] ?? text.length;
    while (end > begin && (text[end - 1] === '\n' || text[end - 1] === '\r')) end--;
    return {
      line: low + 1,
      column: this.column(begin, offset),
      excerpt: excerpt(text.slice(begin, end), offset - begin),
    };
  }

  private column(begin: number, offset: number): number {
    const { counted, text } = this;
    const isOnWay = counted.offset >= begin && counted.offset <= offset;
    let at = isOnWay ? counted.offset : begin;
    let column = isOnWay ? counted.column : 1;
    for (; at < offset; at++) {
      const isLowHalf = (text.charCodeAt(at) & 0xfc00) === 0xdc00;
      if (!isLowHalf || at === begin || (text.charCodeAt(at - 1) & 0xfc00) !== 0xd800) column++;
    }
    this.counted = { offset, column };
    return column;
  }
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 10 || (c === 13 && text.charCodeAt(i + 1) !== 10)) starts.push(i + 1);
  }
  return starts;
}

const widest = 100;

/** The line, cut around the place when it is long, and a caret beneath it. */
function excerpt(line: string, at: number): string {
  const from = at > widest - 20 ? at - 40 : 0;
  const shown = line.slice(from, from + widest);
  const lead = from > 0 ? '…' : '';
  const tail = from + widest < line.length ? '…' : '';
  const indent = shown.slice(0, at - from).replace(/[^\t]/g, ' ');
  return `${lead}${shown}${tail}\n${lead === '' ? '' : ' '}${indent}^`;
}
