// The only user of saxes: XML text of any kind to a tree.
// SPDX-License-Identifier: Apache-2.0
import { SaxesParser } from 'saxes';
import type { FindingCode } from '../finding.js';
import { namespaces } from '../schema/namespaces.js';
import { defaultLimits, type Limits, Node, noAttributes, type Tree } from './node.js';
import { LineIndex, shortened, writtenName } from './place.js';
import { readPlain } from './plain.js';

/** The text cannot be read at all; `offset` counts UTF-16 units. */
export class Unreadable extends Error {
  constructor(
    readonly code: FindingCode,
    message: string,
    readonly offset: number,
  ) {
    super(message);
  }
}

/** The declarations of one element, within those around it. */
interface Scope {
  readonly own: ReadonlyMap<string, string>;
  readonly around: Scope | undefined;
}
const noNamespaces: Scope = {
  own: new Map([['xml', 'http://www.w3.org/XML/1998/namespace']]),
  around: undefined,
};

function declared(prefix: string, scope: Scope): string | undefined {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.around) {
    const uri = at.own.get(prefix);
    if (uri !== undefined) return uri;
  }
  return undefined;
}
const prefixOf = new Map<string, string>(Object.values(namespaces).map(({ prefix, uri }) => [uri, prefix]));

function resolved(uri: string, local: string): string {
  const prefix = prefixOf.get(uri);
  return prefix === undefined ? `{${uri}}${local}` : `${prefix}:${local}`;
}

function isBlank(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 32) return false;
  return true;
}

/** Without the blanks of XML around it, which are fewer than those of JavaScript. */
export function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text.charCodeAt(start) <= 32) start++;
  while (end > start && text.charCodeAt(end - 1) <= 32) end--;
  return text.slice(start, end);
}

/** Names with the schema's prefixes, or as the document writes them whatever they mean. */
export type Names = 'resolved' | 'as written';

/** Reads a document; throws `Unreadable` at its first fault. */
export function readTree(text: string, limits: Limits = defaultLimits, names: Names = 'resolved'): Tree {
  if (text.length > limits.length)
    throw new Unreadable(
      'too-large',
      `the document has ${text.length} characters, the limit is ${limits.length}`,
      0,
    );
  return readPlain(text, limits) ?? readFully(text, limits, names);
}

/** As `readTree`, for documents of any kind. */
export function readFully(text: string, limits: Limits, names: Names = 'resolved'): Tree {
  return new Reader(text, limits, names).read();
}

class Reader {
  private readonly parser = new SaxesParser({
    xmlns: false,
    position: false,
    forceXMLVersion: true,
    defaultXMLVersion: '1.0',
  });
  private root: Node | undefined = undefined;
  private current: Node | undefined = undefined;
  private readonly prolog: string[] = [];
  private readonly epilog: string[] = [];
  private depth = 0;
  private elements = 0;
  /** Where the last tag, comment or the like ended: between it and the next `<` stands only text. */
  private lastEnd = 0;
  private scope: Scope = noNamespaces;
  /** Scopes to return to, one entry per open element, once a declaration was seen. */
  private scopes: Scope[] | undefined = undefined;
  private readonly resolves: boolean;
  private readonly hasDeclarations: boolean;

  constructor(
    private readonly text: string,
    private readonly limits: Limits,
    names: Names,
  ) {
    this.resolves = names === 'resolved';
    this.hasDeclarations = text.includes('xmlns');
  }

  read(): Tree {
    const { parser } = this;
    // saxes lets halves of a surrogate pair pass, and throws at one that ends the text.
    const half = this.text.search(/\p{Surrogate}/u);
    if (half >= 0) throw new Unreadable('syntax', 'half of a surrogate pair is no character', half);
    parser.on('error', (error) => this.malformed(error.message.replace(/^\S*?\d+:\d+: /, '')));
    parser.on('doctype', () => {
      const offset = Math.max(0, this.text.indexOf('<!DOCTYPE'));
      throw new Unreadable('doctype', 'a DOCTYPE or entity definition is refused', offset);
    });
    parser.on('opentag', (tag) => this.open(tag.name, tag.attributes));
    parser.on('closetag', () => this.close());
    parser.on('text', (value) => this.addText(value));
    parser.on('cdata', (value) => {
      this.addText(value);
      this.lastEnd = this.endOf(']]>');
    });
    parser.on('xmldecl', () => {
      this.lastEnd = this.endOf('?>');
    });
    parser.on('comment', () => this.add('comment'));
    parser.on('processinginstruction', () => this.add('instruction'));
    parser.write(this.text).close();
    if (this.root === undefined) throw new Unreadable('syntax', 'the document has no element', 0);
    return { root: this.root, prolog: this.prolog, epilog: this.epilog };
  }

  private fail(code: FindingCode, message: string, at = this.parser.position): never {
    // The message may repeat a name, and a name may be a whole document.
    throw new Unreadable(code, shortened(message, 200), Math.min(at, this.text.length));
  }

