// From a node of the tree to what people need: line, column, XPath, excerpt. Only made for findings.
// SPDX-License-Identifier: Apache-2.0
import type { Node } from './tree.js';

/** Offset of an attribute's name inside a start tag; the tag's own offset when it is not there. */
export function attributeOffset(text: string, start: number, name: string): number {
  const blank = (at: number) => text.charCodeAt(at) <= 32;
  let at = start + 1;
  while (at < text.length && !blank(at) && text[at] !== '>' && text[at] !== '/') at++;
  while (at < text.length) {
    while (at < text.length && blank(at)) at++;
    if (text[at] === '>' || text[at] === '/') return start;
    const begin = at;
    while (at < text.length && text[at] !== '=' && !blank(at)) at++;
    if (text.slice(begin, at) === name) return begin;
    while (at < text.length && text[at] !== '"' && text[at] !== "'") at++;
    const close = text.indexOf(text[at] ?? '"', at + 1);
    if (close < 0) return start;
    at = close + 1;
  }
  return start;
}

/** The element's name as the document writes it. */
export function writtenName(text: string, node: Node): string {
  if (node.kind !== 'element') return node.name;
  if (!node.name.startsWith('{')) return node.name;
  return /^<([^\s/>]+)/.exec(text.slice(node.start, node.start + 200))?.[1] ?? node.name;
}

/** XPath of a node, with an index only where siblings share its name. */
export function xpath(text: string, node: Node, attribute?: string): string {
  let path = attribute === undefined ? '' : `/@${attribute}`;
  for (let at: Node | undefined = node; at !== undefined; at = at.parent) {
    const { name } = at;
    const alike: readonly Node[] = at.parent?.children?.filter((other) => other.name === name) ?? [];
    const index = alike.length > 1 ? alike.indexOf(at) + 1 : 0;
    const step =
      at.kind === 'element' ? writtenName(text, at) : at.kind === 'comment' ? 'comment()' : 'text()';
    path = `/${step}${index > 0 ? `[${index}]` : ''}${path}`;
  }
  return path;
}

/** Lines and columns of one text, indexed at first use. */
export class LineIndex {
  private starts: number[] | undefined;

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
    const column = [...text.slice(begin, offset)].length + 1;
    return { line: low + 1, column, excerpt: excerpt(text.slice(begin, end), offset - begin) };
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
