// Gives a place in the document to findings that were made of a model, by their paths.
// SPDX-License-Identifier: Apache-2.0
import type { Finding } from './finding.js';
import { type Node, writtenLimits } from './read/node.js';
import { AttributeOffsets, LineIndex, writtenName } from './read/place.js';
import { readTree, Unreadable } from './read/tree.js';

/**
 * Findings with the line, column and excerpt that their paths lead to; those that have a line keep it. Paths are of the canonical
 * document: where the text has an older form, the place is that of what stands around it.
 */
export function placeFindings(text: string, findings: readonly Finding[], file?: string): Finding[] {
  if (findings.every(({ line }) => line > 0)) return [...findings];
  const root = rootOf(text);
  if (root === undefined) return [...findings];
  const lines = new LineIndex(text);
  const offsets = new AttributeOffsets(text);
  return findings.map((finding) => {
    if (finding.line > 0) return finding;
    const { node, attribute } = nodeAt(text, root, finding.path);
    const offset = attribute === undefined ? node.start : offsets.of(node, attribute);
    return { ...finding, ...lines.place(offset), ...(file === undefined ? {} : { file }) };
  });
}

function rootOf(text: string): Node | undefined {
  try {
    return readTree(text, writtenLimits).root;
  } catch (error) {
    if (error instanceof Unreadable) return undefined;
    throw error;
  }
}

/** The last there is of the way. */
function nodeAt(text: string, root: Node, path: string): { node: Node; attribute?: string } {
  let node = root;
  for (const step of path.split('/').slice(2)) {
    if (step.startsWith('@')) return { node, attribute: step.slice(1) };
    const [, name = '', number = '1'] = /^(.*?)(?:\[(\d+)\])?$/.exec(step) ?? [];
    const alike = (node.children ?? []).filter(
      (child) => child.kind === 'element' && (child.name === name || writtenName(text, child) === name),
    );
    const next = alike[Number(number) - 1];
    if (next === undefined) break;
    node = next;
  }
  return { node };
}
