// From keys of a model to the XPath of what says them in the canonical document.
// SPDX-License-Identifier: Apache-2.0
import { type CompiledElement, compile, shapeOf } from '../schema/compile.js';
import { listOf, type Model, modelOf } from '../schema/model.js';
import type { ModelPath } from '../schema/report.js';

/** `filesystem`, or `filesystem[2]` of several. */
export const stepOf = (name: string, index: number, length: number): string =>
  length > 1 ? `${name}[${index + 1}]` : name;

/** As far as the model goes along. */
export function xpathOf(compiled: CompiledElement, model: Model, base: string, path: ModelPath): string {
  const [key, next] = path;
  if (typeof key !== 'string') return base;
  const shape = shapeOf(compiled, model);
  const field = shape?.fields[key];
  if (key === compiled.choice?.attribute) return `${base}/@${key}`;
  const value = model[key];
  if (field?.kind === 'lifted') {
    const entry = shapeOf(compile(field.element), {})?.entryOf[field.key];
    const within = `${base}/${field.from}/${field.element.name}`;
    return entry !== undefined && 'name' in entry && Array.isArray(value) && typeof next === 'number'
      ? `${within}/${stepOf(entry.name, next, value.length)}`
      : within;
  }
  const entry = shape?.entryOf[key];
  if (entry === undefined || !('name' in entry) || value === undefined) return base;
  if (!('element' in entry)) return `${base}/@${entry.name}`;
  const { name, element, field: own } = entry;
  const list = own.kind !== 'open' && own.many ? listOf(value) : undefined;
  const index = list !== undefined && typeof next === 'number' ? next : 0;
  const step = `${base}/${list === undefined ? name : stepOf(name, index, list.length)}`;
  if (element === undefined) return step;
  const one = list === undefined ? value : list[index];
  return one === undefined
    ? base
    : xpathOf(element, modelOf(one), step, path.slice(list === undefined ? 1 : 2));
}