  /** Of tags that do not fit saxes names one or none, and neither's place. */
  private malformed(message: string): never {
    const { current, root, text, parser } = this;
    const isUnexpected = message === 'unexpected close tag.';
    // By then it has taken the element for closed.
    const element = isUnexpected ? (current?.children?.at(-1) ?? root) : current;
    if (element === undefined || !(isUnexpected || message.startsWith('unclosed tag')))
      this.fail('syntax', message);
    const name = writtenName(text, element);
    const { line, column } = new LineIndex(text).place(element.start);
    const opened = `<${name}>, opened at line ${line}, column ${column},`;
    if (!isUnexpected) this.fail('syntax', `${opened} is not closed`);
    const at = text.lastIndexOf('</', parser.position);
    const closing = shortened(trimBlanks(text.slice(at + 2, parser.position - 1)), 50);
    this.fail('syntax', `</${closing}> stands where ${opened} has to be closed`, at);
  }

  private open(rawName: string, given: Record<string, string>): void {
    const { current, limits } = this;
    if (++this.depth > limits.depth) this.fail('too-deep', `elements nest deeper than ${limits.depth}`);
    if (++this.elements > limits.elements) this.fail('too-many', `more than ${limits.elements} elements`);
    let attributes = noAttributes;
    let total = 0;
    let isPrefixed = this.hasDeclarations || rawName.includes(':');
    for (const name in given) {
      total++;
      if (name.includes(':')) isPrefixed = true;
    }
    if (total > 0) attributes = given;
    if (total > limits.attributes)
      this.fail('too-many', `more than ${limits.attributes} attributes on <${rawName}>`);
    const name = isPrefixed && this.resolves ? this.resolve(rawName, attributes) : rawName;
    const node = new Node('element', name, attributes, this.text.indexOf('<', this.lastEnd), current);
    this.lastEnd = this.parser.position;
    if (current === undefined) {
      this.root = node;
    } else if (current.children === undefined) {
      current.children = [node];
    } else {
      current.children.push(node);
    }
    this.current = node;
  }

  private close(): void {
    const { current } = this;
    if (current === undefined) return;
    current.end = this.lastEnd = this.parser.position;
    this.depth--;
    this.current = current.parent;
    if (this.scopes !== undefined) this.scope = this.scopes.pop() ?? noNamespaces;
  }

  private addText(value: string): void {
    const { current } = this;
    if (current === undefined) return;
    current.text = current.text === '' ? value : current.text + value;
    const last = current.children?.at(-1);
    if (last?.kind === 'text') {
      // A CDATA section is the same text going on.
      last.text += value;
      return;
    }
    if (isBlank(value)) return;
    const node = new Node('text', '#text', noAttributes, this.lastEnd, current);
    node.text = value;
    (current.children ??= []).push(node);
  }

  /** saxes reports these before it has passed their last character. */
  private endOf(terminator: string): number {
    return this.text.indexOf(terminator, this.text.indexOf('<', this.lastEnd)) + terminator.length;
  }

  private add(kind: 'comment' | 'instruction'): void {
    const { current, text } = this;
    const start = text.indexOf('<', this.lastEnd);
    const node = new Node(
      kind,
      kind === 'comment' ? '#comment' : '#instruction',
      noAttributes,
      start,
      current,
    );
    node.end = this.lastEnd = this.endOf(kind === 'comment' ? '-->' : '?>');
    if (current !== undefined) (current.children ??= []).push(node);
    else if (this.root === undefined) this.prolog.push(text.slice(start, node.end));
    else this.epilog.push(text.slice(start, node.end));
  }

  /** Namespaces are rare here, so they are resolved only once a document declares or uses one. */
  private resolve(name: string, attributes: Record<string, string>): string {
    let scope = this.scope;
    let own: Map<string, string> | undefined;
    for (const attribute in attributes) {
      if (!attribute.startsWith('xmlns')) continue;
      if (attribute !== 'xmlns' && attribute[5] !== ':') continue;
      const prefix = attribute === 'xmlns' ? '' : attribute.slice(6);
      const uri = attributes[attribute] ?? '';
      if (prefix !== '' && uri === '')
        this.fail('undeclared-prefix', `the namespace prefix '${prefix}' is declared as nothing`);
      own ??= new Map();
      own.set(prefix, uri);
    }
    if (own !== undefined && this.scopes === undefined) {
      this.scopes = Array.from({ length: this.depth - 1 }, () => noNamespaces);
    }
    if (this.scopes !== undefined) this.scopes.push(scope);
    if (own !== undefined) this.scope = scope = { own, around: scope };

    const colon = name.indexOf(':');
    for (const attribute in attributes) {
      const at = attribute.indexOf(':');
      if (at > 0 && !attribute.startsWith('xmlns:')) this.uriOf(attribute.slice(0, at), scope);
    }
    if (colon < 0) {
      const uri = declared('', scope);
      return uri === undefined || uri === '' ? name : resolved(uri, name);
    }
    return resolved(this.uriOf(name.slice(0, colon), scope), name.slice(colon + 1));
  }

  private uriOf(prefix: string, scope: Scope): string {
    const uri = declared(prefix, scope);
    if (uri === undefined) this.fail('undeclared-prefix', `nobody declares the namespace prefix '${prefix}'`);
    return uri;
  }
}
