// Reading and writing whole domain documents.
// SPDX-License-Identifier: Apache-2.0
import { type Domain, domain } from './domain/index.js';
import { formatElement } from './emit/format.js';
import { libvirtForm } from './emit/libvirt.js';
import { type ParseOptions, parseElement } from './emit/parse.js';
import { XmlError } from './errors.js';
import type { Finding } from './finding.js';

/** What a document came to: the domain unless there is an error, and everything found on the way, in document order. */
export interface ParsedDomain {
  readonly domain?: Domain;
  readonly findings: readonly Finding[];
}

/** Reads a <domain> document of any form, from 2007's to today's; never throws for what the text holds. */
export function parseDomain(text: string, options: ParseOptions = {}): ParsedDomain {
  const { model, findings } = parseElement([domain], text, options);
  return model === undefined ? { findings } : { domain: model, findings };
}

/** As `parseDomain`; throws `XmlError` with all findings when there is an error. */
export function parseDomainOrThrow(text: string, options: ParseOptions = {}): Domain {
  const { domain: model, findings } = parseDomain(text, options);
  if (model === undefined) throw new XmlError(findings);
  return model;
}

export interface FormatOptions {
  /**
   * libvirt's own normal form: what the inactive dump of its LXC driver says of the document, byte for byte. What
   * libvirt makes up by itself (a UUID, a MAC address) is not, and what it does not know is left out.
   */
  readonly libvirt?: boolean;
}

/** Writes the canonical form, in libvirt's style; throws `XmlError` for a character XML cannot hold. */
export function formatDomain(model: Domain, options: FormatOptions = {}): string {
  return formatElement(domain, options.libvirt === true ? libvirtForm(domain, model) : model);
}
