// An element whose content is anybody's: kept as text, but for the children that the schema knows.
// SPDX-License-Identifier: Apache-2.0
import type { Node } from '../read/node.js';
import type { ChildEntry, CompiledElement } from '../schema/compile.js';
import type { Extra, ModelDraft } from '../schema/model.js';
import { type Context, raw } from './context.js';

/** Returns each child as XML; those that the schema knows go to the parent's model, the element's attributes to `extras`. */
export function readOpen(
  context: Context,
  node: Node,
  entry: ChildEntry,
  model: ModelDraft,
  extras: Extra[],
): readonly string[] {
  const entries: string[] = [];
  for (const name in node.attributes)
    extras.push({ attribute: name, value: node.attributes[name] ?? '', of: entry.key });
  const children = node.children ?? [];
  let before: Node | undefined;
  for (const inner of children) {
    const known = entry.lifted[inner.name];
    // The last of several counts, as what is kept as it stands is written first.
    const isCounted = known !== undefined && children.findLast(({ name }) => name === inner.name) === inner;
    const value = isCounted ? convertLifted(context, inner, known.element) : undefined;
    const lifted = known === undefined ? undefined : value?.[known.field.key];
    // Nothing is in it: kept, it would stand beside the one that is written at the next change.
    if (known !== undefined && isEmpty(inner)) continue;
    if (known === undefined || value === undefined || lifted === undefined) {
      if (known !== undefined && !isCounted) {
        const message = `<${inner.name}> follows again and counts`;
        context.findings.fault('warning', 'duplicate-element', inner, undefined, message);
      }
      // Texts between which an element was taken out are one for the next reader.
      const text = inner.kind === 'text' && before?.kind === 'text' ? entries.pop() : undefined;
      entries.push(text === undefined ? raw(context, inner) : `${text} ${raw(context, inner)}`);
      before = inner;
    } else {
      model[known.key] = lifted;
      for (const extra of value.extras ?? []) extras.push({ ...extra, of: known.key });
    }
  }
  return entries;
}

const isEmpty = ({ attributes, children = [], text }: Node): boolean =>
  Object.keys(attributes).every((name) => /^xmlns(:|$)/.test(name)) &&
  children.length === 0 &&
  text.trim() === '';

function convertLifted({ convert, findings }: Context, node: Node, compiled: CompiledElement) {
  const mark = findings.mark();
  const value = convert(node, compiled);
  if (value === undefined) findings.forgive(mark);
  return value;
}
