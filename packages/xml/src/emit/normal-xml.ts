// Somebody's XML laid out as libxml2 prints it, which is how libvirt shows metadata.
// SPDX-License-Identifier: Apache-2.0
import type { Node } from '../read/node.js';
import { readTree } from '../read/tree.js';

const text = (value: string): string =>
  value.replace(/[&<>\r]/g, (c) => (c === '&' ? '&amp;' : c === '<' ? '&lt;' : c === '>' ? '&gt;' : '&#13;'));
const attribute = (value: string): string =>
  value.replace(/[&<>"\n\r\t]/g, (c) =>
    c === '&'
      ? '&amp;'
      : c === '<'
        ? '&lt;'
        : c === '>'
          ? '&gt;'
          : c === '"'
            ? '&quot;'
            : `&#${c.charCodeAt(0)};`,
  );

/** Two blanks a level, double quotes; the first line is not indented, the others as children of the metadata are. */
export function normalXml(xml: string): string {
  if (!xml.startsWith('<') || xml.startsWith('<!') || xml.startsWith('<?')) return xml;
  return print(readTree(xml, undefined, 'as written').root, xml, '    ');
}

/** Prefixes that a piece of XML uses and does not declare, in the order of their first use. */
export function undeclaredPrefixes(xml: string): Set<string> {
  const found = new Set<string>();
  if (!xml.startsWith('<') || xml.startsWith('<!') || xml.startsWith('<?')) return found;
  const walk = ({ kind, name, attributes, children = [] }: Node, around: ReadonlySet<string>): void => {
    if (kind !== 'element') return;
    const names = Object.keys(attributes);
    const declared = names.filter((one) => one.startsWith('xmlns:')).map((one) => one.slice(6));
    const known = declared.length === 0 ? around : new Set([...around, ...declared]);
    for (const used of [name, ...names]) {
      const [prefix, local] = used.split(':');
      if (prefix === undefined || local === undefined || prefix === 'xmlns' || prefix === 'xml') continue;
      if (!known.has(prefix)) found.add(prefix);
    }
    for (const child of children) walk(child, known);
  };
  walk(readTree(xml, undefined, 'as written').root, new Set());
  return found;
}

function print(node: Node, source: string, pad: string | undefined): string {
  const { name, kind, children = [] } = node;
  if (kind !== 'element') return kind === 'text' ? text(node.text) : source.slice(node.start, node.end);
  let out = `<${name}`;
  for (const key in node.attributes) out += ` ${key}="${attribute(node.attributes[key] ?? '')}"`;
  if (children.length === 0)
    return node.text.trim() === '' ? `${out}/>` : `${out}>${text(node.text)}</${name}>`;
  const isMixed = children.some((child) => child.kind === 'text');
  if (isMixed || pad === undefined)
    return `${out}>${children.map((child) => print(child, source, undefined)).join('')}</${name}>`;
  const inner = `${pad}  `;
  return `${out}>\n${children.map((child) => `${inner}${print(child, source, inner)}\n`).join('')}${pad}</${name}>`;
}
