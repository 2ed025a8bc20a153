// The children of an element: those it declares are read, the others kept in their places.
// SPDX-License-Identifier: Apache-2.0
import type { Node } from '../read/node.js';
import { writtenName } from '../read/place.js';
import type { ChildEntry, CompiledElement, Shape } from '../schema/compile.js';
import { type Extra, listOf, type ModelDraft } from '../schema/model.js';
import { type Context, raw } from './context.js';
import { hint } from './findings.js';
import { readOpen } from './open.js';
import { readPlainChild } from './plain-child.js';

/** Reads the declared ones into the model; unknown ones, and those that could not be read, go to `extras` in their places. */
export function readChildren(
  context: Context,
  node: Node,
  shape: Shape,
  model: ModelDraft,
  extras: Extra[],
): void {
  /** Extras that wait for the known child they stand before. */
  let waiting: string[] | undefined;
  for (const childNode of node.children ?? []) {
    const entry = childNode.kind === 'element' ? shape.children[childNode.name] : undefined;
    let kept = entry === undefined;
    if (entry === undefined) {
      if (childNode.kind === 'text' && shape.text !== undefined) continue;
      reportUnknown(context, childNode, node, shape);
    } else {
      kept = !readChild(context, childNode, entry, model, extras);
    }
    if (kept && entry !== undefined && !isList(entry)) {
      // One that does not count stays behind the one that does, or the next reader would take it for that.
      for (const xml of waiting ?? []) extras.push(behind(entry, shape, xml));
      waiting = undefined;
      extras.push(behind(entry, shape, raw(context, childNode)));
    } else if (kept) {
      (waiting ??= []).push(raw(context, childNode));
    } else if (waiting !== undefined && entry !== undefined) {
      const index = isList(entry) ? listOf(model[entry.key]).length - 1 : undefined;
      for (const xml of waiting)
        extras.push(index === undefined ? { xml, before: entry.key } : { xml, before: entry.key, index });
      waiting = undefined;
    }
  }
  if (waiting !== undefined) for (const xml of waiting) extras.push({ xml });
}

/** False when the child is to be kept as it stands. */
function readChild(
  context: Context,
  childNode: Node,
  entry: ChildEntry,
  model: ModelDraft,
  extras: Extra[],
): boolean {
  const { findings } = context;
  const { field, key, element } = entry;
  const there = model[key];
  const mark = findings.mark();
  if (there !== undefined && !isList(entry)) {
    const isNamed = element?.choice?.isName === true;
    const name = isNamed ? writtenName(context.text, childNode) : entry.name;
    const message = isNamed ? `<${name}> stands beside another` : `<${name}> stands a second time`;
    const expected = isNamed ? 'one of them' : `one <${name}>`;
    findings.invalid('duplicate-element', childNode, undefined, message, { expected });
    findings.forgive(mark);
    return false;
  }
  if (element !== undefined && isBlank(childNode, element)) return false;
  const extrasBefore = extras.length;
  const list: unknown[] | undefined = isList(entry) ? (Array.isArray(there) ? there : []) : undefined;
  const value =
    element !== undefined
      ? context.convert(childNode, element)
      : field.kind === 'open'
        ? readOpen(context, childNode, entry, model, extras)
        : readPlainChild(context, childNode, { key, field, index: list?.length }, extras);
  if (value === undefined || findings.isSpoilt(mark)) {
    extras.length = extrasBefore;
    findings.forgive(mark);
    return false;
  }
  if (field.kind === 'open' && listOf(value).length === 0 && hasLifted(entry, model)) return true;
  if (list === undefined) {
    model[key] = value;
  } else {
    list.push(value);
    model[key] = list;
  }
  return true;
}

function reportUnknown({ findings, text }: Context, childNode: Node, node: Node, shape: Shape): void {
  const isClosed = childNode.kind === 'element' && shape.element.body.isClosed === true;
  const severity = isClosed ? findings.wrong : findings.unknown;
  if (findings.isFull(severity)) return;
  const parent = writtenName(text, node);
  if (childNode.kind === 'element') {
    const known = Object.keys(shape.children);
    const details = findings.suggest(childNode.name, known);
    const found = writtenName(text, childNode);
    const expected = known.length === 0 ? 'no elements' : known.map((word) => `<${word}>`).join(', ');
    const message = `unknown element <${found}> in <${parent}>${hint(details)}`;
    const all = { found, expected, ...details };
    findings.fault(severity, 'unknown-element', childNode, undefined, message, all);
  } else if (childNode.kind === 'text') {
    const found = childNode.text.trim().slice(0, 60);
    const message = `text in <${parent}>, which holds only elements`;
    findings.fault(severity, 'unexpected-text', childNode, undefined, message, { found });
  }
}

/** An element that says nothing, of a kind that libvirt takes then as absent, where what it needs would be missed. */
function isBlank({ attributes, children }: Node, { element, shape }: CompiledElement): boolean {
  if (element.body.emptyIsUnset !== true || children !== undefined) return false;
  for (const _ in attributes) return false;
  return shape?.mandatory.some(({ field }) => field.mandatory) === true;
}

const hasLifted = (entry: ChildEntry, model: ModelDraft): boolean =>
  Object.values(entry.lifted).some(({ key }) => model[key] !== undefined);

const isList = ({ field }: ChildEntry): boolean => field.kind !== 'open' && field.many;

/** What is to be written right after a known child: before the one that follows it, if one does. */
function behind(entry: ChildEntry, { childOrder }: Shape, xml: string): Extra {
  const next = childOrder[childOrder.indexOf(entry) + 1];
  return next === undefined ? { xml } : { xml, before: next.key };
}
