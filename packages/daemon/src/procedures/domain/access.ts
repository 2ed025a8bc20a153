// Access to what runs in a domain: its console, its processes, its addresses and names.
// SPDX-License-Identifier: Apache-2.0
import type { Duplex } from 'node:stream';
import type { NetworkLease } from '@ctvirt/api';
import { type Engine, isFault, type LinkAddresses } from '@ctvirt/engine';
import type { ServerStream, TypedParam } from '@ctvirt/rpc';
import { type Bind, runningDomainOf } from '../session.js';
import { checkFlags, refusal } from '../words/refusal.js';

const consoleFlags = { force: 1, safe: 2 } as const;
/** Names of the one console a container has. */
const consoleNames: readonly (string | null)[] = [null, '', 'console0', 'console'];
/** For others who would like to have it. */
const by = 'a client of libvirt, such as virsh,';
const highestSignal = 64;
/** virDomainInterfaceAddressesSource: leases, an agent, the neighbour table; what gave no lease the kernel is asked for. */
const leaseSource = 0;
const agentSource = 1;
const highestSource = 2;

/** virDomainGuestInfoTypes that are answered. */
const guestInfo = { hostname: 8, interfaces: 64 } as const;

/** Data both ways until either end goes. */
function join(terminal: Duplex, wire: ServerStream): void {
  wire.pipe(terminal);
  terminal.pipe(wire);
  // Whatever ends one end early is told to the other by its end.
  terminal.on('error', () => undefined);
  wire.on('error', () => undefined);
  terminal.once('close', () => {
    if (!wire.writableEnded) wire.end();
  });
  wire.once('close', () => terminal.destroy());
}

const familyNumbers = { 4: 0, 6: 1, ipv4: 0, ipv6: 1 } as const;

interface Address {
  readonly family: keyof typeof familyNumbers;
  readonly address: string;
  readonly prefix: number;
}

/** What was given out on the networks of ours that a domain's links are on. */
async function leasesOf(engine: Engine, uuid: string): Promise<readonly NetworkLease[]> {
  const { devices } = await engine.document(uuid);
  const names = new Set(
    (devices.interfaces ?? []).flatMap((link) => (link.type === 'network' ? [link.source.network] : [])),
  );
  const networks = [...names]
    .flatMap((name) => engine.networks.find({ name }) ?? [])
    .filter(({ active }) => active);
  return (await Promise.all(networks.map((network) => engine.networks.leases(network.uuid)))).flat();
}

async function addressesOf(engine: Engine, uuid: string, source: number) {
  const [inside, counted, leases] = await Promise.all([
    engine.addresses(uuid),
    engine.counters(uuid).links(),
    source === leaseSource ? leasesOf(engine, uuid) : [],
  ]);
  const hostName = new Map(counted.map((link) => [link.name, link.hostName]));
  const given = (mac: string | null, own: readonly Address[]): readonly Address[] => {
    const leased = mac === null ? [] : leases.filter((lease) => lease.mac === mac.toLowerCase());
    return leased.length > 0 ? leased : own;
  };
  return inside.map(({ name, mac, addresses }) => ({
    name: (source === agentSource ? undefined : hostName.get(name)) ?? name,
    hwaddr: mac,
    addrs: given(mac, addresses).map(({ family, address, prefix }) => ({
      type: familyNumbers[family],
      addr: address,
      prefix,
    })),
  }));
}

function interfaceParams(links: readonly LinkAddresses[]): TypedParam[] {
  const text = (field: string, value: string): TypedParam => ({ field, type: 'string', value });
  const count = (field: string, value: number): TypedParam => ({ field, type: 'uint', value });
  return [
    count('if.count', links.length),
    ...links.flatMap(({ name, mac, addresses }, at) => [
      text(`if.${at}.name`, name),
      ...(mac === null ? [] : [text(`if.${at}.hwaddr`, mac)]),
      count(`if.${at}.addr.count`, addresses.length),
      ...addresses.flatMap(({ family, address, prefix }, place) => [
        text(`if.${at}.addr.${place}.type`, `ipv${family}`),
        text(`if.${at}.addr.${place}.addr`, address),
        count(`if.${at}.addr.${place}.prefix`, prefix),
      ]),
    ]),
  ];
}

/** Consoles, signals, addresses, file systems and guest facts; what only an agent could tell is refused. */
export const bindDomainAccess: Bind = ({ engine }) => {
  return {
    async domainOpenConsole({ dom, devName, flags }, { session, name, openStream }) {
      checkFlags(flags, consoleFlags.force | consoleFlags.safe, name);
      const { uuid } = runningDomainOf(engine, session, dom);
      if (!consoleNames.includes(devName))
        throw refusal('invalidArg', 'domain', `cannot find console device '${devName}'`);
      // One at a time has it anyway, so that every way to open it is the safe one.
      const force = (flags & consoleFlags.force) !== 0;
      const { stream } = await engine.console(uuid, { force, by }).catch((error: unknown) => {
        if (!isFault(error, 'in-use')) throw error;
        throw refusal(
          'operationFailed',
          'domain',
          `Active console session exists for this domain: ${error.message}`,
        );
      });
      join(stream, openStream());
    },
    domainSendProcessSignal({ dom, pidValue, signum, flags }, { session, name }) {
      checkFlags(flags, 0, name);
      const { uuid } = runningDomainOf(engine, session, dom);
      if (pidValue <= 0n)
        throw refusal('argumentUnsupported', 'domain', 'only single processes can be sent a signal');
      if (signum > highestSignal)
        throw refusal(
          'invalidArg',
          'none',
          `signum in virDomainSendProcessSignal must be at most ${highestSignal}`,
        );
      try {
        engine.signal(uuid, Number(pidValue), signum);
      } catch (error) {
        if (isFault(error, 'not-found'))
          throw refusal('invalidArg', 'domain', `the container has no process ${pidValue}`);
        throw error;
      }
    },
    async domainInterfaceAddresses({ dom, source, flags }, { session, name }) {
      checkFlags(flags, 0, name);
      const { uuid } = runningDomainOf(engine, session, dom);
      if (source > highestSource)
        throw refusal('argumentUnsupported', 'domain', `Unknown IP address data source ${source}`);
      return { ifaces: await addressesOf(engine, uuid, source) };
    },
    async domainGetFsinfo({ dom, flags }, { session, name }) {
      checkFlags(flags, 0, name);
      const { devices } = await engine.document(runningDomainOf(engine, session, dom).uuid);
      const info = (devices.filesystems ?? []).map(({ type, source, target }) => ({
        mountpoint: target?.dir ?? '/',
        name: String(Object.values(source)[0] ?? type),
        fstype: type,
        devAliases: [],
      }));
      return { info, ret: info.length };
    },
    async domainGetGuestInfo({ dom, types, flags }, { session, name }) {
      checkFlags(flags, 0, name);
      const { uuid, hostname } = runningDomainOf(engine, session, dom);
      const wants = (bit: number): boolean => types === 0 || (types & bit) !== 0;
      const unknown = types & ~(guestInfo.hostname | guestInfo.interfaces);
      if (types !== 0 && unknown === types)
        throw refusal(
          'argumentUnsupported',
          'domain',
          `information types 0x${unknown.toString(16)} need an agent`,
        );
      const params: TypedParam[] = [];
      if (wants(guestInfo.hostname)) params.push({ field: 'hostname', type: 'string', value: hostname });
      if (wants(guestInfo.interfaces)) params.push(...interfaceParams(await engine.addresses(uuid)));
      return { params };
    },
  };
};
