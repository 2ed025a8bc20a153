// The daemon's client over a libvirt's protocol: what the verbs for domains need works on any hypervisor.
// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, type DomainInfo, type DomainSummary, unmeasured } from '@ctvirt/api';
import type { ApiClient } from '@ctvirt/api/node';
import type { Connection } from '@ctvirt/rpc';
import { findingDomains, type RemoteDomain } from './domains.js';

const listFlags = { active: 1, inactive: 2 } as const;
const xmlFlags = { inactive: 2 } as const;
const pollMs = 200;

/** A client whose calls for domains go to the libvirt of this URI; the others are refused as unsupported. */
export function createForeignClient(uri: string): ApiClient {
  let opened: Promise<Connection> | undefined;
  const connection = (): Promise<Connection> => {
    opened ??= import('@ctvirt/rpc').then(({ connect }) => connect(uri));
    return opened;
  };
  const domains = translated(domainCalls(connection));
  const client = {
    domains,
    close: () => void opened?.then((one) => one.close()).catch(() => undefined), // it failed, and was told then
  };
  return new Proxy(client as unknown as ApiClient, {
    get: (target, name, receiver) => Reflect.get(target, name, receiver) ?? refusing(String(name)),
  });
}

const refusing = (resource: string): object =>
  new Proxy(
    {},
    {
      get: (_, operation) => async () => {
        throw new ApiError(
          'unsupported',
          `${resource} ${String(operation)}: only ctvirtd has it, not a libvirt reached by -c`,
        );
      },
    },
  );

/** Refuses what was said of something that no libvirt has. */
function refuseOwn(what: string, ...said: readonly unknown[]): void {
  if (said.every((one) => one === undefined)) return;
  throw new ApiError('unsupported', `only ctvirtd ${what}, not a libvirt reached by -c`);
}

type Calls = Partial<ApiClient['domains']>;

/** The calls with libvirt's errors in the daemon's codes; those that are missing are refused. */
function translated(calls: Calls): object {
  const entries = Object.entries(calls).map(([name, call]) => {
    return [
      name,
      async (...input: readonly unknown[]): Promise<unknown> => {
        try {
          return await Reflect.apply(call, undefined, input);
        } catch (error) {
          const { RpcError } = await import('@ctvirt/rpc');
          if (!(error instanceof RpcError)) throw error;
          throw (await import('./refusal.js')).toApiError(error);
        }
      },
    ] as const;
  });
  const known = Object.fromEntries(entries);
  return new Proxy(known, {
    get: (target, name) => Reflect.get(target, name) ?? Reflect.get(refusing('domains'), name),
  });
}

/** What a libvirt tells of a domain; of what it does not tell it says so. */
function infoOf(
  summary: DomainSummary,
  info: {
    readonly nrVirtCpu: number;
    readonly maxMem: bigint;
    readonly memory: bigint;
    readonly cpuTime: bigint;
  },
): DomainInfo {
  return {
    ...summary,
    ...unmeasured,
    initPid: null,
    startedAt: null,
    rescue: false,
    lastEnd: null,
    vcpus: info.nrVirtCpu,
    maxMemoryKiB: Number(info.maxMem),
    // Of one that is off a libvirt says what it would be given.
    usedMemoryKiB: summary.id === null ? null : Number(info.memory),
    cpuTimeNs: summary.id === null ? null : Number(info.cpuTime),
    maxProcessesDefault: false,
    disk: { usedBytes: null, limitBytes: null, usedInodes: null, limitInodes: null },
    idMap: null,
    walls: [],
  };
}

function domainCalls(connection: () => Promise<Connection>): Calls {
  const { find, summaryOf, again } = findingDomains(connection);
  const acting =
    (act: (domain: RemoteDomain) => Promise<unknown>) =>
    async ({ domain: ref }: { readonly domain: string }): Promise<DomainSummary> => {
      const domain = await find(ref);
      await act(domain);
      return await again(domain);
    };
  const waitUntilOff = async (domain: RemoteDomain, waitMs: number): Promise<void> => {
    const { toState } = await import('./states.js');
    for (const end = performance.now() + waitMs; performance.now() < end; await sleep(pollMs)) {
      if (toState(await domain.getState({ flags: 0 })).state === 'shutoff') return;
    }
    throw new ApiError('timeout', `domain '${domain.name}' did not do so within ${waitMs / 1000} s`);
  };

  return {
    async list({ active } = {}, { onRow } = {}) {
      const flags = active === undefined ? 0 : active ? listFlags.active : listFlags.inactive;
      const found = await (await connection()).listAllDomains({ needResults: 1, flags });
      const all = await Promise.all(found.map(summaryOf));
      for (const one of all) onRow?.(one);
      return all;
    },
    summary: async ({ domain }) => await summaryOf(await find(domain)),
    async info({ domain: ref }): Promise<DomainInfo> {
      const domain = await find(ref);
      const [summary, info] = await Promise.all([summaryOf(domain), domain.getInfo()]);
      return infoOf(summary, info);
    },
    xml: async ({ domain, inactive }) =>
      await (await find(domain)).getXmlDesc({ flags: inactive === true ? xmlFlags.inactive : 0 }),
    async define({ body, transient, strict }) {
      const libvirt = await connection();
      const xml = String(body);
      const domain = transient
        ? await libvirt.domainCreateXml({ xmlDesc: xml, flags: 0 })
        : strict === true
          ? await libvirt.domainDefineXmlFlags({ xml, flags: 1 })
          : await libvirt.domainDefineXml({ xml });
      return { domain: await summaryOf(domain), findings: [] };
    },
    async undefine({ domain, storage }) {
      if (storage === true)
        throw new ApiError('unsupported', 'a libvirt does not erase the storage of a domain it undefines');
      await (await find(domain)).undefine();
    },
    async start({ domain, rescue }) {
      refuseOwn('starts for rescue', rescue);
      return await acting((found) => found.create())({ domain });
    },
    destroy: acting((domain) => domain.destroy()),
    suspend: acting((domain) => domain.suspend()),
    resume: acting((domain) => domain.resume()),
    async reboot({ domain }) {
      return await acting((found) => found.reboot({ flags: 0 }))({ domain });
    },
    async shutdown({ domain: ref, waitMs }) {
      return await acting(async (domain) => {
        await domain.shutdown();
        if (waitMs !== undefined) await waitUntilOff(domain, waitMs);
      })({ domain: ref });
    },
    async autostart({ domain, body: { autostart, order, delaySeconds } }) {
      refuseOwn('has an order of starts', order, delaySeconds);
      return await acting((found) => found.setAutostart({ autostart: autostart ? 1 : 0 }))({ domain });
    },
  };
}
