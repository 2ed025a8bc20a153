// Keys of the host, in vz.conf, and those of OpenVZ 7 that are known by name alone.
// SPDX-License-Identifier: Apache-2.0
import { inGroup } from '../parameter.js';

/** Nothing of these is a container's. */
export const hostRows = inGroup('host', [
  { key: 'VIRTUOZZO', syntax: 'bool', meaning: 'service starts with the node' },
  { key: 'LOCKDIR', syntax: 'path', meaning: 'lock files' },
  { key: 'DUMPDIR', syntax: 'path', meaning: 'checkpoint images' },
  { key: 'VE0CPUUNITS', syntax: 'ulong', unit: 'count', meaning: 'CPU weight of the host' },
  { key: 'VE_STOP_MODE', syntax: 'word', meaning: 'suspend or stop when the service stops' },
  { key: 'VE_PARALLEL', syntax: 'ulong', unit: 'count', meaning: 'containers started at once' },
  { key: 'LOGGING', syntax: 'bool', meaning: 'log at all' },
  { key: 'LOGFILE', syntax: 'path', meaning: 'log file' },
  { key: 'LOG_LEVEL', syntax: 'ulong', unit: 'count', meaning: 'detail in the log' },
  { key: 'VERBOSE', syntax: 'ulong', unit: 'count', meaning: 'detail on the terminal' },
  { key: 'VZFASTBOOT', syntax: 'bool', meaning: 'start with quota not yet recounted' },
  { key: 'MODULES_DISABLED', syntax: 'bool', meaning: 'load no modules' },
  { key: 'VE_ROUTE_SRC_DEV', syntax: 'word', meaning: 'device whose address is the source of routes' },
  { key: 'NEIGHBOUR_DEVS', syntax: 'text', meaning: 'devices that answer neighbours' },
  { key: 'ERROR_ON_ARPFAIL', syntax: 'bool', meaning: 'refuse an address in use' },
  { key: 'SKIP_ARPDETECT', syntax: 'bool', meaning: 'do not look for addresses in use' },
  { key: 'SKIP_SYSCTL_SETUP', syntax: 'bool', meaning: 'leave sysctl alone' },
  { key: 'FORCE_ROUTE', syntax: 'bool', meaning: 'set routes always' },
  { key: 'CONFIGFILE', syntax: 'word', meaning: 'profile of new containers' },
  { key: 'DEF_OSTEMPLATE', syntax: 'word', meaning: 'template of new containers' },
  { key: 'IPTABLES_MODULES', syntax: 'list', meaning: 'modules loaded on the host' },
  { key: 'IP6TABLES', syntax: 'list', meaning: 'IPv6 modules loaded on the host' },
  { key: 'VZWDOG', syntax: 'bool', meaning: 'watchdog' },
  { key: 'CONFIG_CUSTOMIZED', syntax: 'bool', meaning: 'marks a changed configuration' },
]);

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
