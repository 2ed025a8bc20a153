// The protocol table: limits, weights and counters of domains, in typed parameters.
// SPDX-License-Identifier: Apache-2.0
import { int, uint } from '../xdr.js';
import { domain, optStr, str, typedParams } from './objects.js';
import { read, write } from './row.js';

const dom = domain;
const few = typedParams(16);
const ioTune = typedParams(32);
const perf = typedParams(64);
/** Read calls ask twice: with `nparams` 0 for their number, then for that many. */
const asked = { dom, nparams: int, flags: uint };
const answered = { params: few, nparams: int };
const given = { dom, params: few, flags: uint };

/** Procedures on what a domain may use and has used, mostly in typed parameters. */
export const domainTuningCalls = {
  domainGetSchedulerType: read(56, { dom }, { type: str, nparams: int }),
  domainGetSchedulerParameters: read(57, { dom, nparams: int }, { params: few }),
  domainGetSchedulerParametersFlags: read(223, asked, { params: few }),
  domainSetSchedulerParameters: write(58, { dom, params: few }),
  domainSetSchedulerParametersFlags: write(219, given),
  domainSetMemoryParameters: write(197, given),
  domainGetMemoryParameters: read(198, asked, answered),
  domainSetBlkioParameters: write(205, given),
  domainGetBlkioParameters: read(206, asked, answered),
  domainSetNumaParameters: write(254, given),
  domainGetNumaParameters: read(255, asked, answered),
  domainSetInterfaceParameters: write(256, { dom, device: str, params: few, flags: uint }),
  domainGetInterfaceParameters: read(257, { dom, device: str, nparams: int, flags: uint }, answered),
  domainSetBlockIoTune: write(252, { dom, disk: str, params: ioTune, flags: uint }),
  domainGetBlockIoTune: read(
    253,
    { dom, disk: optStr, nparams: int, flags: uint },
    { params: ioTune, nparams: int },
  ),
  domainSetThrottleGroup: write(451, { dom, group: str, params: ioTune, flags: uint }),
  domainDelThrottleGroup: write(452, { dom, group: optStr, flags: uint }),
  domainBlockStatsFlags: read(243, { dom, path: str, nparams: int, flags: uint }, answered),
  domainGetCpuStats: read(
    262,
    { dom, nparams: uint, startCpu: int, ncpus: uint, flags: uint },
    { params: typedParams(2048), nparams: int },
  ),
  domainGetPerfEvents: read(365, { dom, flags: uint }, { params: perf }),
  domainSetPerfEvents: write(366, { dom, params: perf, flags: uint }),
};
