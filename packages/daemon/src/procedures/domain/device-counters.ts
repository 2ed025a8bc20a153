// Counters of domains: those of single disks and links.
// SPDX-License-Identifier: Apache-2.0
import type { LinkCounters } from '@ctvirt/engine';
import type { TypedParam } from '@ctvirt/rpc';
import { type Bind, domainOf, runningDomainOf } from '../session.js';
import { stringFlag } from '../words/affect.js';
import { checkFlags, refusal } from '../words/refusal.js';

/** The container's whole I/O: the kernel does not count it by file system. */
export const wholeDisk = '/';

const isSame = (link: LinkCounters, device: string): boolean =>
  link.hostName === device || link.name === device || link.mac?.toLowerCase() === device.toLowerCase();

/** As libvirt has what is not counted. */
const orNot = (number: number | null): bigint => BigInt(number ?? -1);

/** Bytes and requests of a running domain's disks and links; names it has not got are `invalidArg`. */
export const bindDeviceCounters: Bind = ({ engine }) => {
  const ioOf = (uuid: string, path: string) => {
    if (path !== '' && path !== wholeDisk) throw refusal('invalidArg', 'domain', `invalid path: ${path}`);
    return engine.counters(uuid).io();
  };

  return {
    domainBlockStats({ dom, path }, { session }) {
      const { readBytes, writtenBytes, reads, writes } = ioOf(
        runningDomainOf(engine, session, dom).uuid,
        path,
      );
      return {
        rdReq: orNot(reads),
        rdBytes: orNot(readBytes),
        wrReq: orNot(writes),
        wrBytes: orNot(writtenBytes),
        errs: -1n,
      };
    },
    domainBlockStatsFlags({ dom, path, nparams, flags }, { session, name }) {
      checkFlags(flags, stringFlag, name);
      const { readBytes, writtenBytes, reads, writes } = ioOf(
        runningDomainOf(engine, session, dom).uuid,
        path,
      );
      const values = {
        rd_bytes: readBytes,
        rd_operations: reads,
        wr_bytes: writtenBytes,
        wr_operations: writes,
      };
      const params = Object.entries(values).flatMap(([field, value]): TypedParam[] =>
        value === null ? [] : [{ field, type: 'llong', value: BigInt(value) }],
      );
      return nparams === 0
        ? { params: [], nparams: params.length }
        : { params: params.slice(0, nparams), nparams: Math.min(nparams, params.length) };
    },
    async domainGetBlockInfo({ dom, path, flags }, { session, name }) {
      checkFlags(flags, 0, name);
      if (path !== wholeDisk)
        throw refusal('invalidArg', 'domain', `invalid path ${path} not assigned to domain`);
      const { disk } = await engine.info(domainOf(engine, session, dom).uuid);
      const used = BigInt(disk.usedBytes ?? 0);
      // Without a limit of its own libvirt has no word for it: never less than what is there.
      const capacity = disk.limitBytes === null ? used : BigInt(disk.limitBytes);
      return { allocation: used, capacity, physical: used };
    },
    async domainInterfaceStats({ dom, device }, { session }) {
      const { uuid } = runningDomainOf(engine, session, dom);
      const link = (await engine.counters(uuid).links()).find((one) => isSame(one, device));
      if (link === undefined) throw refusal('invalidArg', 'domain', `'${device}' is not a known interface`);
      const { rx, tx } = link;
      return {
        rxBytes: orNot(rx.bytes),
        rxPackets: orNot(rx.packets),
        rxErrs: orNot(rx.errors),
        rxDrop: orNot(rx.drops),
        txBytes: orNot(tx.bytes),
        txPackets: orNot(tx.packets),
        txErrs: orNot(tx.errors),
        txDrop: orNot(tx.drops),
      };
    },
  };
};
