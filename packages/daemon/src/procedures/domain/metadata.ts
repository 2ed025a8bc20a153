// Titles, descriptions and metadata of domains.
// SPDX-License-Identifier: Apache-2.0
import { type Domain, metadataElement, readMetadataElement, withMetadataElement } from '@ctvirt/xml';
import { type Bind, domainOf } from '../session.js';
import { affectedBy, askedDocument } from '../words/affect.js';
import { amend } from '../words/parameters.js';
import { refusal } from '../words/refusal.js';
import { metadataTypes as kinds } from './metadata-types.js';

const absent = () => refusal('noDomainMetadata', 'domain', 'Requested metadata element is not present');

/** A client's element, as documents keep it. */
function elementOf(xml: string, prefix: string, uri: string): string {
  const read = readMetadataElement(xml, prefix, uri);
  if ('element' in read) return read.element;
  const { kind, message } = read.fault;
  throw kind === 'syntax'
    ? refusal('xmlDetail', 'domain', `(metadata_xml): ${message}`)
    : refusal('invalidArg', 'none', message);
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
      return (domain: Domain): Domain => ({
        ...domain,
        metadata: withMetadataElement(domain.metadata, uri, element),
      });
    }
    default:
      throw refusal('invalidArg', 'domain', `unknown metadata type ${type}`);
  }
}

/** What is absent is `noDomainMetadata`; an empty text removes what there is. */
export const bindDomainMetadata: Bind = ({ engine }) => ({
  async domainGetMetadata({ dom, type, uri, flags }, { session, name }) {
    const { document } = await askedDocument(engine, domainOf(engine, session, dom), { flags, name });
    if (type === kinds.element) {
      if (uri === null) throw refusal('invalidArg', 'none', 'uri in virDomainGetMetadata must not be NULL');
      const metadata = metadataElement(document.metadata, uri);
      if (metadata === undefined) throw absent();
      return { metadata };
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
