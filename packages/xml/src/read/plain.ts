// Reads documents of the usual kind in one pass; whatever is less usual, or wrong, it leaves to the full reader.
// SPDX-License-Identifier: Apache-2.0
import { AttributeBag, type Limits, Node, noAttributes, type Tree } from './node.js';

const exclamation = 33;
const quote = 34;
const ampersand = 38;
const apostrophe = 39;
const hyphen = 45;
const slash = 47;
const less = 60;
const equals = 61;
const greater = 62;
const bracket = 93;

/** What a character may be part of: 1 begins a name, 2 continues one, 4 is a blank. */
const kinds = new Uint8Array(128);
for (const c of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_') kinds[c.charCodeAt(0)] = 3;
for (const c of '0123456789.-') kinds[c.charCodeAt(0)] = 2;
for (const c of ' \t\n') kinds[c.charCodeAt(0)] = 4;

const isBlank = (code: number): boolean => code === 32 || code === 10 || code === 9;

/** Blanks but the line feed and tab, and halves of pairs, are looked at by the full reader. */
const isUsual = (code: number): boolean =>
  (code >= 32 && code < 0xd800) || code === 10 || code === 9 || (code >= 0xe000 && code <= 0xfffd);

const declaration =
  /^<\?xml version=(?:'1\.0'|"1\.0")(?: encoding=(?:'[Uu][Tt][Ff]-8'|"[Uu][Tt][Ff]-8"))? ?\?>/;

/** Names that were read lately, by a hash of theirs: the same string each time is found faster in tables. */
const known: (string | undefined)[] = new Array<undefined>(1024).fill(undefined);
const longestKnown = 40;

/** Where an unusual thing stands, no tree results. */
class Plain {
  private at = 0;
  private elements = 0;

  constructor(
    private readonly text: string,
    private readonly limits: Limits,
  ) {}

  read(): Tree | undefined {
    const { text, limits } = this;
    const prolog: string[] = [];
    const epilog: string[] = [];
    let root: Node | undefined;
    let current: Node | undefined;
    let depth = 0;
    this.at = declaration.exec(text)?.[0].length ?? 0;
    while (this.at < text.length) {
      if (text.charCodeAt(this.at) !== less) {
        if (!this.readText(current)) return undefined;
        continue;
      }
      const next = text.charCodeAt(this.at + 1);
      if (next === slash) {
        if (current === undefined || !this.readEnd(current)) return undefined;
        current = current.parent;
        depth--;
      } else if (next === exclamation) {
        const start = this.at;
        if (!this.skipComment()) return undefined;
        if (current === undefined) (root === undefined ? prolog : epilog).push(text.slice(start, this.at));
        else this.addComment(current, start);
      } else {
        if (depth >= limits.depth || (current === undefined && root !== undefined)) return undefined;
        const node = this.readStart(current);
        if (node === undefined) return undefined;
        root ??= node;
        if (node.end === 0) {
          current = node;
          depth++;
        }
      }
    }
    return root === undefined || current !== undefined ? undefined : { root, prolog, epilog };
  }

  private readText(current: Node | undefined): boolean {
    const { text } = this;
    const start = this.at;
    let at = start;
    let blank = true;
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === less) break;
      if (isBlank(code)) continue;
      if (code === ampersand || code === bracket || !isUsual(code)) return false;
      blank = false;
    }
    this.at = at;
    if (current === undefined) return blank;
    const value = text.slice(start, at);
    current.text = current.text === '' ? value : current.text + value;
    if (!blank) {
      const node = new Node('text', '#text', noAttributes, start, current);
      node.text = value;
      addTo(current, node);
    }
    return true;
  }

  private skipComment(): boolean {
    const { text, at } = this;
    if (text.charCodeAt(at + 2) !== hyphen || text.charCodeAt(at + 3) !== hyphen) return false;
    const end = text.indexOf('--', at + 4);
    if (end < 0 || text.charCodeAt(end + 2) !== greater) return false;
    for (let i = at + 4; i < end; i++) if (!isUsual(text.charCodeAt(i))) return false;
    this.at = end + 3;
    return true;
  }

  private addComment(current: Node, start: number): void {
    const node = new Node('comment', '#comment', noAttributes, start, current);
    node.end = this.at;
    addTo(current, node);
  }

  private readEnd(current: Node): boolean {
    const { text } = this;
    const { name } = current;
    let at = this.at + 2;
    for (let i = 0; i < name.length; i++, at++) if (text.charCodeAt(at) !== name.charCodeAt(i)) return false;
    while (isBlank(text.charCodeAt(at))) at++;
    if (text.charCodeAt(at) !== greater) return false;
    current.end = this.at = at + 1;
    return true;
  }

  /** The name that begins at `this.at`, '' when there is none of the usual kind; moves behind it. */
  private readName(): string {
    const { text } = this;
    const start = this.at;
    let at = start;
    let code = text.charCodeAt(at);
    if (!(code < 128 && (kinds[code] ?? 0) & 1)) return '';
    let hash = 0;
    do {
      hash = (Math.imul(hash, 31) + code) | 0;
      code = text.charCodeAt(++at);
    } while (code < 128 && (kinds[code] ?? 0) & 2);
    this.at = at;
    const length = at - start;
    if (length > longestKnown) return text.slice(start, at);
    const slot = (hash ^ (hash >>> 10)) & 1023;
    const candidate = known[slot];
    if (candidate !== undefined && candidate.length === length) {
      let i = 0;
      while (i < length && candidate.charCodeAt(i) === text.charCodeAt(start + i)) i++;
      if (i === length) return candidate;
    }
    // A key of an object, unlike a slice, does not keep the document in memory.
    const name = Object.keys({ [text.slice(start, at)]: 0 })[0] ?? '';
    known[slot] = name;
    return name;
  }

  private readStart(parent: Node | undefined): Node | undefined {
    const { text, limits } = this;
    const start = this.at++;
    const name = this.readName();
    if (name === '' || ++this.elements > limits.elements) return undefined;
    let attributes: Record<string, string> | undefined;
    for (let count = 0; ; count++) {
      const isApart = isBlank(text.charCodeAt(this.at));
      while (isBlank(text.charCodeAt(this.at))) this.at++;
      const code = text.charCodeAt(this.at);
      const isClosed = code === slash && text.charCodeAt(this.at + 1) === greater;
      if (isClosed || code === greater) {
        this.at += isClosed ? 2 : 1;
        const node = new Node('element', name, attributes ?? noAttributes, start, parent);
        if (isClosed) node.end = this.at;
        if (parent !== undefined) addTo(parent, node);
        return node;
      }
      if (!isApart || count >= limits.attributes) return undefined;
      attributes ??= new AttributeBag();
      if (!this.readAttribute(attributes)) return undefined;
    }
  }

  private readAttribute(attributes: Record<string, string>): boolean {
    const { text } = this;
    const name = this.readName();
    if (name === '' || name === 'xmlns' || attributes[name] !== undefined) return false;
    let at = this.at;
    while (isBlank(text.charCodeAt(at))) at++;
    if (text.charCodeAt(at) !== equals) return false;
    at++;
    while (isBlank(text.charCodeAt(at))) at++;
    const delimiter = text.charCodeAt(at);
    if (delimiter !== apostrophe && delimiter !== quote) return false;
    const start = ++at;
    for (; ; at++) {
      const code = text.charCodeAt(at);
      if (code === delimiter) break;
      // The end of the text is NaN, which is nothing usual either.
      if (code === ampersand || code === less || code < 32 || !isUsual(code)) return false;
    }
    attributes[name] = text.slice(start, at);
    this.at = at + 1;
    return true;
  }
}

function addTo(parent: Node, node: Node): void {
  if (parent.children === undefined) parent.children = [node];
  else parent.children.push(node);
}

/** The tree, as the full reader would make it; undefined where that one must look. */
export function readPlain(text: string, limits: Limits): Tree | undefined {
  return new Plain(text, limits).read();
}
