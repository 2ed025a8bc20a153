// From keys of a model to the XPath of what says them in the canonical document.
// SPDX-License-Identifier: Apache-2.0
import { type ChildEntry, type CompiledElement, compile, type Shape } from '../schema/compile.js';
import type { ModelPath } from '../schema/report.js';

export type Model = Readonly<Record<string, unknown>>;

export function shapeOf({ shape, choice }: CompiledElement, model: Model): Shape | undefined {
  return shape ?? choice?.shapes[String(model[choice.attribute] ?? choice.fallback)];
}

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
  if (shape?.attributes[entry.name] === entry) return `${base}/@${entry.name}`;
  const { name, element } = entry as ChildEntry;
  const list =
    Array.isArray(value) && entry.field.kind !== 'open' ? (value as readonly unknown[]) : undefined;
  const index = list !== undefined && typeof next === 'number' ? next : 0;
  const step = `${base}/${list === undefined ? name : stepOf(name, index, list.length)}`;
  if (element === undefined) return step;
  const one = (list === undefined ? value : list[index]) as Model | undefined;
  return one === undefined ? base : xpathOf(element, one, step, path.slice(list === undefined ? 1 : 2));
}
