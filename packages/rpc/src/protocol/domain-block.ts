// The protocol table: disks of domains, jobs on them, backups.
// SPDX-License-Identifier: Apache-2.0
import { hyper, int, opaque, uhyper, uint } from '../xdr.js';
import { domain, optStr, str, typedParams } from './objects.js';
import { read, write } from './row.js';

const dom = domain;

/** Procedures on the disks of a domain: `path` and `disk` take a target, such as `vda`, or a source. */
export const domainBlockCalls = {
  domainBlockStats: read(
    64,
    { dom, path: str },
    { rdReq: hyper, rdBytes: hyper, wrReq: hyper, wrBytes: hyper, errs: hyper },
  ),
  domainBlockPeek: write(
    103,
    { dom, path: str, offset: uhyper, size: uint, flags: uint },
    { buffer: opaque(4_194_304) },
  ),
  domainGetBlockInfo: read(
    194,
    { dom, path: str, flags: uint },
    { allocation: uhyper, capacity: uhyper, physical: uhyper },
  ),
  domainBlockJobAbort: write(237, { dom, path: str, flags: uint }),
  domainGetBlockJobInfo: read(
    238,
    { dom, path: str, flags: uint },
    { found: int, type: int, bandwidth: uhyper, cur: uhyper, end: uhyper },
  ),
  domainBlockJobSetSpeed: write(239, { dom, path: str, bandwidth: uhyper, flags: uint }),
  domainBlockPull: write(240, { dom, path: str, bandwidth: uhyper, flags: uint }),
  domainBlockResize: write(251, { dom, disk: str, size: uhyper, flags: uint }),
  domainBlockRebase: write(266, { dom, path: str, base: optStr, bandwidth: uhyper, flags: uint }),
  domainBlockCommit: write(290, {
    dom,
    disk: str,
    base: optStr,
    top: optStr,
    bandwidth: uhyper,
    flags: uint,
  }),
  domainBlockCopy: write(345, { dom, path: str, destxml: str, params: typedParams(16), flags: uint }),
  domainSetBlockThreshold: write(386, { dom, dev: str, threshold: uhyper, flags: uint }),
  domainBackupBegin: write(421, { dom, backupXml: str, checkpointXml: optStr, flags: uint }),
  domainBackupGetXmlDesc: read(422, { dom, flags: uint }, { xml: str }),
};
