// Keys of the host, in vz.conf, and those of OpenVZ 7 that are known by name alone.
// SPDX-License-Identifier: Apache-2.0
import { type Definition, inGroup } from '../parameter.js';

/** A line each: its name, its syntax, what it says. */
const table = `
  VIRTUOZZO bool service starts with the node
  LOCKDIR path lock files
  DUMPDIR path checkpoint images
  VE0CPUUNITS ulong CPU weight of the host
  VE_STOP_MODE word suspend or stop when the service stops
  VE_PARALLEL ulong containers started at once
  LOGGING bool log at all
  LOGFILE path log file
  LOG_LEVEL ulong detail in the log
  VERBOSE ulong detail on the terminal
  VZFASTBOOT bool start with quota not yet recounted
  MODULES_DISABLED bool load no modules
  VE_ROUTE_SRC_DEV word device whose address is the source of routes
  NEIGHBOUR_DEVS text devices that answer neighbours
  ERROR_ON_ARPFAIL bool refuse an address in use
  SKIP_ARPDETECT bool do not look for addresses in use
  SKIP_SYSCTL_SETUP bool leave sysctl alone
  FORCE_ROUTE bool set routes always
  CONFIGFILE word profile of new containers
  DEF_OSTEMPLATE word template of new containers
  IPTABLES_MODULES list modules loaded on the host
  IP6TABLES list IPv6 modules loaded on the host
  VZWDOG bool watchdog
  CONFIG_CUSTOMIZED bool marks a changed configuration`;

const syntaxOf = (word = ''): Pick<Definition, 'syntax' | 'unit'> => {
  for (const syntax of ['bool', 'path', 'word', 'text', 'list'] as const)
    if (word === syntax) return { syntax };
  return { syntax: 'ulong', unit: 'count' };
};

/** Nothing of these is a container's. */
export const hostRows = inGroup(
  'host',
  table
    .trim()
    .split('\n')
    .map((line) => {
      const [key = '', syntax, ...meaning] = line.trim().split(' ');
      return { key, ...syntaxOf(syntax), meaning: meaning.join(' ') };
    }),
);

const laterKeys =
  'UUID VE_TYPE TEMPLATES TECHNOLOGIES DISK ROOT_DISK JOURNALED_QUOTA CPULIMIT_MHZ CPUWEIGHT OSRELEASE HA_ENABLE HA_PRIO BINDMOUNT VE_ENVIRONMENT NOATIME AUTOSTOP AUTOCOMPACT SLMMODE SLMMEMORYLIMIT TRAFFIC_SHAPING TOTALRATE RATE RATEBOUND MEMGUARANTEE MEMGUARANTEE_BYTES PAGECACHE_ISOLATION NUMMEMORYSUBGROUPS NUMNETIF VEFORMAT VEFSTYPE';
const laterFixed = new Set(['UUID', 'TEMPLATES', 'TECHNOLOGIES', 'DISK', 'VEFORMAT', 'VEFSTYPE']);

/** OpenVZ 7 and Virtuozzo: known by name so that no one calls them misspelt, and kept as they are. */
export const laterRows = inGroup(
  'later',
  laterKeys.split(' ').map((key) => ({
    key,
    syntax: 'text',
    profile: !laterFixed.has(key),
    meaning: 'a key of OpenVZ 7, kept as it is',
  })),
);
