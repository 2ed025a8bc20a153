// The light tree that documents are read to: nodes know their offset in the text.
// SPDX-License-Identifier: Apache-2.0

/** Bounds of a document; what is over them is refused before it can cost anything. */
export interface Limits {
  /** In UTF-16 units. */
  readonly length: number;
  readonly depth: number;
  readonly elements: number;
  readonly attributes: number;
}

/** For documents that somebody hands in. */
export const defaultLimits: Limits = {
  length: 4 * 1024 * 1024,
  depth: 64,
  elements: 100_000,
  attributes: 512,
};

/** For what this package has written: the canonical form of a document at its limits is longer, deeper and wider. */
export const writtenLimits: Limits = {
  length: 8 * defaultLimits.length,
  depth: 2 * defaultLimits.depth,
  elements: 2 * defaultLimits.elements,
  attributes: 2 * defaultLimits.attributes,
};

/** What a node of the tree is; a CDATA section is text. */
export type NodeKind = 'element' | 'comment' | 'instruction' | 'text';

/** Attributes by name. It inherits nothing, so that no name means anything but itself. */
export class AttributeBag {
  [name: string]: string;
}
Object.setPrototypeOf(AttributeBag.prototype, null);
Reflect.deleteProperty(AttributeBag.prototype, 'constructor');

/** What all nodes without attributes share; it cannot be changed. */
export const noAttributes: Record<string, string> = Object.freeze(new AttributeBag());

/** An element, comment, instruction or text; `start` and `end` are offsets in UTF-16 units. */
export class Node {
  children: Node[] | undefined = undefined;
  /** All text directly inside, white space included. */
  text = '';
  end = 0;
  /** Of a series of replacements, which go from front to back: how far it is, what was asked for last, what is to go. */
  private edits: { at: number; found: Node | undefined; readonly gone: Set<Node> } | undefined = undefined;

  constructor(
    readonly kind: NodeKind,
    /** With the house's own prefix for namespaces the schema knows, `{uri}local` for other declared ones. */
    public name: string,
    public attributes: Record<string, string>,
    readonly start: number,
    public parent: Node | undefined,
  ) {}

  /** First child element of that name. */
  child(name: string): Node | undefined {
    const { edits } = this;
    if (edits?.found?.name === name) return edits.found;
    const found = this.children?.find((node) => node.name === name);
    if (edits !== undefined) edits.found = found;
    return found;
  }

  /** A node made up in place of one that was read: findings about it point at that one. */
  makeUp(name: string, attributes: Record<string, string> = {}, text = ''): Node {
    const node = new Node(
      'element',
      name,
      Object.assign(new AttributeBag(), attributes),
      this.start,
      this.parent,
    );
    node.text = text;
    node.end = this.end;
    return node;
  }

  /** Adds an attribute unless the document states it. */
  setAttribute(name: string, value: string): void {
    if (this.attributes[name] !== undefined) return;
    this.attributes = Object.assign(new AttributeBag(), this.attributes, { [name]: value });
  }

  /** Puts other nodes, or none, in a child's place; what has none in its place is gone after `settle`. */
  replaceChild(child: Node, ...nodes: Node[]): void {
    const { children } = this;
    if (children === undefined) return;
    const edits = (this.edits ??= { at: 0, found: undefined, gone: new Set() });
    let at = children.indexOf(child, edits.at);
    if (at < 0) at = children.indexOf(child);
    if (at < 0) return;
    edits.at = at;
    const [first] = nodes;
    if (first !== undefined || edits.found === child) edits.found = undefined;
    if (first === undefined) edits.gone.add(child);
    else if (nodes.length === 1) children[at] = first;
    else children.splice(at, 1, ...nodes);
  }

  /** Ends a series of replacements. */
  settle(): void {
    const gone = this.edits?.gone;
    this.edits = undefined;
    if (gone !== undefined && gone.size > 0)
      this.children = this.children?.filter((child) => !gone.has(child));
  }

  append(...nodes: Node[]): void {
    (this.children ??= []).push(...nodes);
  }
}

/** A document: its root element and what stands around that. */
export interface Tree {
  readonly root: Node;
  /** Comments and processing instructions before and after the root element. */
  readonly prolog: readonly string[];
  readonly epilog: readonly string[];
}
