// From keys of a model to the XPath of what says them in the canonical document.
// SPDX-License-Identifier: Apache-2.0
import { type ChildEntry, type CompiledElement, compile, shapeOf, tagOf } from '../schema/compile.js';
import { listOf, type Model, modelOf } from '../schema/model.js';
import type { ModelPath } from '../schema/report.js';

/** `filesystem`, or `filesystem[2]` of several; for each element of a list, which those of a name count by themselves. */
export function stepsOf(entry: ChildEntry, list: readonly unknown[]): readonly string[] {
  const { element, name } = entry;
  const tags = list.map((one) => (element === undefined ? name : tagOf(element, modelOf(one))));
  const all = new Map<string, number>();
  for (const tag of tags) all.set(tag, (all.get(tag) ?? 0) + 1);
  const seen = new Map<string, number>();
  return tags.map((tag) => {
    const at = (seen.get(tag) ?? 0) + 1;
    seen.set(tag, at);
    return (all.get(tag) ?? 0) > 1 ? `${tag}[${at}]` : tag;
  });
}

/** As far as the model goes along. */
export function xpathOf(compiled: CompiledElement, model: Model, base: string, path: ModelPath): string {
  const [key, next] = path;
  if (typeof key !== 'string') return base;
  const shape = shapeOf(compiled, model);
  const field = shape?.fields[key];
  if (key === compiled.choice?.attribute) return compiled.choice.isName ? base : `${base}/@${key}`;
  const value = model[key];
  if (field?.kind === 'lifted') {
    const entry = shapeOf(compile(field.element), {})?.entryOf[field.key];
    const within = `${base}/${field.from}/${field.element.name}`;
    return entry !== undefined && 'name' in entry && Array.isArray(value) && typeof next === 'number'
      ? `${within}/${entry.name}${value.length > 1 ? `[${next + 1}]` : ''}`
      : within;
  }
  const entry = shape?.entryOf[key];
  if (entry === undefined || !('name' in entry) || value === undefined) return base;
  if (!('element' in entry)) return `${base}/@${entry.name}`;
  const { element, field: own } = entry;
  const list = own.kind !== 'open' && own.many ? listOf(value) : undefined;
  const index = list !== undefined && typeof next === 'number' ? next : 0;
  const step = `${base}/${own.kind === 'open' ? entry.name : stepsOf(entry, list ?? [value])[index]}`;
  if (element === undefined) return step;
  const one = list === undefined ? value : list[index];
  return one === undefined
    ? base
    : xpathOf(element, modelOf(one), step, path.slice(list === undefined ? 1 : 2));
}
