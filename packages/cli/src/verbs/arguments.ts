// Arguments that many verbs take.
// SPDX-License-Identifier: Apache-2.0
import type { Argument } from '../verb.js';

const summary = 'Name, UUID or id';

export const anyDomain = { summary, complete: 'domain' } as const satisfies Argument;
export const activeDomain = { summary, complete: 'active-domain' } as const satisfies Argument;
export const inactiveDomain = { summary, complete: 'inactive-domain' } as const satisfies Argument;
export const documentFile = {
  summary: "File with the domain's XML; - is standard input",
  complete: 'file',
} as const satisfies Argument;
export const documentFiles = {
  summary: 'Files with XML; - is standard input',
  complete: 'file',
  many: true,
} as const satisfies Argument;
export const existingTemplate = {
  summary: 'Name of a template',
  complete: 'template',
} as const satisfies Argument;
