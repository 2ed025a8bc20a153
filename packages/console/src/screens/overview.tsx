// The host at a glance: what it promised, what still fits, who takes most, who stands at a wall.
// SPDX-License-Identifier: Apache-2.0
import type { GuaranteeReport } from '@ctvirt/api/browser';
import { ago, bytes, count, plural, processors } from '../format.js';
import { EventLines } from '../parts/events.js';
import { Answer, Bones, Card, Fault, Head } from '../parts/frame.js';
import { Gauge } from '../parts/gauge.js';
import { Fit, PromiseRow, whyFits } from '../parts/promise.js';
import { Spark } from '../parts/spark.js';
import { pathOf } from '../paths.js';
import { Link } from '../router.js';
import { useAsked } from '../state/asked.js';
import { hostNow, isOver } from '../state/clock.js';
import { daemon } from '../state/daemon.js';
import { fault, isNumbered, load, type Row, rows, turn } from '../state/domains.js';
import { events } from '../state/events.js';
import { kinds } from '../state/filter.js';
import { hostFacts } from '../state/host.js';
import { texts } from '../texts.js';
import { NoDomains } from './no-domains.js';

const words = texts.overview;

interface TileProps {
  readonly value: number;
  readonly what: string;
  readonly href: string;
}

const Tile = ({ value, what, href }: TileProps) => (
  <Link href={href}>
    <data class="big" value={value}>
      {count(value)}
    </data>
    <span class="what">{what}</span>
  </Link>
);

/** Of what there should be none; nothing is said before it is known. */
const Trouble = ({ value, what, href }: TileProps) =>
  isNumbered.value ? (
    <Link href={href} class={value > 0 ? 'warn' : undefined}>
      <data class="big" value={value}>
        {count(value)}
      </data>
      <span class="what">
        <span aria-hidden="true">{value > 0 ? '✕' : '✓'}</span>
        {what}
      </span>
    </Link>
  ) : (
    <Link href={href}>
      <span class="big">–</span>
      <span class="what">{what}</span>
    </Link>
  );

function Tiles({ all }: { readonly all: readonly Row[] }) {
  turn.value; // whatever changes is counted anew
  const running = all.filter(({ is }) => is.value.state !== 'shutoff').length;
  const of = (isKind: (row: Row) => boolean): number => all.filter(isKind).length;
  return (
    <div class="tiles">
      <Tile value={all.length} what={words.domains(all.length)} href="/domains" />
      <Tile value={running} what={words.running} href="/domains?state=running" />
      <Tile value={all.length - running} what={words.off} href="/domains?state=shutoff" />
      <Trouble value={of(kinds.broken)} what={words.broken} href="/domains?promise=broken" />
      <Trouble value={of(kinds.wall)} what={words.atWall} href="/domains?promise=wall" />
      {of(kinds.crashed) > 0 && (
        <Trouble value={of(kinds.crashed)} what={words.crashed} href="/domains?state=crashed" />
      )}
    </div>
  );
}

const mostHogs = 5;

function Hogs({ all }: { readonly all: readonly Row[] }) {
  turn.value;
  const most = (measure: (row: Row) => number) =>
    all
      .map((row) => ({ row, by: measure(row) }))
      .filter(({ by }) => by > 0)
      .sort((a, b) => b.by - a.by)
      .slice(0, mostHogs);
  const table = (title: string, top: readonly { row: Row; by: number }[], tell: (by: number) => string) => (
    <div>
      <h3>{title}</h3>
      <ul class="lines">
        {top.map(({ row, by }) => (
          <li key={row.uuid}>
            <Link class="grow cut" href={pathOf('domains', row.is.value.name)}>
              {row.is.value.name}
            </Link>
            <span style={{ inlineSize: '34%' }}>
              <Gauge
                label={`${title} ${row.is.value.name}`}
                text={tell(by)}
                value={by}
                end={top[0]?.by ?? 1}
                isThin
              />
            </span>
            <data class="end num" style={{ inlineSize: '72px' }} value={by}>
              {tell(by)}
            </data>
          </li>
        ))}
      </ul>
    </div>
  );
  return (
    <Card title={words.hogs}>
      <div class="grid pair">
        {table(
          words.hogsCpu,
          most(({ use }) => use.value?.cpu ?? 0),
          processors,
        )}
        {table(
          words.hogsMemory,
          most(({ use }) => use.value?.memory ?? 0),
          bytes,
        )}
      </div>
    </Card>
  );
}

