// Processors of domains: on which of the host's they may run.
// SPDX-License-Identifier: Apache-2.0
import { type Bind, domainOf, runningDomainOf, type Session } from '../session.js';
import { affectedBy, askedDocument } from '../words/affect.js';
import { amend } from '../words/parameters.js';
import { refusal } from '../words/refusal.js';
import { fromCpuMap, mapBytes, placeOf, placesOf, toCpuMap, withPins } from './pinning.js';
import { hostProcessors, vcpusOf } from './processors.js';

/** Maps have a bit for each of the host's processors; all of the bits of one that is not pinned are set. */
export const bindDomainPins: Bind = ({ engine }) => {
  const pin = async (
    { dom, vcpu, cpumap, flags }: { dom: { uuid: string }; vcpu: number; cpumap: Uint8Array; flags: number },
    session: Session,
    name: string,
  ): Promise<void> => {
    const domain = domainOf(engine, session, dom);
    const affected = affectedBy(flags, domain, name);
    const hostCount = hostProcessors();
    const wanted = fromCpuMap(cpumap, hostCount);
    const sides = { live: affected.live, persistent: affected.stored };
    for (const [side, isMeant] of Object.entries(sides)) {
      if (!isMeant) continue;
      const document = await engine.document(domain.uuid, { inactive: side === 'persistent' });
      const count = vcpusOf(document).maximum;
      if (vcpu >= count)
        throw refusal('invalidArg', 'domain', `vcpu ${vcpu} is out of range of ${side} cpu count ${count}`);
    }
    await amend(engine, domain, affected, (before) => {
      const pins = placesOf(before, vcpusOf(before).maximum, hostCount);
      return withPins(before, pins.with(vcpu, wanted), hostCount);
    });
  };

  return {
    domainPinVcpu: ({ dom, vcpu, cpumap }, { session, name }) =>
      pin({ dom: runningDomainOf(engine, session, dom), vcpu, cpumap, flags: 1 }, session, name),
    domainPinVcpuFlags: (args, { session, name }) => pin(args, session, name),
    async domainGetVcpuPinInfo({ dom, ncpumaps, maplen, flags }, { session, name }) {
      const { document } = await askedDocument(engine, domainOf(engine, session, dom), { flags, name });
      const count = Math.min(Math.max(0, ncpumaps), vcpusOf(document).maximum);
      const pins = placesOf(document, count, hostProcessors());
      return { cpumaps: Buffer.concat(pins.map((each) => toCpuMap(each, mapBytes(maplen)))), num: count };
    },
    async domainGetEmulatorPinInfo({ dom, maplen, flags }, { session, name }) {
      const { document } = await askedDocument(engine, domainOf(engine, session, dom), { flags, name });
      return { cpumaps: toCpuMap(placeOf(document, hostProcessors()), mapBytes(maplen)), ret: 1 };
    },
  };
};
