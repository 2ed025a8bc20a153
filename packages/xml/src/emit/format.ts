// From a model to XML text in libvirt's style, by an element's tables.
// SPDX-License-Identifier: Apache-2.0

import { epilogAnchor, prologAnchor } from '../schema/anchors.js';
import {
  type AttributeEntry,
  type ChildEntry,
  type CompiledElement,
  compile,
  type Lookup,
  type Placed,
  type Shape,
  shapeOf,
  tagOf,
} from '../schema/compile.js';
import type { AnyElement } from '../schema/declaration.js';
import type { Infer } from '../schema/infer.js';
import { type Extra, listOf, type Model, modelOf, piecesOf } from '../schema/model.js';
import { escapeAttribute, escapeText } from './escape.js';

/** Writes a model as a document of its own, ending in a line break. */
export function formatElement<E extends AnyElement>(element: E, model: Infer<E>): string {
  const data: Model = model;
  const { extras } = data;
  const outside = (anchor: string) =>
    extras === undefined
      ? ''
      : extras.map((extra) => (extra.before === anchor ? `${extra.xml ?? ''}\n` : '')).join('');
  return outside(prologAnchor) + writeElement(compile(element), data, '', true) + outside(epilogAnchor);
}

function knownShapeOf(compiled: CompiledElement, model: Model): Shape {
  const shape = shapeOf(compiled, model);
  if (shape !== undefined) return shape;
  const { name, choice } = compiled;
  const variant = choice && (model[choice.attribute] ?? choice.fallback);
  throw new TypeError(`<${name}> has no variant '${String(variant)}'`);
}

const pads: string[] = [''];

/** White space one level deeper. */
const deeper = (pad: string): string => (pads[pad.length / 2 + 1] ??= `${pad}  `);

/** What a model has of some places, in the order of writing: where an element may hold thirty things, most hold three. */
function present<T>(places: Lookup<Placed<T>>, model: Model): readonly Placed<T>[] {
  const found: Placed<T>[] = [];
  for (const key in model) {
    const place = places[key];
    if (place === undefined) continue;
    let at = found.length;
    while (at > 0 && (found[at - 1]?.at ?? 0) > place.at) at--;
    // Two keys may be written as one element.
    if (at > 0 && found[at - 1] === place) continue;
    if (at === found.length) found.push(place);
    else found.splice(at, 0, place);
  }
  return found;
}

function writeElement(compiled: CompiledElement, given: Model, pad: string, isRoot = false): string {
  const shape = knownShapeOf(compiled, given);
  const model = shape.complete === undefined ? given : shape.complete(given);
  const { extras } = model;
  const tag = tagOf(compiled, model);
  let out = `${pad}<${tag}${writeAttributes(shape, model, extras, isRoot)}`;
  const inner =
    shape.childOrder.length > 0 || extras !== undefined
      ? writeChildren(shape, model, extras, deeper(pad))
      : '';
  if (shape.text !== undefined) {
    const value = model[shape.text.key];
    const text = value === undefined ? '' : escapeText(shape.text.field.scalar.format(value));
    out += text === '' && inner === '' ? '/>\n' : `>${text}${inner}</${tag}>\n`;
  } else {
    const { hasBothTags, isSpaced } = shape.element.body;
    const end = `${isSpaced === true ? '\n' : ''}${pad}</${tag}>\n`;
    out += inner === '' && hasBothTags !== true ? '/>\n' : `>\n${inner}${end}`;
  }
  return out;
}

