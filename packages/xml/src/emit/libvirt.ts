// libvirt's own normal form: what its inactive dump says of a document, by the notes on the schema's fields.
// SPDX-License-Identifier: Apache-2.0
import { type CompiledElement, compile, shapeOf } from '../schema/compile.js';
import type { AnyElement, Field } from '../schema/declaration.js';
import type { Infer } from '../schema/infer.js';
import { type Extra, listOf, type Model, type ModelDraft, modelOf, piecesOf } from '../schema/model.js';
import { normalXml, undeclaredPrefixes } from './normal-xml.js';

/** The model libvirt would have: its defaults filled in, what it does not know or keep left out. */
export function libvirtForm<E extends AnyElement>(element: E, model: Infer<E>): Infer<E> {
  // Made by the element's own tables.
  return (formOf(compile(element), model) ?? model) as Infer<E>;
}

/** Undefined for an element that libvirt does not write. */
function formOf(compiled: CompiledElement, given: Model): Model | undefined {
  const { hooks, body } = compiled.element;
  const start = hooks.libvirt?.(given) ?? given;
  const shape = shapeOf(compiled, start);
  if (shape === undefined) return given;
  const result: ModelDraft = {};
  const { choice } = compiled;
  if (choice?.isName === true) result[choice.attribute] = start[choice.attribute];
  for (const [key, field] of Object.entries(shape.fields)) {
    if (field.kind === 'slot' || field.since === 'ctvirt' || field.live === true) continue;
    const { assumed } = field;
    const value = start[key] ?? (typeof assumed === 'function' ? assumed(start) : assumed);
    const formed = value === undefined ? undefined : fieldForm(field, value);
    if (formed === undefined) continue;
    result[key] = formed;
    if (field.kind === 'open') result.extras = openAttributes(key, piecesOf(formed), given.extras);
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
      if (!field.many) return formOf(own, modelOf(value));
      const list = listOf(value)
        .map((model) => formOf(own, modelOf(model)))
        .filter((model) => model !== undefined);
      return list.length === 0 ? undefined : list;
    }
    case 'attribute':
    case 'text':
      return field.scalar.normal?.(value) ?? value;
    case 'value': {
      if (field.shape.by === 'flag') return value === true ? true : undefined;
      if (field.many) return listOf(value).length === 0 ? undefined : value;
      if (field.shape.by === 'text' && value === '') return undefined;
      const scalar = 'scalar' in field.shape ? field.shape.scalar : undefined;
      return scalar?.normal?.(value) ?? value;
    }
    case 'open':
      return piecesOf(value).map(normalXml);
    default:
      return value;
  }
}
