// Single values: scalars and sizes, and what is said of those that cannot be read.
// SPDX-License-Identifier: Apache-2.0
import type { Node } from '../read/node.js';
import { shortened, writtenName } from '../read/place.js';
import type { Scalar } from '../schema/scalar.js';
import { scaleSize, unitNames } from '../units.js';
import type { Context } from './context.js';
import { hint } from './findings.js';

/** `'unit' of <memory>`, or the element itself. */
function wording({ text }: Context, node: Node, attribute: string | undefined): string {
  const name = writtenName(text, node);
  return attribute === undefined ? `<${name}>` : `'${attribute}' of <${name}>`;
}

/** The value of a text; undefined, with a finding, for one that the scalar does not accept. */
export function readScalar(
  context: Context,
  scalar: Scalar<unknown>,
  value: string,
  node: Node,
  attribute: string | undefined,
): unknown {
  const result = scalar.parse(value);
  if (result !== undefined) return result;
  const { findings } = context;
  const { grammar, expected } = scalar;
  const isNumber = grammar.kind === 'integer' && /^\s*[+-]?\d+\s*$/.test(value);
  const found = shortened(value);
  const details = {
    found,
    expected,
    ...(grammar.kind === 'enum' ? findings.suggest(value, grammar.values) : {}),
  };
  const message = `${wording(context, node, attribute)} is '${found}', expected ${expected}${hint(details)}`;
  findings.invalid(isNumber ? 'out-of-range' : 'bad-value', node, attribute, message, details);
  return undefined;
}

interface SizeField {
  readonly defaultUnit: string;
  readonly unit: 'bytes' | 'KiB';
}

/** Where a size stands: in an attribute or the element's text, its unit in another attribute. */
interface SizePlace {
  readonly node: Node;
  readonly attribute: string | undefined;
  readonly unitAttribute: string;
}

/** A size in the field's own unit, scaled from the unit that stands beside it; undefined, with a finding, for what is none. */
export function readSize(
  context: Context,
  value: string,
  { defaultUnit, unit: to }: SizeField,
  place: SizePlace,
): number | undefined {
  const { node, attribute, unitAttribute } = place;
  // An empty unit says nothing, as in libvirt.
  const unit = node.attributes[unitAttribute] || undefined;
  const result = scaleSize(value, unit ?? defaultUnit, to);
  if (typeof result === 'number') return result;
  const { findings } = context;
  const where = wording(context, node, attribute);
  const found = shortened(value);
  if (result === 'unit') {
    const details = {
      found: shortened(unit ?? ''),
      expected: `one of ${unitNames.join(', ')}`,
      ...findings.suggest(unit ?? '', unitNames),
    };
    const message = `unknown unit '${details.found}' of ${wording(context, node, undefined)}${hint(details)}`;
    findings.invalid('bad-value', node, unitAttribute, message, details);
  } else if (result === 'overflow') {
    const expected = `at most ${Number.MAX_SAFE_INTEGER} ${to}`;
    const message = `${where} is ${found} ${unit ?? defaultUnit}, ${expected}`;
    findings.invalid('out-of-range', node, attribute, message, { found, expected });
  } else {
    const expected = 'a whole number that is not negative';
    const message = `${where} is '${found}', expected ${expected}`;
    findings.invalid('bad-value', node, attribute, message, { found, expected });
  }
  return undefined;
}
