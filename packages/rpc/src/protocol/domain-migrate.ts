// The protocol table: migration of domains between hosts.
// SPDX-License-Identifier: Apache-2.0
import { int, opaque, uhyper, uint } from '../xdr.js';
import { domain, optStr, str, typedParams } from './objects.js';
import { read, streaming, write } from './row.js';

const dom = domain;
const cookie = opaque(4_194_304);
const params = typedParams(64);
const flagsTarget = { flags: uhyper, dname: optStr, resource: uhyper };
const prepared = { cookieOut: cookie, uriOut: optStr };

/** Procedures of all three migration protocols, the third with and without typed parameters. */
export const domainMigrateCalls = {
  domainMigratePrepare: write(61, { uriIn: optStr, ...flagsTarget }, { cookie, uriOut: optStr }),
  domainMigratePerform: write(62, { dom, cookie, uri: str, ...flagsTarget }),
  domainMigrateFinish: write(63, { dname: str, cookie, uri: str, flags: uhyper }, { ddom: domain }),
  domainMigratePrepare2: write(
    108,
    { uriIn: optStr, ...flagsTarget, domXml: str },
    { cookie, uriOut: optStr },
  ),
  domainMigrateFinish2: write(
    109,
    { dname: str, cookie, uri: str, flags: uhyper, retcode: int },
    { ddom: domain },
  ),
  domainMigratePrepareTunnel: streaming('upload', write(148, { ...flagsTarget, domXml: str })),
  domainMigrateSetMaxDowntime: write(166, { dom, downtime: uhyper, flags: uint }),
  domainMigrateGetMaxDowntime: read(387, { dom, flags: uint }, { downtime: uhyper }),
  domainMigrateSetMaxSpeed: write(207, { dom, bandwidth: uhyper, flags: uint }),
  domainMigrateGetMaxSpeed: write(242, { dom, flags: uint }, { bandwidth: uhyper }),
  domainMigrateGetCompressionCache: read(299, { dom, flags: uint }, { cacheSize: uhyper }),
  domainMigrateSetCompressionCache: write(300, { dom, cacheSize: uhyper, flags: uint }),
  domainMigrateStartPostCopy: write(364, { dom, flags: uint }),

  domainMigrateBegin3: write(213, { dom, xmlin: optStr, ...flagsTarget }, { cookieOut: cookie, xml: str }),
  domainMigratePrepare3: write(
    214,
    { cookieIn: cookie, uriIn: optStr, ...flagsTarget, domXml: str },
    prepared,
  ),
  domainMigratePrepareTunnel3: streaming(
    'upload',
    write(215, { cookieIn: cookie, ...flagsTarget, domXml: str }, { cookieOut: cookie }),
  ),
  domainMigratePerform3: write(
    216,
    { dom, xmlin: optStr, cookieIn: cookie, dconnuri: optStr, uri: optStr, ...flagsTarget },
    { cookieOut: cookie },
  ),
  domainMigrateFinish3: write(
    217,
    { dname: str, cookieIn: cookie, dconnuri: optStr, uri: optStr, flags: uhyper, cancelled: int },
    { dom, cookieOut: cookie },
  ),
  domainMigrateConfirm3: write(218, { dom, cookieIn: cookie, flags: uhyper, cancelled: int }),

  domainMigrateBegin3Params: write(302, { dom, params, flags: uint }, { cookieOut: cookie, xml: str }),
  domainMigratePrepare3Params: write(303, { params, cookieIn: cookie, flags: uint }, prepared),
  domainMigratePrepareTunnel3Params: streaming(
    'upload',
    write(304, { params, cookieIn: cookie, flags: uint }, { cookieOut: cookie }),
  ),
  domainMigratePerform3Params: write(
    305,
    { dom, dconnuri: optStr, params, cookieIn: cookie, flags: uint },
    { cookieOut: cookie },
  ),
  domainMigrateFinish3Params: write(
    306,
    { params, cookieIn: cookie, flags: uint, cancelled: int },
    { dom, cookieOut: cookie },
  ),
  domainMigrateConfirm3Params: write(307, { dom, params, cookieIn: cookie, flags: uint, cancelled: int }),
};
