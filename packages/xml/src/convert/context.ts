// What the parts of a conversion share.
// SPDX-License-Identifier: Apache-2.0

import { escapeText } from '../emit/escape.js';
import type { Node } from '../read/node.js';
import { trimBlanks } from '../read/tree.js';
import type { CompiledElement } from '../schema/compile.js';
import type { Model } from '../schema/model.js';
import type { Findings } from './findings.js';

/** One document's conversion: its text, its findings, and how an element inside is converted. */
export interface Context {
  /** The document. */
  readonly text: string;
  readonly findings: Findings;
  readonly isForeign: boolean;
  /** Undefined when the element is unusable; the reason is then among the findings. */
  readonly convert: (node: Node, compiled: CompiledElement) => Model | undefined;
}

/** A node's XML as it stands; stray text loses the white space around it. */
export const raw = ({ text }: Context, node: Node): string =>
  node.kind === 'text' ? escapeText(trimBlanks(node.text)) : text.slice(node.start, node.end);

/** True for `xmlns` and `xmlns:…`, which are never findings. */
export function isNamespaceDeclaration(name: string): boolean {
  return name.startsWith('xmlns') && (name.length === 5 || name[5] === ':');
}
