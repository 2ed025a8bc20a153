// A finding: what is wrong in a document, where, and what was expected instead.
// SPDX-License-Identifier: Apache-2.0

/** Every code a finding may carry, with what it stands for; codes stay, messages may be reworded. */
export const findingCodes = {
  syntax: 'the text is not well-formed XML',
  doctype: 'a DOCTYPE or entity definition, which is refused',
  'too-large': 'a document over the limit of size',
  'too-deep': 'elements nested deeper than the limit',
  'too-many': 'more elements, attributes or findings than the limit',
  'wrong-root': 'the document is of another kind than was asked for',
  'undeclared-prefix': 'a namespace prefix nobody declared',
  'unknown-element': 'an element the schema does not know in this place',
  'unknown-attribute': 'an attribute the schema does not know on this element',
  'unexpected-text': 'text where only elements may stand',
  'duplicate-element': 'an element that may stand once stands twice',
  'missing-element': 'a required element is absent',
  'missing-attribute': 'a required attribute is absent',
  'missing-source': 'a device without its source',
  'missing-target': 'a device without its target',
  'unknown-type': 'a type that selects what the element may hold is not known',
  'bad-value': 'a value that cannot be read as what was expected',
  'out-of-range': 'a number outside its bounds',
  'no-root': 'a container without a file system for /',
  'duplicate-root': 'more than one file system for /',
  'duplicate-target': 'two devices at one place',
  'soft-over-hard': 'a soft limit above its hard limit',
  'barrier-over-limit': 'a beancounter whose barrier is above its limit',
  'guarantee-over-maximum': 'a guarantee above the maximum',
  'bad-address': 'an address of another family, or none at all',
  'bad-prefix': 'a prefix length the address family does not have',
  'outside-subnet': 'an address that is not of the network it is said for',
  'taken-twice': 'a name or an address that two of a network have',
  'overlapping-idmap': 'two ranges of an id map overlap',
  'no-longer-accepted': 'in a stored document, let in by an older version and refused in a new one',
  conflict: 'two statements that contradict each other',
  'shared-ids': 'an id map with ids that the host or another domain has as well',
  'not-enforced': 'understood and kept, but without effect on the host that runs it',
  'wall-down': 'it takes down a wall between the container and its host',
  'taken-address': 'an address that the host sends elsewhere, so that it cannot be had as long as that is so',
  'no-filter':
    'a network filter that is not defined, or cannot be kept so, without which the domain does not start',
  'taken-port': 'a port of the host at which a program of it listens, which is not reached there any more',
  'no-network': 'a network that is not defined, without which the domain does not start',
  'kept-files': 'files of an earlier domain are its own again, or kept beside its new ones',
  'over-limit': 'a file system holds more already than it may',
  'unread-profile': 'a line of the profile that cannot be read there, and sets nothing',
  'left-out': 'known to libvirt, kept here as it stands, and not in the normal form',
  refused: 'understood, but not to be had on this host or of ctvirt, so that the document is refused',
  'no-source':
    'a folder, image or device of the host that is not there, without which the domain does not start',
  'no-start': 'more than this host can give, so that the domain does not start as long as that is so',
  'unsafe-source': 'others than root can do something by a folder, image or device of the host that it names',
} as const satisfies Record<string, string>;

/** A key of `findingCodes`. Programs go by these, as messages may change. */
export type FindingCode = keyof typeof findingCodes;

/** One finding; line and column count from 1 and are 0 when the model was never read from text. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  /** One of `findingCodes`. */
  readonly code: string;
  readonly message: string;
  readonly line: number;
  readonly column: number;
  /** Where, as an XPath: /domain/devices/filesystem[2]/source/@dir */
  readonly path: string;
  readonly file?: string;
  readonly found?: string;
  readonly expected?: string;
  /** The nearest valid spelling. */
  readonly suggestion?: string;
  /** The line of the document, and beneath it a caret at the column. */
  readonly excerpt?: string;
}

/** One line for people and logs: `file:line:column: severity: message`. */
export function describeFinding(finding: Finding): string {
  const place =
    finding.line > 0 ? `${finding.file ?? 'document'}:${finding.line}:${finding.column}` : finding.path;
  return `${place}: ${finding.severity}: ${finding.message}`;
}
