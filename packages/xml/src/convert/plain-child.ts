// A child element that is one value: its text, a size, one attribute, or that it stands there.
// SPDX-License-Identifier: Apache-2.0
import type { Node } from '../read/node.js';
import { writtenName } from '../read/place.js';
import type { ValueField } from '../schema/declaration.js';
import type { Extra } from '../schema/model.js';
import { reportUnknownAttribute } from './attributes.js';
import { type Context, isNamespaceDeclaration, raw } from './context.js';
import { readScalar, readSize } from './values.js';

/** Which field a child is read to; `index` where it is one of a list. */
interface PlainField {
  readonly key: string;
  readonly field: ValueField;
  readonly index: number | undefined;
}

/** The child's value, undefined where it has none that counts; what else it holds goes to `extras`. */
export function readPlainChild(
  context: Context,
  node: Node,
  { key, field, index }: PlainField,
  extras: Extra[],
): unknown {
  const { shape } = field;
  const place = { of: key, ...(index === undefined ? {} : { index }) };
  const own = shape.by === 'attribute' ? shape.attribute : shape.by === 'size' ? 'unit' : undefined;
  for (const name in node.attributes) {
    if (name === own) continue;
    if (!isNamespaceDeclaration(name))
      reportUnknownAttribute(context, node, name, own === undefined ? [] : [own]);
    extras.push({ attribute: name, value: node.attributes[name] ?? '', ...place });
  }
  keepInside(context, node, field, place, extras);
  switch (shape.by) {
    case 'flag':
      return true;
    case 'text':
      // Kept as it stands.
      if (field.blankIsUnset === true && node.text === '' && node.children === undefined) return undefined;
      return readScalar(context, shape.scalar, node.text, node, undefined);
    case 'size':
      return readSize(context, node.text, shape, { node, attribute: undefined, unitAttribute: 'unit' });
    case 'attribute': {
      const given = node.attributes[shape.attribute];
      if (given !== undefined) return readScalar(context, shape.scalar, given, node, shape.attribute);
      if (shape.alone !== undefined) return shape.alone;
      const { expected } = shape.scalar;
      const message = `<${field.name}> needs the attribute '${shape.attribute}'`;
      context.findings.invalid('missing-attribute', node, undefined, message, { expected });
      return undefined;
    }
  }
}

/** Keeps what stands inside besides the value. */
function keepInside(
  context: Context,
  node: Node,
  { shape, name }: ValueField,
  place: Extra,
  extras: Extra[],
): void {
  const { findings, text } = context;
  const hasText = shape.by === 'text' || shape.by === 'size';
  for (const inner of node.children ?? []) {
    if (inner.kind === 'text' && hasText) continue;
    if (inner.kind === 'element' || inner.kind === 'text') {
      const code = inner.kind === 'element' ? 'unknown-element' : 'unexpected-text';
      const what = inner.kind === 'text' ? 'text' : `an element <${writtenName(text, inner)}>`;
      const expected = hasText ? 'only text' : 'nothing inside';
      findings.fault(findings.unknown, code, inner, undefined, `<${name}> holds ${what}`, { expected });
    }
    extras.push({ xml: raw(context, inner), ...place });
  }
}
