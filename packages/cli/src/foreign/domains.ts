// Domains of a foreign libvirt: which one a word means, and what the daemon's client would say of it.
// SPDX-License-Identifier: Apache-2.0
import type { DomainSummary } from '@ctvirt/api';
import type { Connection, ObjectOf } from '@ctvirt/rpc';

/** A domain as that libvirt's answers name it, with the calls it takes; its id is as old as the answer. */
export type RemoteDomain = ObjectOf<'domain'>;

/** How domains are found and told over that connection, which is made when it is needed first. */
export function findingDomains(connection: () => Promise<Connection>) {
  /** As virsh looks one up: id, UUID, name. */
  const find = async (ref: string): Promise<RemoteDomain> => {
    const libvirt = await connection();
    const attempts = [
      ...(/^\d{1,9}$/.test(ref) ? [() => libvirt.domainLookupById({ id: Number(ref) })] : []),
      ...(/^[0-9a-f-]{36}$/i.test(ref)
        ? [() => libvirt.domainLookupByUuid({ uuid: ref.toLowerCase() })]
        : []),
    ];
    for (const attempt of attempts) {
      const found = await attempt().catch(() => undefined); // it may be a name that looks like one
      if (found !== undefined) return found;
    }
    return await libvirt.domainLookupByName({ name: ref });
  };
  /** The same for all domains of a connection: it is asked for once. */
  let driver: Promise<string> | undefined;
  const driverType = async (): Promise<string> => {
    const libvirt = await connection();
    driver ??= libvirt.getType().then((type) => type.toLowerCase());
    return await driver;
  };
  const summaryOf = async (domain: RemoteDomain): Promise<DomainSummary> => {
    const { toState } = await import('./states.js');
    const { parseDomain } = await import('@ctvirt/xml');
    const [type, xml, state, autostart, persistent] = await Promise.all([
      driverType(),
      domain.getXmlDesc({ flags: 0 }),
      domain.getState({ flags: 0 }),
      domain.getAutostart().catch(() => 0), // transient domains have none
      domain.isPersistent(),
    ]);
    // Undefined of what is no container.
    const { domain: document } = parseDomain(xml, { foreign: true });
    return {
      id: domain.id === -1 ? null : domain.id,
      name: domain.name,
      uuid: domain.uuid,
      type: document?.type ?? type,
      title: document?.title ?? null,
      ...toState(state),
      autostart: autostart === 1,
      persistent: persistent === 1,
      ctid: null,
      template: null,
      profile: null,
      hostname: '',
      addresses: [],
    };
  };
  /** Looks it up again: its id is another when it has started or ended. */
  const again = async (domain: RemoteDomain): Promise<DomainSummary> => {
    const libvirt = await connection();
    return await summaryOf(await libvirt.domainLookupByUuid({ uuid: domain.uuid }).catch(() => domain));
  };

  return { find, summaryOf, again };
}
