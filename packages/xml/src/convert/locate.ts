// From keys of a model back to the node that says them.
// SPDX-License-Identifier: Apache-2.0
import type { Node } from '../read/node.js';
import { type CompiledElement, namesOf } from '../schema/compile.js';
import type { ModelPath } from '../schema/report.js';

/** The node, and the attribute, that a path of the element's model leads to; the last there is of the way. */
export function locate(
  node: Node,
  compiled: CompiledElement,
  path: ModelPath,
): { node: Node; attribute?: string } {
  let at = node;
  let tables = compiled;
  for (let i = 0; i < path.length; i++) {
    const key = path[i];
    if (typeof key !== 'string') continue;
    const variant =
      tables.choice?.isName === true
        ? at.name
        : tables.choice && (at.attributes[tables.choice.attribute] ?? tables.choice.fallback);
    const shape = tables.shape ?? (variant === undefined ? undefined : tables.choice?.shapes[variant]);
    if (key === tables.choice?.attribute) return { node: at, attribute: key };
    const entry = shape?.entryOf[key];
    const lifted = shape?.fields[key];
    if (lifted?.kind === 'lifted') {
      const wrapper = at.child(lifted.from)?.child(lifted.element.name);
      return { node: pick(wrapper, undefined, path[i + 1]) ?? wrapper ?? at };
    }
    if (entry === undefined || !('name' in entry)) return { node: at };
    if (!('element' in entry)) {
      return at.attributes[entry.name] === undefined ? { node: at } : { node: at, attribute: entry.name };
    }
    const names = entry.element === undefined ? [entry.name] : namesOf(entry.element.element);
    const next = pick(at, names, path[i + 1]);
    if (next === undefined) return { node: at };
    at = next;
    if (entry.element === undefined) return { node: at };
    tables = entry.element;
  }
  return { node: at };
}

function pick(
  parent: Node | undefined,
  names: readonly string[] | undefined,
  index: string | number | undefined,
): Node | undefined {
  const alike = parent?.children?.filter(
    (other) => other.kind === 'element' && (names === undefined || names.includes(other.name)),
  );
  return alike?.[typeof index === 'number' ? index : 0];
}
