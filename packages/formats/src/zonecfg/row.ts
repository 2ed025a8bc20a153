// What reading and writing a zone have in common: where notes stand, how values are quoted.
// SPDX-License-Identifier: Apache-2.0
import type { Domain } from '@ctvirt/xml';
import { withAnother } from '../beancounters.js';
import { FormatError } from '../errors.js';
import { noted, type Outcome } from '../outcome.js';
import type { ZoneProperty, ZoneResource, ZoneValue } from './parse.js';

/** Global properties are kept as `zonecfg.set.NAME`, resources as `zonecfg.add.TYPE` with their commands. */
export const notePrefix = 'zonecfg.';

/** A value in zonecfg's syntax; throws `unwritable` for what no quotes can hold. */
export function quote(text: string): string {
  if (/["\n\r\0]/.test(text))
    throw new FormatError('unwritable', `zonecfg cannot hold ${JSON.stringify(text.slice(0, 40))}`);
  return text === '' || /[\s;=[\](),#]/.test(text) ? `"${text}"` : text;
}

/** A value as it would be written. */
export function formatValue(value: ZoneValue): string {
  if (value.kind === 'simple') return quote(value.raw ?? value.text);
  if (value.kind === 'list') return `[${value.items.map(formatValue).join(',')}]`;
  return `(${[...value.fields].map(([name, text]) => `${name}=${quote(text)}`).join(',')})`;
}

/** The text of a simple value. */
export const textOf = (value: ZoneValue | undefined): string | undefined =>
  value?.kind === 'simple' ? value.text : undefined;

/** A property's text in a resource. */
export const property = (resource: ZoneResource, name: string): string | undefined =>
  textOf(resource.properties.find((one) => one.name === name)?.value);

/** All texts of a list property. */
export const listOf = (resource: ZoneResource, name: string): string[] =>
  resource.properties.flatMap((one) => (one.name === name ? (textOf(one.value) ?? []) : []));

/** Properties that may have several values, by resource; of a resource that is none of these each stays as it was given. */
const listProperties: Readonly<Record<string, readonly string[]>> = {
  fs: ['options'],
  net: ['property'],
  device: ['property'],
  rctl: ['value'],
  attr: [],
  dataset: [],
  'inherit-pkg-dir': [],
  'dedicated-cpu': [],
  'capped-cpu': [],
  'capped-memory': [],
};

/** The commands that make the resource. */
export function commandsOf({ type, properties }: ZoneResource): string {
  const lists = Object.hasOwn(listProperties, type) ? listProperties[type] : undefined;
  const lines = properties.map(({ name, value, isAdded }) =>
    (lists?.includes(name) ?? isAdded)
      ? `add ${name} ${formatValue(value)}`
      : `set ${name}=${formatValue(value)}`,
  );
  return [`add ${type}`, ...lines, 'end'].join('\n');
}

/** Tokens of Solaris 11 in a value: the zone's name in its place; what only its host knows stays. */
export function withTokens<P extends ZoneProperty>(property: P, zoneName: string): P {
  const { value } = property;
  if (value.kind !== 'simple' || !value.text.includes('%')) return property;
  const text = value.text.replace(/%(?:\{zonename\}|%)/g, (token) => (token === '%%' ? '%' : zoneName));
  return text === value.text ? property : { ...property, value: { kind: 'simple', text, raw: value.text } };
}

/** Whether a value has a token that nothing here can replace. */
export const hasToken = ({ value }: ZoneProperty): boolean =>
  value.kind === 'simple' && /%\{[a-z-]+\}/.test(value.text);
/** What a report says of a value that `hasToken`. */
export const tokenWhy = 'it has a token in it that only its host knows; kept by its name';

/** Keeps a global property by its name, and says why nothing comes of it. */
export const noteProperty = (domain: Domain, { name, value }: ZoneProperty, why: string): Outcome =>
  noted(withAnother(domain, `${notePrefix}set.${name}`, valueText(value)), why);

/** Keeps a resource with its commands. */
export const noteResource = (domain: Domain, resource: ZoneResource, why: string): Outcome =>
  noted(withAnother(domain, `${notePrefix}add.${resource.type}`, commandsText(resource)), why);

/** Parsed text holds nothing that quotes cannot, but for a quote in a value that ran to its line's end. */
function valueText(value: ZoneValue): string {
  return withoutThrow(() => formatValue(value));
}
function commandsText(resource: ZoneResource): string {
  return withoutThrow(() => commandsOf(resource));
}
function withoutThrow(make: () => string): string {
  try {
    return make();
  } catch (error) {
    if (error instanceof FormatError) return '';
    throw error;
  }
}
