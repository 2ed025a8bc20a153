// What a client may ask of a move, in virsh's words: each is obeyed, or refused by its name.
// SPDX-License-Identifier: Apache-2.0
import type { TypedParam } from '@ctvirt/rpc';
import { checkFlags, refusal } from './refusal.js';

/** Who leads a move: the client, which asks both daemons, or the source alone, which is told of the other one. */
type Leader = 'client' | 'source';

/** An option of `virsh migrate`. */
interface MoveOption {
  /** Of virDomainMigrateFlags. */
  readonly bit?: number;
  /** The name of a typed parameter. */
  readonly param?: string;
  /** What becomes of it where it is not refused. */
  readonly does?: string;
  /** Why it is refused, whoever leads or under one of them. */
  readonly refused?: string | Partial<Record<Leader, string>>;
}

const bits = {
  live: 1,
  peerToPeer: 2,
  tunnelled: 4,
  persistent: 8,
  undefineSource: 16,
  offline: 1024,
} as const;
const both = bits.persistent | bits.undefineSource;

const noMemory = 'no memory goes along: it is shut down, and boots at the other host';
const asItIs = 'its document goes along as it is: change it at the other host';

/** In the order of `virsh help migrate`. */
export const moveOptions: Readonly<Record<string, MoveOption>> = {
  '--live': {
    bit: bits.live,
    does: 'its files go while it runs, said or not; it is shut down for the last of them',
  },
  '--offline': {
    bit: bits.offline,
    does: 'of a domain that is off; one that is off goes without it, too',
    refused: {
      client:
        "a container's files go from daemon to daemon, for which the client leaves no step then: add --p2p",
    },
  },
  '--p2p': { bit: bits.peerToPeer, does: 'the client asks the source alone, not both' },
  '--direct': { does: "refused by the client: 'direct migration is not supported'" },
  '--tunnelled': {
    bit: bits.tunnelled,
    does: 'files go through the connection of the two daemons, said or not',
    refused: { client: 'add --p2p' },
  },
  '--persistent': { bit: bits.persistent, does: 'needed' },
  '--undefinesource': { bit: bits.undefineSource, does: 'needed' },
  '--suspend': { bit: 32, refused: 'it boots at the other host, and is not paused at that' },
  '--copy-storage-all': { bit: 64, does: 'its files go along, said or not' },
  '--copy-storage-inc': {
    bit: 128,
    does: 'its files go along, and its template where the other host lacks it, said or not',
  },
  '--copy-storage-synchronous-writes': {
    bit: 1 << 18,
    refused: 'what it writes meanwhile goes with the next pass',
  },
  '--change-protection': {
    bit: 256,
    does: 'nothing else is done with it from the first step to the last, said or not',
  },
  '--unsafe': { bit: 512, does: 'nothing more: no move is refused for what that is about' },
  '--compressed': { bit: 2048, refused: "ssh compresses where its configuration says 'Compression yes'" },
  '--auto-converge': {
    bit: 8192,
    refused: 'it is never slowed down: what is left after five passes goes when it is off',
  },
  '--rdma-pin-all': { bit: 16384, refused: noMemory },
  '--abort-on-error': { bit: 4096, does: 'whatever fails ends the move, said or not' },
  '--postcopy': { bit: 32768, refused: noMemory },
  '--postcopy-resume': { bit: 1 << 19, refused: noMemory },
  '--zerocopy': { bit: 1 << 20, refused: noMemory },
  '--migrateuri': {
    param: 'migrate_uri',
    does: 'how the source reaches the other host by itself: `ctvirt+ssh://HOST/`, or `tcp:HOST` for its address alone, whose port is of no use; without it that one says how',
    refused: { source: 'its files go through the connection that the URI names' },
  },
  '--dname': {
    param: 'destination_name',
    refused: "it keeps its name: 'virsh domrename' gives it another at either host",
  },
  '--timeout': {
    does: 'it is shut down after so many seconds, and what is not sent by then is sent while it is off',
  },
  '--timeout-suspend': { does: 'the same' },
  '--timeout-postcopy': { does: 'refused by the client without `--postcopy`' },
  '--xml': { param: 'destination_xml', refused: asItIs },
  '--persistent-xml': { param: 'persistent_xml', refused: asItIs },
  '--tls': { bit: 65536, refused: 'the URI says how files go: ctvirt+tls://HOST/ or ctvirt+ssh://HOST/' },
  '--parallel': { bit: 131072, refused: 'its files go through one connection' },
  '--bandwidth': { param: 'bandwidth', does: 'how many MiB of its files go in a second' },
  '--verbose': { does: 'how much of it is sent; Ctrl-C ends the move, and it stays' },
};

const known = Object.values(moveOptions).reduce((sum, { bit = 0 }) => sum | bit, 0);

const why = ({ refused }: MoveOption, leader: Leader): string | undefined =>
  typeof refused === 'object' ? refused[leader] : refused;

const unsupported = (detail: string) => refusal('argumentUnsupported', 'domain', detail);

/** Refuses what is not obeyed, so that no client takes a wish for granted; and a move after which two hosts would have the domain. */
export function checkMove(flags: number, params: readonly TypedParam[], procedure: string): void {
  const leader = isPeerToPeer(flags) ? 'source' : 'client';
  checkFlags(flags, known, procedure);
  const said = new Map(Object.entries(moveOptions).map(([name, option]) => [option.param, { name, option }]));
  for (const [name, option] of Object.entries(moveOptions)) {
    const refused = why(option, leader);
    if (refused !== undefined && (flags & (option.bit ?? 0)) !== 0) throw unsupported(`${name}: ${refused}`);
  }
  for (const { field } of params) {
    const { name, option } = said.get(field) ?? { name: field, option: { refused: 'no move knows it' } };
    const refused = why(option, leader);
    if (refused !== undefined) throw unsupported(`${name}: ${refused}`);
  }
  if ((flags & both) !== both)
    throw unsupported(
      'a container is one host alone: add --persistent --undefinesource (virt-manager: not as a temporary move)',
    );
}

export const isPeerToPeer = (flags: number): boolean => (flags & bits.peerToPeer) !== 0;
export const isOffline = (flags: number): boolean => (flags & bits.offline) !== 0;

const clientLed = 'without `--p2p`';
const sourceLed = 'with `--p2p`';

/** The table of docs/reference. */
export function describeMoves(): string {
  const rows = Object.entries(moveOptions).map(([name, { does, refused }]) => {
    const { client, source } = typeof refused === 'object' ? refused : {};
    const parts = [
      does,
      typeof refused === 'string' && `refused: ${refused}`,
      client !== undefined && `refused ${clientLed}: ${client}`,
      source !== undefined && `refused ${sourceLed}: ${source}`,
    ];
    return `| \`${name}\` | ${parts.filter((part) => typeof part === 'string').join('; ')} |`;
  });
  return ['| `virsh migrate` | here |', '| --- | --- |', ...rows].join('\n');
}

/** What the engine is told of how files go. */
export function paceOf(params: readonly TypedParam[]): { bytesPerSecond?: number } {
  const mebibytes = Number(params.find(({ field }) => field === 'bandwidth')?.value ?? 0);
  return mebibytes > 0 ? { bytesPerSecond: mebibytes * 2 ** 20 } : {};
}
