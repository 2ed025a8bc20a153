// Older forms of elements: checked against their own declarations, then rewritten to the present form.
// SPDX-License-Identifier: Apache-2.0
import type { Node } from '../read/node.js';
import { type CompiledElement, compile } from '../schema/compile.js';
import type { Context } from './context.js';

/** Rewrites the children that have an older form; one with faults is taken away, or left as it is in a foreign document. */
export function rewriteLegacy(
  { convert, findings, isForeign }: Context,
  node: Node,
  table: NonNullable<CompiledElement['legacy']>,
): void {
  const { children } = node;
  if (children === undefined || !children.some((childNode) => table[childNode.name] !== undefined)) return;
  for (const childNode of [...children]) {
    const form = table[childNode.name]?.find(({ when }) => when === undefined || when(childNode));
    if (form === undefined) continue;
    const mark = findings.mark();
    if (form.moves !== true) convert(childNode, compile(form.element));
    if (!findings.isSpoilt(mark)) form.rewrite(childNode, node);
    else if (!isForeign) node.replaceChild(childNode);
    else findings.forgive(mark);
  }
  node.settle();
}
