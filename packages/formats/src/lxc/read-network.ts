// The interfaces of an LXC configuration: settings of one number together are one interface.
// SPDX-License-Identifier: Apache-2.0
import type { Domain } from '@ctvirt/xml';
import { withAnother } from '../beancounters.js';
import { withHostdevs, withInterfaces, withPrivnet } from '../edit.js';
import { approximated, carried, ignored, noted, type Outcome, settle } from '../outcome.js';
import type { Report } from '../report.js';
import { type Built, buildNic, isNicType, type Nic, readSubKey, type Said } from './nic.js';
import type { LxcSetting } from './parse.js';
import { notePrefix } from './row.js';

type Place = 'interface' | 'hostdev' | 'kept' | 'nowhere';

/** One interface once all of its settings are read. */
interface Nics {
  readonly own: readonly LxcSetting[];
  readonly type: LxcSetting | undefined;
  readonly said: ReadonlyMap<LxcSetting, Said & { readonly part?: keyof Nic }>;
  /** What came of it in the document. */
  readonly place: Place;
  readonly takes: readonly (keyof Nic)[];
}

const subKeyOf = (name: string): string => name.replace(/^net\.\d+\.?/, '');

/** Reads all interfaces; without any, the container has a loopback of its own, as with liblxc. */
export function readNetwork(domain: Domain, settings: readonly LxcSetting[], report: Report): Domain {
  const numbers = [...new Set(settings.map(({ name }) => Number(/^net\.(\d+)/.exec(name)?.[1])))].sort(
    (a, b) => a - b,
  );
  let result = domain;
  const nics = numbers.map((number): Nics => {
    const own = settings.filter(({ name }) => name.startsWith(`net.${number}.`));
    const [next, nic] = place(result, own, report);
    result = next;
    return nic;
  });
  // What is kept of an interface stands by its number in the document: interfaces, devices, then those that have none.
  const order = (['interface', 'hostdev', 'kept'] as const).flatMap((each) =>
    nics.filter((nic) => nic.place === each),
  );
  for (const nic of nics) result = settleRest(result, nic, order.indexOf(nic), report);
  const isAlone = nics.every((nic) => nic.place === 'nowhere' || nic.place === 'kept');
  const isShared = nics.some((nic) => nic.place === 'kept' && nic.type?.value === 'none');
  return isAlone && !isShared ? withPrivnet(result) : result;
}

/** Puts the device of an interface into the document, and says so at its type. */
function place(domain: Domain, own: readonly LxcSetting[], report: Report): [Domain, Nics] {
  const type = own.find(({ name }) => subKeyOf(name) === 'type');
  const nic: Nic = {};
  const said = new Map(
    own
      .filter((setting) => setting !== type)
      .map((setting) => [setting, readSubKey(nic, subKeyOf(setting.name), setting.value)] as const),
  );
  const none = { own, type, said, takes: [] };
  if (type === undefined) return [domain, { ...none, place: 'nowhere' }];
  if (type.value === 'empty')
    return [
      settle(domain, carried(domain, 'privnet, unless there are interfaces'), [type], report),
      { ...none, place: 'nowhere' },
    ];
  const built = buildNic(type.value, nic);
  if (typeof built === 'string') {
    // An interface with a type of liblxc's is kept whole, its type by its number like all the rest of it.
    const isKept = isNicType(type.value);
    if (!isKept) report.ignored(type, built);
    return [
      domain,
      {
        ...none,
        said: isKept ? new Map([...said, [type, { why: built }]]) : said,
        place: isKept ? 'kept' : 'nowhere',
      },
    ];
  }
  const result = settle(domain, outcomeOf(domain, built), [type], report);
  // A device that would contradict the rest is not there.
  return [result, { ...none, takes: built.takes, place: result === domain ? 'nowhere' : built.device.kind }];
}

function outcomeOf(domain: Domain, { device, how, loss }: Built): Outcome {
  const result =
    device.kind === 'interface' ? withInterfaces(domain, [device.one]) : withHostdevs(domain, [device.one]);
  return loss ? approximated(result, how) : carried(result, how);
}

/** Says of each sub-key whether the device has it; what it has not is kept by its name, with the number it is written back with. */
function settleRest(domain: Domain, nic: Nics, number: number, report: Report): Domain {
  let result = domain;
  for (const [setting, said] of nic.said)
    result = settle(result, restOutcome(result, nic, setting, said, number), [setting], report);
  return result;
}

function restOutcome(
  domain: Domain,
  { type, place: where, takes }: Nics,
  setting: LxcSetting,
  said: Said & { readonly part?: keyof Nic },
  number: number,
): Outcome {
  const sub = subKeyOf(setting.name);
  if (type === undefined) return ignored('the interface has no type');
  if (type.value === 'empty')
    return sub === 'flags' ? carried(domain, 'its loopback is up') : ignored('an empty network has none');
  if (where === 'nowhere') return ignored('the interface is left out');
  if (said.why === undefined && said.part !== undefined && takes.includes(said.part))
    return said.loss ? approximated(domain, said.how) : carried(domain, said.how);
  const why = said.why ?? `${type.value} has no element that holds it; kept by its name`;
  return noted(withAnother(domain, `${notePrefix}net.${number}.${sub}`, setting.value), why);
}
