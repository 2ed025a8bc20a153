// What virsh says here beside what it says on libvirt's own LXC driver: texts of errors, and the shape of outputs scripts read.
// SPDX-License-Identifier: Apache-2.0
import type { Outcome } from './command.js';

/** Commands whose output scripts read most: there its shape is compared too. */
export const readCommands: ReadonlySet<string> = new Set([
  'list',
  'list --all',
  'list --inactive --name',
  'dominfo ct',
  'domid ct',
  'domuuid ct',
  'domstate ct --reason',
  'dumpxml --inactive ct',
  'schedinfo ct',
  'memtune ct',
  'blkiotune ct',
  'vcpucount ct',
  'domiflist ct',
  'domblklist ct',
  'dommemstat ct',
  'domifstat ct 52:54:00:00:00:01',
  'domblkstat ct',
  'cpu-stats ct',
  'desc ct',
  'nodeinfo',
  'nodememstats',
]);

interface KnownDifference {
  readonly lines: RegExp;
  readonly reason: string;
  /** With other versions of libvirt's driver they do not. */
  readonly isOfSomeVersions?: boolean;
}

/** Where the two differ, in which lines, and why it stays; each must still differ. */
export const knownDifferences: Readonly<Record<string, KnownDifference>> = {
  'dumpxml --inactive ct': {
    lines: /^there: domain\/(devices\/emulator|resource(\/partition)?)$/,
    reason: 'no `<emulator>` and no `<resource>`: there is no such program, and the group is no wish',
  },
  'domtime ct --time 1': {
    lines: /clock of a container|virDomainSetTime$/,
    reason: 'that driver tells no time, either',
  },
  'set-user-password ct eve secret': {
    lines: /user 'eve' does not exist|virDomainSetUserPassword$/,
    reason: 'that driver sets no passwords',
  },
  'domfstrim ct': {
    lines: /has no file system of its own$|virDomainFSTrim$/,
    reason: 'that driver trims nothing; here what an image of its own frees is given back',
  },
  'vcpupin ct 7 0': {
    lines: /out of range|virDomainPinVcpu$/,
    reason: 'that driver does not pin processors',
  },
  'attach-disk ct /dev/null vda': {
    lines: /at.*disk|disk for non-block device/,
    reason: 'disks are attached at the next start only',
  },
  'lxc-enter-namespace ct /bin/true': {
    lines: /OpenNamespace|Unable to open '\/proc\/\d+\/cgroup'|unexpected exit status/,
    reason: "libvirt 11's own fails, by looking for a group where it has gone in already",
    isOfSomeVersions: true,
  },
  'domblkstat ct': {
    lines: /^there: wr_(req|bytes) N$/,
    reason: 'cgroup v1 counts next to nothing of what is written, and no number is told in place of one',
    isOfSomeVersions: true,
  },
  'dommemstat ct': { lines: /^here: /, reason: 'more counters here, none less' },
};

/** Elements and attributes of a document, each by its path: order and values of their own do not count. */
function pathsOf(xml: string): string[] {
  const paths = new Set<string>();
  const around: string[] = [];
  for (const [, closing, name = '', attributes = '', single] of xml.matchAll(
    /<(\/?)([\w:.-]+)((?:\s+[\w:.-]+=(?:'[^']*'|"[^"]*"))*)\s*(\/?)>/g,
  )) {
    if (closing === '/') {
      around.pop();
      continue;
    }
    around.push(name);
    const path = around.join('/');
    paths.add(path);
    for (const [, attribute = ''] of attributes.matchAll(/([\w:.-]+)=/g)) paths.add(`${path}@${attribute}`);
    if (single === '/') around.pop();
  }
  return [...paths].sort();
}

const withoutValues = (text: string): string =>
  text
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'UUID')
    .replace(/^\s*\S+(?=\s+bridge\s)/, 'LINK')
    .replace(/\d+(\.\d+)?/g, 'N')
    .replace(/-{3,}/g, '---')
    .replace(/[ \t]+/g, ' ')
    .trim();

/** What of an output scripts rely on, line by line. */
function shapeOf({ stdout }: Outcome): string[] {
  if (stdout.startsWith('<')) return pathsOf(stdout);
  return stdout.split('\n').map(withoutValues);
}

/** An error without what differs from run to run. */
const errorLines = ({ stderr }: Outcome): string[] =>
  stderr
    .trim()
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'UUID')
    .replace(/\d{3,}/g, 'N')
    .split('\n');

/** The lines in which two runs differ whatever scripts read of them; whether they worked is one of them. */
export function sameBut(ours: Outcome, theirs: Outcome): string[] {
  const linesOf = (outcome: Outcome): string[] => [
    outcome.status === 0 ? 'works' : 'refused',
    ...(outcome.status === 0 ? shapeOf(outcome) : errorLines(outcome)),
  ];
  return differing(linesOf(ours), linesOf(theirs));
}

const differing = (here: readonly string[], there: readonly string[]): string[] => [
  ...here.filter((line) => !there.includes(line)).map((line) => `here: ${line}`),
  ...there.filter((line) => !here.includes(line)).map((line) => `there: ${line}`),
];

/** The lines in which two runs of a command differ; none if no script could tell them apart, or only one of them works. */
export function differencesOf(command: string, ours: Outcome, theirs: Outcome): string[] {
  if ((ours.status === 0) !== (theirs.status === 0)) return [];
  if (ours.status === 0 && !readCommands.has(command)) return [];
  const shape = ours.status === 0 ? shapeOf : errorLines;
  return differing(shape(ours), shape(theirs));
}
