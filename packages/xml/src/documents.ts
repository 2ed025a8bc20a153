// Reading and writing documents of every kind that libvirt's clients exchange.
// SPDX-License-Identifier: Apache-2.0
import { domainCapabilities } from './capabilities/domain.js';
import { capabilities } from './capabilities/index.js';
import { checkElement } from './check/check.js';
import { type ParseOptions, parseElement } from './convert/parse.js';
import { domain } from './domain/index.js';
import { formatElement } from './emit/format.js';
import { libvirtForm } from './emit/libvirt.js';
import type { Finding } from './finding.js';
import { type Network, network } from './network/index.js';
import { networkport } from './networkport/index.js';
import { nwfilter } from './nwfilter/index.js';
import { pool } from './pool/index.js';
import type { AnyElement } from './schema/declaration.js';
import type { Infer } from './schema/infer.js';
import { snapshot } from './snapshot/index.js';
import { volume } from './volume/index.js';

/** By kind, which is the name of the root element. */
export const documentKinds = {
  domain,
  network,
  networkport,
  filter: nwfilter,
  pool,
  volume,
  capabilities,
  domainCapabilities,
  domainsnapshot: snapshot,
} as const;

/** A key of `documentKinds`: `domain`, `network`, `pool` and so on. */
export type DocumentKind = keyof typeof documentKinds;
/** The model of a kind's documents: what `parseDocument` answers and `formatDocument` takes. */
export type DocumentModel<K extends DocumentKind> = Infer<(typeof documentKinds)[K]>;

/**
 * Reads a document of one kind; never throws for what the text holds.
 *
 * @returns the model unless there is an error, and all findings; what the schema does not know is in `extras`
 */
export function parseDocument<K extends DocumentKind>(
  kind: K,
  text: string,
  options: ParseOptions = {},
): { readonly model?: DocumentModel<K>; readonly findings: readonly Finding[] } {
  const { model, findings } = parseElement([documentKinds[kind]], text, options);
  return model === undefined ? { findings } : { model, findings };
}

/** How a document is written; without any, in this package's canonical form. */
export interface FormatOptions {
  /**
   * libvirt's own normal form: what it says of the document that it was given, byte for byte; of a domain its LXC driver, when it does
   * not run. What libvirt makes up by itself (a UUID, a MAC address) is not, and what it does not know is left out.
   */
  readonly libvirt?: boolean;
}

/** Writes a document in libvirt's style, ending in a line break; throws `XmlError` for a character XML cannot hold. */
export function formatDocument<K extends DocumentKind>(
  kind: K,
  model: DocumentModel<K>,
  options: FormatOptions = {},
): string {
  const element: AnyElement = documentKinds[kind];
  return formatElement(element, options.libvirt === true ? libvirtForm(element, model) : model);
}

/**
 * As `parseDocument` would find of the network's document, for those who hold a model: values, what is required, and the semantics that
 * need no host. Paths are those of the canonical document, without lines; no error means that it can be written and read again.
 */
export const checkNetwork = (model: Network): Finding[] => checkElement(network, model);
