// What emitters go by: every element beneath another once, under a name of its own, with its shapes.
// SPDX-License-Identifier: Apache-2.0
import type { AnyElement, Field, Fields, SlotField } from './declaration.js';

/** One set of fields an element may have; `variant` is the value that selects it. */
export interface ShapeView {
  readonly variant: string | undefined;
  readonly doc: string;
  readonly fields: readonly (readonly [key: string, field: Field])[];
}

const isReal = (entry: [string, Field | SlotField]): entry is [string, Field] => entry[1].kind !== 'slot';
const entries = (fields: Fields): [string, Field][] => Object.entries(fields).filter(isReal);

/** The shapes of an element: one, or one a variant. */
export function shapesOf({ body }: AnyElement): readonly ShapeView[] {
  const { choice, fields, doc } = body;
  if (choice === undefined) return [{ variant: undefined, doc, fields: entries(fields) }];
  return Object.entries(choice.variants).map(([variant, own]) => ({
    variant,
    doc: own.doc,
    fields: entries({ ...fields, ...own.fields }),
  }));
}

/** Fields that every variant has, and those only some have with the variants' names. */
export function commonFields(element: AnyElement): {
  readonly common: readonly (readonly [string, Field])[];
  readonly special: readonly {
    readonly key: string;
    readonly field: Field;
    readonly variants: readonly string[];
  }[];
} {
  const shapes = shapesOf(element);
  const common: (readonly [string, Field])[] = [];
  const special: { key: string; field: Field; variants: string[] }[] = [];
  for (const { variant, fields } of shapes)
    for (const [key, field] of fields) {
      if (shapes.every((shape) => shape.fields.some(([other, same]) => other === key && same === field))) {
        if (!common.some(([known]) => known === key)) common.push([key, field]);
        continue;
      }
      const known = special.find((one) => one.key === key && one.field === field);
      if (known === undefined) special.push({ key, field, variants: [variant ?? ''] });
      else known.variants.push(variant ?? '');
    }
  return { common, special };
}

/** Elements that a field leads to. */
export function elementOf(field: Field): AnyElement | undefined {
  return field.kind === 'child' || field.kind === 'lifted' ? field.element : undefined;
}

/** Every element beneath the root, legacy forms included, each with a name of its own made of the path to it. */
export function nameElements(root: AnyElement): ReadonlyMap<AnyElement, string> {
  const names = new Map<AnyElement, string>();
  const taken = new Set<string>();
  const visit = (element: AnyElement, path: readonly string[]): void => {
    if (names.has(element)) return;
    const own = element.name.replace(':', '-');
    let name = own;
    for (let i = path.length - 1; taken.has(name) && i >= 0; i--) name = `${path[i]}-${name}`;
    for (let n = 2; taken.has(name); n++) name = `${[...path, own].join('-')}-${n}`;
    taken.add(name);
    names.set(element, name);
    const below = [...path, own];
    for (const { fields } of shapesOf(element))
      for (const [, field] of fields) {
        const next = elementOf(field);
        if (next !== undefined) visit(next, below);
      }
    for (const form of element.body.legacy ?? []) visit(form.element, below);
  };
  visit(root, []);
  return names;
}
