// What the engine tells its frontends of a domain: plain data, the same for HTTP and libvirt's protocol.
// SPDX-License-Identifier: Apache-2.0
import type { Finding } from '@ctvirt/xml';

/** libvirt's domain states, as far as containers have them. */
export type DomainState = 'running' | 'paused' | 'shutdown' | 'shutoff' | 'crashed';

/** Why a domain is in its state, in libvirt's words. */
export type StateReason =
  | 'unknown'
  | 'booted'
  | 'restored'
  | 'user'
  | 'unpaused'
  | 'shutdown'
  | 'destroyed'
  | 'crashed'
  | 'failed'
  | 'daemon';

/** One line of `list`: everything here is known without touching the container. */
export interface DomainSummary {
  /** libvirt's id: the CTID of a running openvz domain, else the monitor's pid; null when not running. */
  readonly id: number | null;
  readonly name: string;
  readonly uuid: string;
  readonly type: string;
  /** One line for people, from `<title>`. */
  readonly title: string | null;
  readonly state: DomainState;
  readonly reason: StateReason;
  readonly autostart: boolean;
  readonly persistent: boolean;
  readonly ctid: number | null;
  readonly template: string | null;
  readonly profile: string | null;
  readonly hostname: string;
  readonly addresses: readonly string[];
}

/** `dominfo`: the summary and what takes a few reads of the kernel's files. */
export interface DomainInfo extends DomainSummary {
  readonly initPid: number | null;
  readonly startedAt: string | null;
  readonly vcpus: number;
  readonly maxMemoryKiB: number | null;
  readonly usedMemoryKiB: number | null;
  readonly cpuTimeNs: number | null;
  readonly processes: number | null;
  readonly maxProcesses: number | null;
  readonly disk: {
    readonly usedBytes: number | null;
    readonly limitBytes: number | null;
    readonly usedInodes: number | null;
    readonly limitInodes: number | null;
  };
  readonly idMap: { readonly start: number; readonly count: number } | null;
}

export interface DefineResult {
  readonly domain: DomainSummary;
  /** What was kept but not understood, or understood but not enforced here. */
  readonly findings: readonly Finding[];
}

/** Something of ours on the host: a path, mount, loop device, link, cgroup or id range. */
export interface Asset {
  readonly kind: 'file' | 'mount' | 'loop' | 'link' | 'cgroup' | 'id-range' | 'process';
  readonly what: string;
  /** The domain, template or `daemon` that owns it; null for a stray. */
  readonly owner: string | null;
}

/** A state change, in libvirt's event vocabulary. */
export interface DomainEvent {
  readonly event: 'defined' | 'undefined' | 'started' | 'suspended' | 'resumed' | 'stopped' | 'shutdown';
  readonly detail: string;
  readonly domain: DomainSummary;
  readonly at: string;
}
