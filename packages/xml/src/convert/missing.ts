// What a document leaves out: a default takes its place, or it is reported.
// SPDX-License-Identifier: Apache-2.0
import type { FindingCode } from '../finding.js';
import type { Node } from '../read/node.js';
import { writtenName } from '../read/place.js';
import type { AttributeEntry, ChildEntry, Shape, TextEntry } from '../schema/compile.js';
import type { ModelDraft } from '../schema/model.js';
import type { Context } from './context.js';

/** Puts the default of a missing entry into the model, or reports that it is missing. */
export function fill(
  { findings, text, isForeign }: Context,
  node: Node,
  shape: Shape,
  entry: AttributeEntry | ChildEntry | TextEntry,
  model: ModelDraft,
): void {
  const { field, key } = entry;
  if ('fallback' in field && field.fallback !== undefined) {
    const value = field.fallback(model);
    if (value !== undefined) {
      model[key] = value;
      return;
    }
  }
  const name = 'name' in entry ? entry.name : '';
  const isAttribute = 'name' in entry && shape.attributes[name] === entry;
  const stands = isAttribute
    ? node.attributes[name] !== undefined
    : node.children?.some((other) => other.name === name);
  // What stands there but could not be read was reported already, and maybe forgiven.
  if (stands === true && !isForeign) return;
  const own = writtenName(text, node);
  if (isAttribute) {
    const expected = field.kind === 'attribute' ? field.scalar.expected : 'a size';
    const code = missingCode(own, 'missing-attribute');
    const message = `<${own}> needs the attribute '${name}'`;
    findings.invalid(code, node, undefined, message, { expected: `${name}='…', ${expected}` });
  } else if (name !== '') {
    const code = missingCode(name, 'missing-element');
    findings.invalid(code, node, undefined, `<${own}> needs <${name}>`, { expected: `<${name}>` });
  }
}

/** Devices without source or target have codes of their own, as they had errors of their own from the start. */
function missingCode(name: string, otherwise: 'missing-attribute' | 'missing-element'): FindingCode {
  return name === 'source' ? 'missing-source' : name === 'target' ? 'missing-target' : otherwise;
}
