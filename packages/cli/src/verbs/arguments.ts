// Arguments that many verbs take.
// SPDX-License-Identifier: Apache-2.0
import { CliError } from '../errors.js';
import type { Argument } from '../verb.js';

const summary = 'Name, UUID or id';

/** A domain in whatever state. */
export const anyDomain = { summary, complete: 'domain' } as const satisfies Argument;
/** One that runs or is suspended; only what completion offers differs, the daemon is the judge. */
export const activeDomain = { summary, complete: 'active-domain' } as const satisfies Argument;
/** One that is off, likewise. */
export const inactiveDomain = { summary, complete: 'inactive-domain' } as const satisfies Argument;
/** One document; the daemon gets its text, so that it need not see the file. */
export const documentFile = {
  summary: "File with the domain's XML; - is standard input",
  complete: 'file',
} as const satisfies Argument;
/** Documents, each judged for itself: one that is wrong keeps none of the others back. */
export const documentFiles = {
  summary: 'Files with XML; - is standard input',
  complete: 'file',
  many: true,
} as const satisfies Argument;
/** A template by the name it was imported or built under. */
export const existingTemplate = {
  summary: 'Name of a template',
  complete: 'template',
} as const satisfies Argument;

/** The root of a domain that is gone. */
export const keptRoot = {
  summary: 'What it is kept as: see ctvirt root list',
  complete: 'root',
} as const satisfies Argument;

/** A snapshot of the domain that stands before it. */
export const ownSnapshot = {
  summary: 'Name of a snapshot',
  complete: 'snapshot',
} as const satisfies Argument;

const networkSummary = 'Name or UUID';

/** A network in whatever state. */
export const anyNetwork = { summary: networkSummary, complete: 'network' } as const satisfies Argument;
/** One that runs; only what completion offers differs, the daemon is the judge. */
export const activeNetwork = {
  summary: networkSummary,
  complete: 'active-network',
} as const satisfies Argument;
/** One that does not, likewise. */
export const inactiveNetwork = {
  summary: networkSummary,
  complete: 'inactive-network',
} as const satisfies Argument;
/** One document of a network. */
export const networkFile = {
  summary: "File with the network's XML; - is standard input",
  complete: 'file',
} as const satisfies Argument;

/** A network filter. */
export const anyFilter = { summary: networkSummary, complete: 'filter' } as const satisfies Argument;
/** One document of a network filter. */
export const filterFile = {
  summary: "File with the filter's XML; - is standard input",
  complete: 'file',
} as const satisfies Argument;

/** Of a container, whose present folder nobody has; `what` is who takes it: `push: PATH`. */
export function absolutePath(what: string, path: string): string {
  if (path.startsWith('/')) return path;
  throw new CliError('usage', `${what} is an absolute path of the container, not '${path}'`);
}
