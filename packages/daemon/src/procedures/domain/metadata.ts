// Titles, descriptions and metadata of domains.
// SPDX-License-Identifier: Apache-2.0
import { type Domain, namespaceOf, parseDomain } from '@ctvirt/xml';
import { type Bind, domainOf } from '../session.js';
import { affectedBy } from '../words/affect.js';
import { amend } from '../words/parameters.js';
import { refusal } from '../words/refusal.js';
import { metadataTypes as kinds } from './metadata-types.js';

const absent = () => refusal('noDomainMetadata', 'domain', 'Requested metadata element is not present');

const escapeText = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => escapes[character] ?? '');
const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Names of elements, beside the comments and sections in which something may look like one. */
const tags = /<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<\/?[^\s!?/>]+/g;

function renamed(xml: string, rename: (name: string) => string): string {
  return xml.replace(tags, (tag) =>
    tag.startsWith('<!') ? tag : tag.replace(/[^</]+$/, (name) => rename(name)),
  );
}

/** As clients see an element: without the prefix they gave it. */
function withoutNamespace(xml: string, prefix: string): string {
  const declaration = prefix === '' ? 'xmlns' : `xmlns:${prefix}`;
  const bare = xml.replace(new RegExp(`\\s${declaration}=(['"])[^'"]*\\1`), '');
  return prefix === '' ? bare : renamed(bare, (name) => name.replace(`${prefix}:`, ''));
}

/** As documents keep it: each name of the client's with its prefix, declared at the root. */
function withNamespace(xml: string, prefix: string, uri: string): string {
  const named = renamed(xml, (name) => (name.includes(':') ? name : `${prefix}:${name}`));
  return named.replace(/^(\s*<[^\s/>]+)/, `$1 xmlns:${prefix}="${escapeText(uri)}"`);
}

/** An element of a client's, checked by reading a document that has it. */
function elementOf(xml: string, prefix: string, uri: string): string {
  if (!/^[A-Za-z_][\w.-]*$/.test(prefix))
    throw refusal('invalidArg', 'none', `'${prefix}' cannot be the prefix of a namespace`);
  const read = (element: string) =>
    parseDomain(
      `<domain type='lxc'><name>x</name><metadata>${element}</metadata><devices><filesystem type='mount'><source dir='/x'/><target dir='/'/></filesystem></devices></domain>`,
    );
  const broken = read(xml).findings.find(({ code }) => code === 'syntax');
  if (broken !== undefined || !/^\s*</.test(xml))
    throw refusal('xmlDetail', 'domain', `(metadata_xml): ${broken?.message ?? 'not an element'}`);
  const { domain, findings } = read(withNamespace(xml.trim(), prefix, uri));
  const [element, ...more] = domain?.metadata ?? [];
  if (element === undefined || more.length > 0)
    throw refusal(
      'invalidArg',
      'none',
      `metadata must be one element: ${findings[0]?.message ?? 'there are more'}`,
    );
  return element;
}

function edited(domain: Domain, uri: string, element: string | undefined): Domain {
  const others = (domain.metadata ?? []).filter((xml) => namespaceOf(xml)?.uri !== uri);
  const metadata = element === undefined ? others : [...others, element];
  return { ...domain, metadata: metadata.length === 0 ? undefined : metadata };
}

/** What a change makes of a document, by kind. */
function editOf(type: number, text: string | null, key: string | null, uri: string | null) {
  const value = text === null || text === '' ? undefined : text;
  switch (type) {
    case kinds.description:
      return (domain: Domain): Domain => ({ ...domain, description: value });
    case kinds.title:
      if (value?.includes('\n')) throw refusal('invalidArg', 'none', "metadata title can't contain newlines");
      return (domain: Domain): Domain => ({ ...domain, title: value });
    case kinds.element: {
      if (uri === null) throw refusal('invalidArg', 'none', 'uri in virDomainSetMetadata must not be NULL');
      if (value !== undefined && key === null)
        throw refusal('invalidArg', 'none', 'key in virDomainSetMetadata must not be NULL');
      const element = value === undefined ? undefined : elementOf(value, key ?? '', uri);
      return (domain: Domain): Domain => edited(domain, uri, element);
    }
    default:
      throw refusal('invalidArg', 'domain', `unknown metadata type ${type}`);
  }
}

export const bindDomainMetadata: Bind = ({ engine }) => ({
  async domainGetMetadata({ dom, type, uri, flags }, { session, name }) {
    const domain = domainOf(engine, session, dom);
    const { live } = affectedBy(flags, domain, name);
    const document = await engine.document(domain.uuid, { inactive: !live });
    if (type === kinds.element) {
      if (uri === null) throw refusal('invalidArg', 'none', 'uri in virDomainGetMetadata must not be NULL');
      for (const xml of document.metadata ?? []) {
        const namespace = namespaceOf(xml);
        if (namespace?.uri === uri) return { metadata: withoutNamespace(xml, namespace.prefix) };
      }
      throw absent();
    }
    if (type !== kinds.description && type !== kinds.title)
      throw refusal('invalidArg', 'domain', `unknown metadata type ${type}`);
    const metadata = type === kinds.description ? document.description : document.title;
    if (metadata === undefined) throw absent();
    return { metadata };
  },
  async domainSetMetadata({ dom, type, metadata, key, uri, flags }, { session, name }) {
    const domain = domainOf(engine, session, dom);
    const affected = affectedBy(flags, domain, name);
    await amend(engine, domain, affected, editOf(type, metadata, key, uri));
  },
});
