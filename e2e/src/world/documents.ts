// Documents the stories define: a sleeping LXC container unless a story says otherwise.
// SPDX-License-Identifier: Apache-2.0
import { busybox } from './world.js';

export interface DocumentParts {
  readonly name: string;
  /** `init` and its arguments; without them the domain has its default init. */
  readonly program?: readonly string[];
  /** `<filesystem>` elements; one root from the busybox template if absent. */
  readonly filesystems?: readonly string[];
  readonly interfaces?: readonly string[];
  /** Elements of the top level. */
  readonly more?: string;
  readonly type?: string;
}

export const templateRoot = `<filesystem type='template'><source name='${busybox}'/><target dir='/'/></filesystem>`;
export const sleeping = ['/bin/sleep', 'infinity'] as const;
/** Ends when it is asked to, as an init does. */
export const obedient = [
  '/bin/sh',
  '-c',
  "trap 'exit 0' TERM PWR USR1 USR2 INT; while :; do sleep 0.05; done",
] as const;

export function domainXml(parts: DocumentParts): string {
  const {
    name,
    program = sleeping,
    filesystems = [templateRoot],
    interfaces = [],
    more = '',
    type = 'lxc',
  } = parts;
  const [init, ...args] = program;
  const os =
    init === undefined
      ? ''
      : `<init>${init}</init>${args.map((arg) => `<initarg>${escapeText(arg)}</initarg>`).join('')}`;
  return `<domain type='${type}'>
  <name>${name}</name>
  ${more}
  <os><type>exe</type>${os}</os>
  <devices>
    ${[...filesystems, ...interfaces].join('\n    ')}
  </devices>
</domain>
`;
}

const escapeText = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