function writeAttributes(
  shape: Shape,
  model: Model,
  extras: readonly Extra[] | undefined,
  isRoot: boolean,
): string {
  let out = '';
  const { namespace, declaresFirst } = shape.element.body;
  let declared = namespace !== undefined && (namespace.declares || isRoot) ? declare(namespace) : '';
  for (const { key, uses } of shape.namespaceUses) if (model[key] !== undefined) declared += declare(uses);
  if (declaresFirst === true) out += declared;
  if (shape.hasUnits) {
    for (const entry of shape.attributeOrder) {
      out += writeAttribute(entry, model);
      const unit = shape.unitAfter[entry.key];
      if (unit?.keys.some((sized) => model[sized] !== undefined)) out += ` ${unit.name}='${unit.unit}'`;
    }
  } else if (shape.attributeOrder.length > 0) {
    for (const { entry } of present(shape.attributePlaces, model)) out += writeAttribute(entry, model);
  }
  if (declaresFirst !== true) out += declared;
  if (extras === undefined) return out;
  // An attribute may stand once: one the schema wrote wins over one that was preserved.
  const written = new Set(Array.from(out.matchAll(/ ([^\s=']+)='[^']*'/g), ([, name]) => name));
  for (const { attribute, of, value } of extras) {
    if (attribute === undefined || of !== undefined || written.has(attribute)) continue;
    written.add(attribute);
    out += ` ${attribute}='${escapeAttribute(value ?? '')}'`;
  }
  return out;
}

function writeAttribute({ key, name, field }: AttributeEntry, model: Model): string {
  const value = model[key];
  if (value === undefined) return '';
  const text = field.kind === 'attribute' ? field.scalar.format(value) : String(value);
  return ` ${name}='${escapeAttribute(text)}'`;
}

const declare = ({ prefix, uri }: { prefix: string; uri: string }): string => ` xmlns:${prefix}='${uri}'`;

type ByPlace = ReadonlyMap<string, ReadonlyMap<number, readonly Extra[]>>;

/** Extras by the key of the child they belong to, and its number where it is a list. */
function byPlace(extras: readonly Extra[], place: 'before' | 'of'): ByPlace {
  const result = new Map<string, Map<number, Extra[]>>();
  for (const extra of extras) {
    const key = extra[place];
    if (key === undefined || (place === 'before' && (extra.xml === undefined || extra.of !== undefined)))
      continue;
    let places = result.get(key);
    if (places === undefined) result.set(key, (places = new Map()));
    const index = extra.index ?? 0;
    const there = places.get(index);
    if (there === undefined) places.set(index, [extra]);
    else there.push(extra);
  }
  return result;
}

function writeChildren(
  shape: Shape,
  model: Model,
  extras: readonly Extra[] | undefined,
  pad: string,
): string {
  if (extras !== undefined) return writeAmong(shape, model, extras, pad);
  let out = '';
  const lead = shape.element.body.isSpaced === true ? '\n' : '';
  for (const { entry } of present(shape.childPlaces, model)) {
    const { key, field } = entry;
    const value = model[key];
    if (value === undefined && field.kind !== 'open') continue;
    const list = field.kind === 'open' || !field.many ? [value] : listOf(value);
    for (const one of list) out += lead + writeChild(entry, one, model, undefined, pad);
  }
  return out;
}

/** Children with what was kept before and between them. */
function writeAmong(shape: Shape, model: Model, extras: readonly Extra[], pad: string): string {
  const { childOrder } = shape;
  let out = '';
  const line = shape.text === undefined ? (xml: string) => `${pad}${xml}\n` : (xml: string) => xml;
  const lines = (kept: readonly Extra[] | undefined): void => {
    for (const { xml } of kept ?? []) out += line(xml ?? '');
  };
  const before = byPlace(extras, 'before');
  const inside = byPlace(extras, 'of');
  for (const entry of childOrder) {
    const { key, field } = entry;
    const value = model[key];
    const kept = before.get(key);
    if (value !== undefined && field.kind !== 'open' && field.many) {
      const list = listOf(value);
      for (let index = 0; index < list.length; index++) {
        lines(kept?.get(index));
        out += writeChild(entry, list[index], model, inside.get(key)?.get(index), pad);
      }
      for (const [index, late] of kept ?? []) if (index >= list.length) lines(late);
      continue;
    }
    if (kept !== undefined) for (const some of kept.values()) lines(some);
    if (value !== undefined || (field.kind === 'open' && hasLifted(entry, model)))
      out += writeChild(entry, value, model, inside.get(key)?.get(0), pad);
  }
  for (const { xml, of, before: anchor } of extras) {
    if (xml === undefined || of !== undefined || anchor === prologAnchor || anchor === epilogAnchor) continue;
    if (anchor === undefined || !(anchor in shape.entryOf)) out += line(xml);
  }
  return out;
}

/** What a lifted element held besides is kept by its parent. */
function liftedExtras(model: Model, key: string): readonly Extra[] | undefined {
  const extras = model.extras?.filter(({ of }) => of === key);
  return extras === undefined || extras.length === 0 ? undefined : extras.map(({ of: _, ...extra }) => extra);
}

/** A list without members is not written: another one would stand beside it at the next change. */
const isWritten = (lifted: unknown): boolean =>
  lifted !== undefined && !(Array.isArray(lifted) && lifted.length === 0);

const hasLifted = (entry: ChildEntry, model: Model): boolean =>
  Object.values(entry.lifted).some(({ key }) => isWritten(model[key]));

function writeChild(
  entry: ChildEntry,
  value: unknown,
  model: Model,
  extras: readonly Extra[] | undefined,
  pad: string,
): string {
  if (entry.element !== undefined) return writeElement(entry.element, modelOf(value), pad);
  const { field, name } = entry;
  let attributes = '';
  let content = '';
  if (field.kind === 'open') {
    for (const xml of piecesOf(value)) content += `${pad}  ${xml}\n`;
    for (const { key, field: own, element } of Object.values(entry.lifted)) {
      const lifted = model[key];
      if (isWritten(lifted))
        content += writeElement(element, { [own.key]: lifted, extras: liftedExtras(model, key) }, `${pad}  `);
    }
    if (content !== '') content = `\n${content}${pad}`;
  } else {
    const { shape } = field;
    if (shape.by === 'flag' && value === false) return '';
    if (shape.by === 'text') content = escapeText(shape.scalar.format(value));
    else if (shape.by === 'attribute')
      attributes = ` ${shape.attribute}='${escapeAttribute(shape.scalar.format(value))}'`;
    else if (shape.by === 'size') {
      attributes = ` unit='${shape.unit}'`;
      content = String(value);
    }
  }
  for (const extra of extras ?? []) {
    const { attribute: kept, value: text = '', quote = "'" } = extra;
    if (kept !== undefined) attributes += ` ${kept}=${quote}${escapeAttribute(text)}${quote}`;
    else content += extra.xml ?? '';
  }
  return content === ''
    ? `${pad}<${name}${attributes}/>\n`
    : `${pad}<${name}${attributes}>${content}</${name}>\n`;
}
