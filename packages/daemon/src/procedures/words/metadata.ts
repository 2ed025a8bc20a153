// Titles, descriptions and metadata of whatever has them, by the numbers and in the words of libvirt.
// SPDX-License-Identifier: Apache-2.0
import { functionName, type RpcError } from '@ctvirt/rpc';
import { metadataElement, readMetadataElement, withMetadataElement } from '@ctvirt/xml';
import { metadataTypes as kinds } from './metadata-types.js';
import { type ErrorDomainName, type ErrorName, refusal } from './refusal.js';

/** What a document may say for people and for other programs. */
interface Described {
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly metadata?: readonly string[] | undefined;
}

/** How refusals of one kind of object are numbered: where they come from, and what is absent. */
export interface MetadataErrors {
  readonly domain: ErrorDomainName;
  readonly absent: ErrorName;
}

/** A client's words for one of them; `procedure` is the call that brought them. */
export interface AskedMetadata {
  readonly type: number;
  readonly uri: string | null;
  readonly procedure: string;
}

const refuseArgument = (message: string): RpcError => refusal('invalidArg', 'none', message);
const missing = (argument: string, procedure: string): RpcError =>
  refuseArgument(`${argument} in ${functionName(procedure)} must not be NULL`);
const unknownType = (type: number, { domain }: MetadataErrors): RpcError =>
  refusal('invalidArg', domain, `unknown metadata type ${type}`);

/** What a document says; what is absent is refused. */
export function readMetadata(
  document: Described,
  { type, uri, procedure }: AskedMetadata,
  errors: MetadataErrors,
): string {
  const found = (() => {
    switch (type) {
      case kinds.description:
        return document.description;
      case kinds.title:
        return document.title;
      case kinds.element:
        if (uri === null) throw missing('uri', procedure);
        return metadataElement(document.metadata, uri);
      default:
        throw unknownType(type, errors);
    }
  })();
  if (found === undefined)
    throw refusal(errors.absent, errors.domain, 'Requested metadata element is not present');
  return found;
}

/** A client's element, as documents keep it. */
function elementOf(xml: string, prefix: string, uri: string, { domain }: MetadataErrors): string {
  const read = readMetadataElement(xml, prefix, uri);
  if ('element' in read) return read.element;
  const { kind, message } = read.fault;
  throw kind === 'syntax'
    ? refusal('xmlDetail', domain, `(metadata_xml): ${message}`)
    : refuseArgument(message);
}

/** What a change makes of a document, by kind; an empty text removes what there is. */
export function metadataEdit<D extends Described>(
  { type, uri, procedure }: AskedMetadata,
  given: { readonly text: string | null; readonly key: string | null },
  errors: MetadataErrors,
): (document: D) => D {
  const { key } = given;
  const value = given.text === null || given.text === '' ? undefined : given.text;
  switch (type) {
    case kinds.description:
      return (document) => ({ ...document, description: value });
    case kinds.title:
      if (value?.includes('\n')) throw refuseArgument("metadata title can't contain newlines");
      return (document) => ({ ...document, title: value });
    case kinds.element: {
      if (uri === null) throw missing('uri', procedure);
      if (value !== undefined && key === null) throw missing('key', procedure);
      const element = value === undefined ? undefined : elementOf(value, key ?? '', uri, errors);
      return (document) => ({
        ...document,
        metadata: withMetadataElement(document.metadata, uri, element),
      });
    }
    default:
      throw unknownType(type, errors);
  }
}
