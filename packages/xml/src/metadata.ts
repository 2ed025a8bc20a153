// Elements of <metadata>, which are other programs' own: kept as text, known by their namespace.
// SPDX-License-Identifier: Apache-2.0

/** Prefix and namespace of an element given as XML that declares it itself. */
export function namespaceOf(xml: string): { prefix: string; uri: string } | undefined {
  const [, prefix, attributes = ''] = /^\s*<(?:([^\s:/>]+):)?[^\s/>]+([^>]*)>/.exec(xml) ?? [];
  const declaration = prefix === undefined ? 'xmlns' : `xmlns:${prefix}`;
  const [, , uri] = new RegExp(`(?:^|\\s)${declaration}=(['"])([^'"]*)\\1`).exec(attributes) ?? [];
  return uri === undefined ? undefined : { prefix: prefix ?? '', uri: unescapeText(uri) };
}

const unescapeText = (text: string): string =>
  text.replace(/&(amp|lt|gt|quot|apos);/g, (_, name: 'amp') => characters[name]);
const characters = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" } as const;
