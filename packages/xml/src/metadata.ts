// Elements of <metadata>, which are other programs' own: kept as text, known by their namespace, and shown to clients without it.
// SPDX-License-Identifier: Apache-2.0
import { beancounters } from './domain/beancounters.js';
import { defaultLimits } from './read/node.js';
import { readTree, Unreadable } from './read/tree.js';

/** Prefix and namespace of an element given as XML that declares it itself. */
export function namespaceOf(xml: string): { prefix: string; uri: string } | undefined {
  const [, prefix, attributes = ''] = /^\s*<(?:([^\s:/>]+):)?[^\s/>]+([^>]*)>/.exec(xml) ?? [];
  const declaration = prefix === undefined ? 'xmlns' : `xmlns:${prefix}`;
  const [, , uri] = new RegExp(`(?:^|\\s)${declaration}=(['"])([^'"]*)\\1`).exec(attributes) ?? [];
  return uri === undefined ? undefined : { prefix: prefix ?? '', uri: unescapeText(uri) };
}

type Elements = readonly string[] | undefined;

/** The element of a namespace as clients see it, without the prefix they gave it; undefined if there is none. */
export function metadataElement(elements: Elements, uri: string): string | undefined {
  for (const xml of elements ?? []) {
    const namespace = namespaceOf(xml);
    if (namespace?.uri === uri) return withoutNamespace(xml, namespace.prefix);
  }
  return undefined;
}

/** The attributes of the element of a namespace, without namespaces; undefined if there is none. */
export function metadataAttributes(
  elements: Elements,
  uri: string,
): Readonly<Record<string, string>> | undefined {
  const xml = (elements ?? []).find((one) => namespaceOf(one)?.uri === uri);
  if (xml === undefined) return undefined;
  const { attributes } = readTree(xml).root;
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => !/^xmlns|[:{]/.test(name)));
}

/** The elements with another one of a namespace, or without one; undefined where none is left. */
export function withMetadataElement(
  elements: Elements,
  uri: string,
  element: string | undefined,
): string[] | undefined {
  const others = (elements ?? []).filter((xml) => namespaceOf(xml)?.uri !== uri);
  const all = element === undefined ? others : [...others, element];
  return all.length === 0 ? undefined : all;
}

/** Why a text cannot stand in the metadata: it is no XML, or it is not one element that may be there. */
export interface MetadataFault {
  readonly kind: 'syntax' | 'value';
  readonly message: string;
}

/** A client's element as documents keep it: each name of its own with its prefix, declared at the root. */
export function readMetadataElement(
  xml: string,
  prefix: string,
  uri: string,
): { readonly element: string } | { readonly fault: MetadataFault } {
  const fault = (kind: MetadataFault['kind'], message: string) => ({ fault: { kind, message } });
  if (!/^[A-Za-z_][\w.-]*$/.test(prefix))
    return fault('value', `'${prefix}' cannot be the prefix of a namespace`);
  try {
    const { root, prolog, epilog } = readTree(xml, defaultLimits, 'as written');
    if (prolog.length + epilog.length > 0)
      return fault('value', 'metadata must be one element: there are more');
    const element = withNamespace(xml.slice(root.start, root.end), prefix, uri);
    const more = refused(element);
    return more === undefined ? { element } : { fault: more };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return fault('syntax', error.message);
  }
}

/** As a document would read it: prefixes it does not declare, and what is ours to write. */
function refused(element: string): MetadataFault | undefined {
  try {
    if (readTree(element).root.name !== beancounters.name) return undefined;
    return { kind: 'value', message: `metadata must not be <${beancounters.name}>` };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return { kind: 'value', message: `metadata must be one element: ${error.message}` };
  }
}

/** Names of elements, beside the comments and sections in which something may look like one. */
const tags = /<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<\/?[^\s!?/>]+/g;

function renamed(xml: string, rename: (name: string) => string): string {
  return xml.replace(tags, (tag) =>
    tag.startsWith('<!') ? tag : tag.replace(/[^</]+$/, (name) => rename(name)),
  );
}

function withoutNamespace(xml: string, prefix: string): string {
  const declaration = prefix === '' ? 'xmlns' : `xmlns:${prefix}`;
  const bare = xml.replace(new RegExp(`\\s${declaration}=(['"])[^'"]*\\1`), '');
  return prefix === '' ? bare : renamed(bare, (name) => name.replace(`${prefix}:`, ''));
}

function withNamespace(xml: string, prefix: string, uri: string): string {
  const named = renamed(xml, (name) => (name.includes(':') ? name : `${prefix}:${name}`));
  return named.replace(/^(<[^\s/>]+)/, `$1 xmlns:${prefix}="${escapeText(uri)}"`);
}

const characters = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" } as const;
const unescapeText = (text: string): string =>
  text.replace(/&(amp|lt|gt|quot|apos);/g, (_, name: 'amp') => characters[name]);
const escapeText = (text: string): string =>
  Object.entries(characters).reduce((escaped, [name, one]) => escaped.replaceAll(one, `&${name};`), text);
