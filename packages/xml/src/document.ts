// Reading and writing whole domain documents.
// SPDX-License-Identifier: Apache-2.0

import { checkElement } from './check/check.js';
import { type ParseOptions, parseElement } from './convert/parse.js';
import type { FormatOptions } from './documents.js';
import { type Domain, domain } from './domain/index.js';
import { formatElement } from './emit/format.js';
import { leftOut } from './emit/left-out.js';
import { libvirtForm } from './emit/libvirt.js';
import { XmlError } from './errors.js';
import type { Finding } from './finding.js';

/** What a document came to: the domain unless there is an error, and everything found on the way, in document order. */
export interface ParsedDomain {
  readonly domain?: Domain;
  readonly findings: readonly Finding[];
}

/**
 * Reads a <domain> document of any form, from 2007's to today's; never throws for what the text holds.
 *
 * @param text - the document, up to 4 Mi characters unless `options.limits` says otherwise
 * @returns the domain unless there is an error, and all findings of one pass; sizes are numbers in the unit their field
 * names (`memoryKiB`), what the schema does not know is in `extras`
 * @see docs/reference/xml for each element; the facts are those of https://libvirt.org/formatdomain.html
 */
export function parseDomain(text: string, options: ParseOptions = {}): ParsedDomain {
  const { model, findings } = parseElement([domain], text, options);
  return model === undefined ? { findings } : { domain: model, findings };
}

/**
 * As `parseDomain`, for callers that want the domain or nothing; warnings are dropped.
 *
 * @throws XmlError with all findings, its `code` that of the first error
 */
export function parseDomainOrThrow(text: string, options: ParseOptions = {}): Domain {
  const { domain: model, findings } = parseDomain(text, options);
  if (model === undefined) throw new XmlError(findings);
  return model;
}

/**
 * Writes the canonical form, in libvirt's style: two blanks a level, single quotes, children in libvirt's order.
 *
 * @returns the document, ending in a line break; reading it again gives the same model
 * @throws XmlError for a character XML cannot hold
 */
export function formatDomain(model: Domain, options: FormatOptions = {}): string {
  return formatElement(domain, options.libvirt === true ? libvirtForm(domain, model) : model);
}

/** What `formatDomain` with `libvirt` leaves out of the document although libvirt keeps it: one warning for each, without a line. */
export const leftOutOfLibvirtForm = (model: Domain): Finding[] => leftOut(domain, model);

/**
 * As `parseDomain` would find of the domain's document, for those who hold a model: values, what is required, and the semantics. What
 * the schema does not know and the model keeps is looked at only for whether it is XML.
 *
 * @returns all findings, with paths of the canonical document and without lines; no error means that it can be written and read again
 */
export const checkDomain = (model: Domain): Finding[] => checkElement(domain, model);
