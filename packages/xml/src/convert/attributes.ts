// The attributes of an element: those it declares are read, the others kept.
// SPDX-License-Identifier: Apache-2.0
import type { Node } from '../read/node.js';
import { shortened, writtenName } from '../read/place.js';
import type { Shape } from '../schema/compile.js';
import type { AnyElement } from '../schema/declaration.js';
import type { Extra, ModelDraft } from '../schema/model.js';
import { type Context, isNamespaceDeclaration } from './context.js';
import { hint } from './findings.js';
import { readScalar, readSize } from './values.js';

/** Reads the declared ones into the model and keeps the others in `extras`; each that is unknown is a finding. */
export function readAttributes(
  context: Context,
  node: Node,
  shape: Shape,
  model: ModelDraft,
  extras: Extra[],
): void {
  const { attributes } = node;
  for (const name in attributes) {
    const value = attributes[name] ?? '';
    const entry = shape.attributes[name];
    if (entry === undefined) {
      if (isNamespaceDeclaration(name)) {
        if (isRedundantDeclaration(node, shape, name, value)) continue;
      } else {
        reportUnknownAttribute(
          context,
          node,
          name,
          Object.keys(shape.attributes),
          shape.element.body.isClosedToAttributes,
        );
      }
      extras.push({ attribute: name, value });
    } else if (entry.field === undefined) {
      if (!isUnitOfSome(node, shape, name)) extras.push({ attribute: name, value });
    } else {
      const { field, key } = entry;
      const read =
        field.kind === 'attribute'
          ? readScalar(context, field.scalar, value, node, name)
          : readSize(context, value, field, { node, attribute: name, unitAttribute: field.unitAttribute });
      if (read !== undefined) model[key] = read;
    }
  }
}

/** A unit is read with its size; one that belongs to none is kept. */
function isUnitOfSome({ attributes }: Node, { unitAfter, attributeOrder }: Shape, name: string): boolean {
  const { keys } = Object.values(unitAfter).find((unit) => unit.name === name) ?? { keys: [] };
  return keys.some((key) => attributes[attributeOrder.find((e) => e.key === key)?.name ?? ''] !== undefined);
}

/** A finding with the nearest of the known names; it is an error where reading is strict. */
export function reportUnknownAttribute(
  { findings, text }: Context,
  node: Node,
  name: string,
  known: readonly string[],
  isClosed = false,
): void {
  const severity = isClosed ? findings.wrong : findings.unknown;
  if (findings.isFull(severity)) return;
  const details = findings.suggest(name, known);
  const found = shortened(name);
  const message = `unknown attribute '${found}' on <${writtenName(text, node)}>${hint(details)}`;
  const expected = known.length === 0 ? 'no attributes' : known.join(', ');
  findings.fault(severity, 'unknown-attribute', node, name, message, { found, expected, ...details });
}

/** The writer declares a known namespace by itself where the element that needs it stands. */
function isRedundantDeclaration(node: Node, shape: Shape, name: string, value: string): boolean {
  if (name === 'xmlns') return value === shape.element.body.namespace?.uri && isAllKnown(node, shape);
  const matches = (namespace: AnyElement['body']['namespace']): boolean =>
    namespace !== undefined && name === `xmlns:${namespace.prefix}` && value === namespace.uri;
  const own = shape.element.body.namespace;
  if (own?.declares === true) return matches(own);
  return (
    node.children?.some((childNode) => {
      const field = shape.children[childNode.name]?.field;
      return field?.kind === 'child' && matches(field.element.body.namespace);
    }) ?? false
  );
}

/** Nothing inside is kept as it stands, and so in need of what is declared around it. */
const isAllKnown = ({ children }: Node, shape: Shape): boolean =>
  (children ?? []).every(
    (node) =>
      node.kind !== 'element' || (shape.children[node.name] !== undefined && node.children === undefined),
  );
