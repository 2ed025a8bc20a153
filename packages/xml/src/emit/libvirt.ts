// libvirt's own normal form: what its inactive dump says of a document, by the notes on the schema's fields.
// SPDX-License-Identifier: Apache-2.0
import { type CompiledElement, compile, type Shape } from '../schema/compile.js';
import type { AnyElement, Field, SlotField } from '../schema/declaration.js';
import type { Extra, Infer } from '../schema/infer.js';
import { normalXml, undeclaredPrefixes } from './normal-xml.js';

type Model = Readonly<Record<string, unknown>>;

/** The model libvirt would have: its defaults filled in, what it does not know or keep left out. */
export function libvirtForm<E extends AnyElement>(element: E, model: Infer<E>): Infer<E> {
  return (formOf(compile(element), model as Model) ?? model) as Infer<E>;
}

function shapeOf(compiled: CompiledElement, model: Model): Shape | undefined {
  const { choice, shape } = compiled;
  return shape ?? choice?.shapes[String(model[choice.attribute] ?? choice.fallback)];
}

/** Undefined for an element that libvirt does not write. */
function formOf(compiled: CompiledElement, given: Model): Model | undefined {
  const { hooks, body } = compiled.element;
  const start = (hooks.libvirt as ((model: Model) => Model) | undefined)?.(given) ?? given;
  const shape = shapeOf(compiled, start);
  if (shape === undefined) return given;
  const result: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(shape.fields) as [string, Field | SlotField][]) {
    if (field.kind === 'slot' || field.since === 'ctvirt' || field.live === true) continue;
    const { assumed } = field;
    const value = start[key] ?? (typeof assumed === 'function' ? assumed(start) : assumed);
    const formed = value === undefined ? undefined : fieldForm(field, value);
    if (formed === undefined) continue;
    result[key] = formed;
    if (field.kind === 'open')
      result.extras = openAttributes(key, formed as readonly string[], given.extras as readonly Extra[]);
  }
  return body.emptyIsUnset === true && Object.keys(result).length === 0 ? undefined : result;
}

/**
 * What an element of somebody's XML has itself. libvirt keeps a copy of it, and libxml2 declares there what the copy uses and
 * something around it declared.
 */
function openAttributes(key: string, content: readonly string[], extras: readonly Extra[] = []): Extra[] {
  const own = extras.filter(({ of, attribute }) => of === key && attribute !== undefined);
  const isDeclaration = ({ attribute = '' }: Extra): boolean => attribute.startsWith('xmlns:');
  const declared = new Set(own.map(({ attribute }) => attribute));
  const around = new Map(
    extras.filter(({ of }) => of === undefined).map((extra) => [extra.attribute, extra] as const),
  );
  const used = new Set(content.flatMap((xml) => [...undeclaredPrefixes(xml)]));
  const inherited = [...used]
    .map((prefix) => `xmlns:${prefix}`)
    .flatMap((name) => (declared.has(name) ? [] : (around.get(name) ?? [])));
  const all = [...own.filter(isDeclaration), ...inherited, ...own.filter((extra) => !isDeclaration(extra))];
  return all.map(({ attribute, value }) => ({ attribute, value, of: key, quote: '"' }));
}

function fieldForm(field: Field, value: unknown): unknown {
  if (field.zeroIsUnset === true && value === 0) return undefined;
  switch (field.kind) {
    case 'child': {
      const own = compile(field.element);
      if (!field.many) return formOf(own, value as Model);
      const list = (value as readonly Model[])
        .map((model) => formOf(own, model))
        .filter((model) => model !== undefined);
      return list.length === 0 ? undefined : list;
    }
    case 'attribute':
    case 'text':
      return field.scalar.normal?.(value) ?? value;
    case 'value': {
      if (field.shape.by === 'flag') return value === true ? true : undefined;
      if (field.many) return (value as readonly unknown[]).length === 0 ? undefined : value;
      if (field.shape.by === 'text' && value === '') return undefined;
      const scalar = 'scalar' in field.shape ? field.shape.scalar : undefined;
      return scalar?.normal?.(value) ?? value;
    }
    case 'open':
      return (value as readonly string[]).map(normalXml);
    default:
      return value;
  }
}
