// What domains are plugged into, and who has which address there.
// SPDX-License-Identifier: Apache-2.0
import type { NetworkSummary } from '@ctvirt/api/browser';
import { useSignal } from '@preact/signals';
import { count, moment } from '../format.js';
import { needs } from '../parts/deeds.js';
import { confirm } from '../parts/dialog.js';
import { Answer, Card, Command, Empty, Head } from '../parts/frame.js';
import { Table } from '../parts/table.js';
import { pathOf } from '../paths.js';
import { Link } from '../router.js';
import { asApiError, useAsked } from '../state/asked.js';
import { hostNow } from '../state/clock.js';
import { daemon } from '../state/daemon.js';
import { say } from '../state/notes.js';
import { told } from '../state/told.js';
import { texts } from '../texts.js';

const words = texts.networks;

function Leases({ network }: { readonly network: string }) {
  const leases = useAsked((signal) => daemon.networks.leases({ network }, { signal }), [network], {
    onBeat: true,
  });
  const heads = words.leaseColumns;
  return (
    <Card title={words.leases(network)} isFlush>
      <div
        style={
          leases.value === undefined || leases.value.length === 0 ? { padding: '0 16px 16px' } : undefined
        }
      >
        <Answer of={leases}>
          {(list) =>
            list.length === 0 ? (
              <p class="soft">{words.leasesNone}</p>
            ) : (
              <Table
                heads={[
                  { text: heads.address },
                  { text: heads.domain },
                  { text: heads.hostname },
                  { text: heads.mac },
                  { text: heads.expires },
                ]}
              >
                {list.map(({ address, domain, hostname, mac, expires }) => (
                  <tr key={`${address} ${mac}`}>
                    <td class="mono">{address}</td>
                    <td data-label={heads.domain}>
                      {domain === null ? '–' : <Link href={pathOf('domains', domain)}>{domain}</Link>}
                    </td>
                    <td data-label={heads.hostname}>{hostname ?? '–'}</td>
                    <td class="mono" data-label={heads.mac}>
                      {mac ?? '–'}
                    </td>
                    <td class="nowrap" data-label={heads.expires}>
                      {expires === null ? words.forever : moment(expires, hostNow())}
                    </td>
                  </tr>
                ))}
              </Table>
            )
          }
        </Answer>
      </div>
    </Card>
  );
}

type Done = () => void;

async function start(name: string, done: Done): Promise<void> {
  const work = () => daemon.networks.start({ network: name });
  if (await told(words.startBusy(name), words.startDone(name), work)) done();
}

/** Who is cut off by it is asked about, by name, and so is what nothing brings back. */
async function stop({ name, persistent }: NetworkSummary, done: Done): Promise<void> {
  const run = async () => {
    const work = () => daemon.networks.stop({ network: name });
    const undo = persistent ? () => void start(name, done) : undefined;
    if (await told(words.stopBusy(name), words.stopDone(name), work, undo)) done();
  };
  try {
    const names = await daemon.networks.users({ network: name });
    if (names.length === 0 && persistent) return await run();
    const why = words.stopWhy(names, persistent);
    confirm({
      title: words.stopTitle(name),
      why,
      names,
      sure: `${words.stop} ${name}`,
      run: () => void run(),
    });
  } catch (error) {
    say({ kind: 'failed', text: words.stopBusy(name), detail: asApiError(error).message });
  }
}

interface SwitchProps {
  readonly network: NetworkSummary;
  readonly done: Done;
}

/** Starts it, or stops it. */
function Switch({ network, done }: SwitchProps) {
  const { name, active, members, persistent } = network;
  const word = active ? words.stop : words.start;
  return (
    <button
      type="button"
      class="button slim"
      {...needs('operator')}
      aria-label={`${word} ${name}`}
      onClick={() => void (active ? stop(network, done) : start(name, done))}
    >
      {word}
      {active && (members > 0 || !persistent) && '…'}
    </button>
  );
}

interface ListProps {
  readonly networks: readonly NetworkSummary[];
  readonly again: Done;
}

function List({ networks, again }: ListProps) {
  const open = useSignal<string | undefined>(undefined);
  const heads = words.columns;
  return (
    <>
      <div class="card">
        <Table
          heads={[
            { text: heads.name },
            { text: heads.state },
            { text: heads.forward },
            { text: heads.subnets },
            { text: heads.members, isEnd: true },
            { text: words.addresses, isHidden: true },
          ]}
        >
          {networks.map((network) => {
            const { name, active, autostart, forward, subnets, members } = network;
            return (
              <tr key={name}>
                <td class="wrap">
                  <b>{name}</b>
                </td>
                <td data-label={heads.state}>
                  <span>
                    <span class={active ? 'pill on' : 'pill off'}>
                      <span aria-hidden="true">{active ? '●' : '○'}</span>
                      {active ? words.active : words.inactive}
                    </span>
                    {autostart && <span class="soft small"> {words.autostart}</span>}
                  </span>
                </td>
                <td data-label={heads.forward}>{forward}</td>
                <td class="mono" data-label={heads.subnets}>
                  {subnets.map(({ address, prefix }) => `${address}/${prefix}`).join(', ') || '–'}
                </td>
                <td class="end" data-label={heads.members}>
                  <data value={members}>{count(members)}</data>
                </td>
                <td class="end">
                  <span class="buttons">
                    <Switch network={network} done={again} />
                    <button
                      type="button"
                      class="button slim"
                      aria-expanded={open.value === name}
                      onClick={() => {
                        open.value = open.value === name ? undefined : name;
                      }}
                    >
                      {words.addresses}
                    </button>
                  </span>
                </td>
              </tr>
            );
          })}
        </Table>
      </div>
      {open.value !== undefined && <Leases network={open.value} />}
    </>
  );
}

export function Screen() {
  const networks = useAsked((signal) => daemon.networks.list({}, { signal }), [], {
    onEvent: ({ event }) => event === 'started' || event === 'stopped',
    onBeat: true,
  });
  return (
    <>
      <Head title={words.title} />
      <Answer of={networks} lines={5}>
        {(list) =>
          list.length === 0 ? (
            <div class="card">
              <Empty icon="networks" title={words.empty} why={words.emptyWhy}>
                <div class="steps">
                  <Command line={words.emptyNext} />
                </div>
              </Empty>
            </div>
          ) : (
            <List networks={list} again={networks.again} />
          )
        }
      </Answer>
    </>
  );
}
