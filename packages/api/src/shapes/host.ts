// The daemon and its host.
// SPDX-License-Identifier: Apache-2.0
import { boolean, integer, list, number, object, oneOf, record, type Static, string } from '../schema.js';

/** Who answers, and what it can do. */
export const daemonVersion = object(
  {
    name: string({ description: 'The program: `ctvirtd`' }),
    version: string({ description: 'For people' }),
    capabilities: list(string(), { description: 'Features by name: ask these, never compare versions' }),
  },
  { title: 'Version', description: 'The daemon and its features' },
);
/** Who answers, and what it can do. */
export type DaemonVersion = Static<typeof daemonVersion>;

/** Facts of the host and of what runs containers there. */
export const hostFacts = object(
  {
    name: string({ description: 'What the host calls itself' }),
    driver: string({ description: 'What runs containers: `liblxc`' }),
    driverVersion: string({ description: "By lxc-start's own word" }),
    cgroups: oneOf(['v1', 'v2'], { description: 'Which version of control groups the limits are in' }),
    cpus: integer({ description: 'Processors that the daemon may use' }),
    kernel: string({ description: 'Its release, as `uname -r` has it' }),
    arch: string({ description: "By Node's name, such as `x64`" }),
    memoryBytes: number({ description: 'All that the kernel has' }),
    pageSize: integer({ description: 'In bytes' }),
    seccomp: boolean({
      description: 'Whether system calls of containers are filtered: the kernel has to have that',
    }),
    appArmor: oneOf(['off', 'confined', 'unconfined'], {
      description:
        'Whether a profile of AppArmor confines containers; `unconfined` is for want of its tools or files',
    }),
    filesystem: string({ description: "What the containers' files lie on, by the kernel's name" }),
    quotas: list(oneOf(['user', 'group', 'project']), {
      description: 'Which quotas that file system enforced when the daemon started',
    }),
    uncounted: record(string(), string(), {
      description: 'Numbers of domains that this kernel does not count, by series of history, each with why',
    }),
    state: string({ description: "The daemon's folder for what lasts" }),
    domains: integer({ description: 'Defined and running ones together' }),
  },
  { title: 'HostFacts', description: 'Facts of the host and of what runs containers there' },
);
/** Facts of the host and of what runs containers there. */
export type HostFacts = Static<typeof hostFacts>;
