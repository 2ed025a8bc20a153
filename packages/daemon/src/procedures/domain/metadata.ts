// Titles, descriptions and metadata of domains.
// SPDX-License-Identifier: Apache-2.0
import type { Domain } from '@ctvirt/xml';
import { type Bind, domainOf } from '../session.js';
import { affectedBy, askedDocument } from '../words/affect.js';
import { metadataEdit, readMetadata } from '../words/metadata.js';
import { amend } from '../words/parameters.js';

const errors = { domain: 'domain', absent: 'noDomainMetadata' } as const;

/** What is absent is `noDomainMetadata`; an empty text removes what there is. */
export const bindDomainMetadata: Bind = ({ engine }) => ({
  async domainGetMetadata({ dom, type, uri, flags }, { session, name }) {
    const { document } = await askedDocument(engine, domainOf(engine, session, dom), { flags, name });
    return { metadata: readMetadata(document, { type, uri, procedure: name }, errors) };
  },
  async domainSetMetadata({ dom, type, metadata, key, uri, flags }, { session, name }) {
    const domain = domainOf(engine, session, dom);
    const affected = affectedBy(flags, domain, name);
    const edit = metadataEdit<Domain>({ type, uri, procedure: name }, { text: metadata, key }, errors);
    await amend(engine, domain, affected, edit);
  },
});
