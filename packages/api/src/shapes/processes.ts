// Processes of running domains, as the host sees them.
// SPDX-License-Identifier: Apache-2.0
import { integer, list, nullable, number, object, type Static, string } from '../schema.js';

/** One process of a running domain. */
export const domainProcess = object(
  {
    domain: string({ description: 'The name of its domain' }),
    uuid: string({ description: 'The UUID of its domain' }),
    pid: integer({ description: "The host's number of it" }),
    pidInside: integer({ description: "The container's own number of it" }),
    parent: integer({ description: "The host's number of its parent" }),
    uidInside: nullable(
      integer({ description: "Its user by the container's numbers; null for one that has none there" }),
    ),
    state: string({
      description: "The kernel's letter: R runs, S sleeps, D waits for a device, T is stopped, Z has ended",
    }),
    threads: integer({ description: 'Threads it has' }),
    memoryKiB: number({ description: 'Memory it has in use, shared parts included: VmRSS' }),
    cpuTimeNs: number({ description: 'Processor time it has had' }),
    startedAt: string({ description: 'RFC 3339' }),
    name: string({ description: "What the kernel calls it: its program's name, of at most 15 bytes" }),
    command: list(string(), {
      description: 'Its command line as it has it now, of at most 4096 bytes; empty where it has none',
    }),
  },
  { title: 'DomainProcess', description: 'A process of a running domain' },
);
/** One process of a running domain. */
export type DomainProcess = Static<typeof domainProcess>;