function Walls({ all }: { readonly all: readonly Row[] }) {
  turn.value;
  const at = all
    .filter(kinds.wall)
    .sort((a, b) => (b.refused.value?.total ?? 0) - (a.refused.value?.total ?? 0))
    .slice(0, 8);
  return (
    <Card title={words.walls}>
      {!isNumbered.value ? (
        fault.value === undefined ? (
          <Bones lines={2} />
        ) : (
          <Fault error={fault.value} again={() => void load()} />
        )
      ) : at.length === 0 ? (
        <p class="soft">✓ {words.wallsNone}</p>
      ) : (
        <ul class="lines">
          {at.map(({ uuid, is, refused }) => (
            <li key={uuid}>
              <Link class="grow wrap" href={pathOf('domains', is.value.name, 'limits')}>
                {is.value.name}
              </Link>
              <span class="mono">{refused.value?.resource}</span>
              <span class="warn-text num">✕ {words.wallsCount(refused.value?.total ?? 0)}</span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

const daySeconds = 26 * 3600;

/** What all took together, over the last day. */
function Day() {
  const history = useAsked(
    (signal) =>
      daemon.history.host(
        {
          series: 'cpu,memory',
          from: ago(daySeconds, hostNow()),
          points: 240,
        },
        { signal },
      ),
    [],
    { onEvent: ({ event }) => event === 'beancounter', onBeat: isOver },
  );
  const usage = texts.usage;
  return (
    <Card title={usage.host} sub={usage.hostSub}>
      <Answer of={history} lines={3}>
        {({ series, walls, from, to }) => {
          const start = new Date(from).getTime();
          const length = new Date(to).getTime() - start;
          const marks = walls.map(({ at }) => (new Date(at).getTime() - start) / length);
          const line = (title: string, name: string, tell: (value: number) => string) => {
            const values = series[name]?.average ?? [];
            const last = series[name]?.last ?? null;
            const text = last === null ? '–' : tell(last);
            return (
              <div>
                <h3 class="small">
                  {title} <span class="soft">{text}</span>
                </h3>
                <Spark label={`${title}: ${text} ${usage.now}`} values={values} marks={marks} />
              </div>
            );
          };
          return (
            <>
              <div class="grid pair">
                {line(usage.cpu, 'cpu', processors)}
                {line(usage.memory, 'memory', bytes)}
              </div>
              <p class="soft small">{usage.hostWalls(walls.length)}</p>
            </>
          );
        }}
      </Answer>
    </Card>
  );
}

const mostFits = 8;

function Fits() {
  const fits = useAsked((signal) => daemon.guarantees.fits({}, { signal }), [], {
    onEvent: ({ event }) => event === 'started' || event === 'stopped',
  });
  return (
    <Card title={words.fits}>
      <Answer of={fits} lines={3}>
        {(profiles) =>
          profiles.length === 0 ? (
            <p class="soft">{words.noProfiles}</p>
          ) : (
            <ul class="lines">
              {profiles.slice(0, mostFits).map((fit) => (
                <li key={fit.profile}>
                  <span class="grow">
                    <Link class="wrap" href={`/what-if?profile=${encodeURIComponent(fit.profile)}`}>
                      {fit.profile}
                    </Link>
                    <span class="soft small block">{whyFits(fit)}</span>
                  </span>
                  <b class="num end">
                    <Fit fit={fit} />
                  </b>
                </li>
              ))}
            </ul>
          )
        }
      </Answer>
    </Card>
  );
}

function Host() {
  const facts = useAsked(async (signal) => {
    const [host, version] = await Promise.all([hostFacts(), daemon.host.version({}, { signal })]);
    return { host, version };
  }, []);
  const rowsOf = words.hostRows;
  return (
    <Card title={words.host}>
      <Answer of={facts}>
        {({ host, version }) => (
          <dl class="facts">
            <dt>{rowsOf.kernel}</dt>
            <dd>
              {host.kernel} {host.arch}
            </dd>
            <dt>{rowsOf.cpus}</dt>
            <dd>
              <data value={host.cpus}>{count(host.cpus)}</data>
            </dd>
            <dt>{rowsOf.memory}</dt>
            <dd>
              <data value={host.memoryBytes}>{bytes(host.memoryBytes)}</data>
            </dd>
            <dt>{rowsOf.cgroups}</dt>
            <dd>{host.cgroups}</dd>
            <dt>{rowsOf.driver}</dt>
            <dd>
              {host.driver} {host.driverVersion}
            </dd>
            <dt>{rowsOf.filesystem}</dt>
            <dd>{host.filesystem}</dd>
            <dt>{rowsOf.quotas}</dt>
            <dd>{host.quotas.length === 0 ? texts.none : host.quotas.join(', ')}</dd>
            <dt>{rowsOf.seccomp}</dt>
            <dd>{host.seccomp ? words.yes : words.no}</dd>
            <dt>{rowsOf.appArmor}</dt>
            <dd>{host.appArmor}</dd>
            <dt>{rowsOf.version}</dt>
            <dd>{version.version}</dd>
          </dl>
        )}
      </Answer>
    </Card>
  );
}

function Promises() {
  const ledger = useAsked<Pick<GuaranteeReport, 'policy' | 'rows'>>(
    (signal) => daemon.guarantees.show({}, { signal }),
    [],
    {
      inLine: ({ promises }) => promises,
      onEvent: ({ event }) => event !== 'beancounter' && event !== 'job',
    },
  );
  return (
    <Card
      title={words.promises}
      sub={ledger.value === undefined ? undefined : words.policy[ledger.value.policy]}
    >
      <Answer of={ledger} lines={7}>
        {(report) => report.rows.map((row) => <PromiseRow key={row.resource} row={row} />)}
      </Answer>
    </Card>
  );
}

export function Screen() {
  const all = rows.value;
  return (
    <>
      <Head title={words.title} sub={all === undefined ? undefined : plural(all.length, 'domain')} />
      {all === undefined && fault.value !== undefined && (
        <Fault error={fault.value} again={() => void load()} />
      )}
      {all !== undefined && all.length > 0 && <Tiles all={all} />}
      {all?.length === 0 && (
        <div class="card">
          <NoDomains />
        </div>
      )}
      <div class="grid lead">
        <div class="grid">
          <Promises />
          {all !== undefined && all.length > 0 && <Day />}
          {all !== undefined && all.length > 0 && <Hogs all={all} />}
          <Card title={words.news}>
            <EventLines events={events.value.slice(0, 12)} none={words.newsNone} />
          </Card>
        </div>
        <div class="grid">
          <Fits />
          {all !== undefined && all.length > 0 && <Walls all={all} />}
          <Host />
        </div>
      </div>
    </>
  );
}
