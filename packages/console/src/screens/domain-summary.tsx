// What a domain was promised beside what it was given, with the verdict and why; what it uses, and what it is.
// SPDX-License-Identifier: Apache-2.0
import type { Delivered, DeliveryReport, DomainInfo } from '@ctvirt/api/browser';
import type { ComponentChildren } from 'preact';
import { bytes, count, moment, percent, processors } from '../format.js';
import { VerdictBadge } from '../parts/badges.js';
import { Answer, Card } from '../parts/frame.js';
import { Gauge } from '../parts/gauge.js';
import { Icon } from '../parts/icons.js';
import { Link } from '../router.js';
import { useAsked } from '../state/asked.js';
import { hostNow } from '../state/clock.js';
import { daemon } from '../state/daemon.js';
import { texts } from '../texts.js';
import type { TabProps } from './screen.js';

const words = texts.domain;
/** As the daemon judges it: so much is lost to sampling. */
const tolerance = 0.95;

function cpuWhy(
  promised: number,
  verdict: DeliveryReport['cpu']['verdict'],
  given: Delivered | null,
): string {
  if (given === null || given.cpuShare === null) return words.cpuWhy.early;
  if (verdict === 'broken') return words.cpuWhy.broken;
  if (verdict === 'unknown') return words.cpuWhy.unknown;
  if (given.cpuShare >= promised * tolerance) return words.cpuWhy.had;
  return (given.throttledShare ?? 0) > 0 ? words.cpuWhy.own : words.cpuWhy.idle;
}

function memoryWhy(verdict: DeliveryReport['memory']['verdict'], given: Delivered | null): string {
  if (given === null) return words.memoryWhy.early;
  if (verdict === 'unknown') return words.memoryWhy.unknown;
  if (verdict !== 'broken') return words.memoryWhy.kept;
  return (given.reclaims ?? 0) > 0
    ? words.memoryWhy.reclaimed(given.reclaims ?? 0)
    : words.memoryWhy.killed(given.kills ?? 0);
}

const Told = ({
  what,
  value,
  text,
}: {
  readonly what: string;
  readonly value: number;
  readonly text: string;
}) => (
  <span>
    {what}{' '}
    <b>
      <data value={value}>{text}</data>
    </b>
  </span>
);

interface BigGaugeProps {
  readonly title: string;
  readonly value: ComponentChildren;
  readonly mark?: ComponentChildren;
  readonly gauge: ComponentChildren;
  readonly why?: string | undefined;
  readonly isWide?: boolean;
}

const BigGauge = ({ title, value, mark, gauge, why, isWide = false }: BigGaugeProps) => (
  <div class={isWide ? 'big-gauge wide' : 'big-gauge'}>
    <div class="top">
      <h3 class="grow">{title}</h3>
      {mark}
    </div>
    <div class="value">{value}</div>
    {gauge}
    {why !== undefined && <p class="why">{why}</p>}
  </div>
);

function CpuGauge({
  info,
  report,
}: {
  readonly info: DomainInfo;
  readonly report: DeliveryReport | undefined;
}) {
  const given = report?.given ?? null;
  const share = given?.cpuShare ?? null;
  const promised = report?.cpu.promisedShare ?? 0;
  const verdict = report?.cpu.verdict ?? null;
  return (
    <BigGauge
      title={words.cpu}
      value={share === null ? texts.verdict.unknown : <data value={share}>{processors(share)}</data>}
      mark={report !== undefined && <VerdictBadge verdict={verdict} />}
      gauge={
        <Gauge
          label={words.cpu}
          text={`${processors(share ?? 0)} ${words.of} ${processors(info.vcpus)}, ${words.promised} ${processors(promised)}`}
          value={share ?? 0}
          end={Math.max(info.vcpus, promised)}
          promises={promised > 0 ? [promised] : []}
          over={promised > 0 ? promised : undefined}
          tone={verdict === 'broken' ? 'orange' : 'blue'}
        >
          {promised > 0 && <Told what={words.promised} value={promised} text={processors(promised)} />}
          <Told what={words.limit} value={info.vcpus} text={processors(info.vcpus)} />
          {given !== null && given.waitedShare !== null && (
            <Told what={words.waited} value={given.waitedShare} text={percent(given.waitedShare)} />
          )}
          {given !== null && given.throttledShare !== null && (
            <Told what={words.throttled} value={given.throttledShare} text={percent(given.throttledShare)} />
          )}
        </Gauge>
      }
      why={report === undefined ? undefined : cpuWhy(promised, verdict, given)}
      isWide
    />
  );
}

function MemoryGauge({
  info,
  report,
}: {
  readonly info: DomainInfo;
  readonly report: DeliveryReport | undefined;
}) {
  const given = report?.given ?? null;
  const now = (info.usedMemoryKiB ?? 0) * 1024;
  const { allocationBytes = 0, survivalBytes = 0, verdict = null } = report?.memory ?? {};
  const limit = info.maxMemoryKiB === null ? null : info.maxMemoryKiB * 1024;
  const end = limit ?? Math.max(now, given?.mostMemoryBytes ?? 0, allocationBytes, survivalBytes) * 1.25;
  const promises = [allocationBytes, survivalBytes].filter((one) => one > 0);
  return (
    <BigGauge
      title={words.memory}
      value={<data value={now}>{bytes(now)}</data>}
      mark={report !== undefined && <VerdictBadge verdict={verdict} />}
      gauge={
        <Gauge
          label={words.memory}
          text={`${bytes(now)} ${words.of} ${limit === null ? words.noLimit : bytes(limit)}`}
          value={now}
          end={end}
          promises={[...new Set(promises)]}
          over={promises.length > 0 ? Math.max(...promises) : undefined}
          tone={verdict === 'broken' ? 'orange' : 'blue'}
        >
          {allocationBytes > 0 && (
            <Told what={words.promised} value={allocationBytes} text={bytes(allocationBytes)} />
          )}
          {survivalBytes > 0 && (
            <Told what={words.survives} value={survivalBytes} text={bytes(survivalBytes)} />
          )}
          {limit === null ? (
            <span>{words.noLimit}</span>
          ) : (
            <Told what={words.limit} value={limit} text={bytes(limit)} />
          )}
          {given !== null && given.leastMemoryBytes !== null && (
            <Told what={words.least} value={given.leastMemoryBytes} text={bytes(given.leastMemoryBytes)} />
          )}
          {given !== null && given.mostMemoryBytes !== null && (
            <Told what={words.most} value={given.mostMemoryBytes} text={bytes(given.mostMemoryBytes)} />
          )}
          {given !== null && (given.limitHits ?? 0) > 0 && (
            <Told
              what={words.limitHits}
              value={given.limitHits ?? 0}
              text={`${count(given.limitHits ?? 0)}×`}
            />
          )}
          {given !== null && (given.stalledShare ?? 0) > 0 && (
            <Told
              what={words.stalled}
              value={given.stalledShare ?? 0}
              text={percent(given.stalledShare ?? 0)}
            />
          )}
        </Gauge>
      }
      why={report === undefined || verdict === null ? undefined : memoryWhy(verdict, given)}
      isWide
    />
  );
}

interface PlainGaugeProps {
  readonly title: string;
  readonly value: number | null;
  readonly limit: number | null;
  readonly tell: (value: number) => string;
}

/** Where nothing is promised: what is used of what is allowed. */
function PlainGauge({ title, value, limit, tell }: PlainGaugeProps) {
  const isNear = value !== null && limit !== null && value > limit * 0.9;
  return (
    <BigGauge
      title={title}
      value={value === null ? '–' : <data value={value}>{tell(value)}</data>}
      mark={
        isNear ? (
          <span class="badge broken">
            <Icon name="warning" />
            {percent((value ?? 0) / (limit ?? 1))}
          </span>
        ) : undefined
      }
      gauge={
        limit === null ? (
          // Of nothing there is no part.
          <p class="soft small">{words.noLimit}</p>
        ) : (
          <Gauge
            label={title}
            text={value === null ? '–' : `${tell(value)} ${words.of} ${tell(limit)}`}
            value={value ?? 0}
            end={limit}
            tone={isNear ? 'orange' : 'grey'}
          >
            <Told what={words.limit} value={limit} text={tell(limit)} />
            {value !== null && <span>{percent(value / limit)}</span>}
          </Gauge>
        )
      }
    />
  );
}

function Facts({ info }: { readonly info: DomainInfo }) {
  const names = words.factRows;
  const now = hostNow();
  const rows: readonly (readonly [string, ComponentChildren])[] = [
    [names.title, info.title],
    [names.hostname, info.hostname],
    [
      names.addresses,
      info.addresses.length === 0 ? (
        <span class="soft">{words.noAddresses}</span>
      ) : (
        <span class="mono">{info.addresses.join('  ')}</span>
      ),
    ],
    [names.template, info.template === null ? null : <Link href="/templates">{info.template}</Link>],
    [names.profile, info.profile === null ? null : <Link href="/profiles">{info.profile}</Link>],
    [names.type, info.ctid === null ? info.type : `${info.type}, ${names.ctid} ${info.ctid}`],
    [names.vcpus, <data value={info.vcpus}>{count(info.vcpus)}</data>],
    [names.autostart, info.autostart ? texts.overview.yes : texts.overview.no],
    [names.persistent, info.persistent ? texts.overview.yes : texts.overview.no],
    [
      names.started,
      info.startedAt === null ? null : <time dateTime={info.startedAt}>{moment(info.startedAt, now)}</time>,
    ],
    [
      names.ended,
      info.lastEnd === null ? null : (
        <>
          <time dateTime={info.lastEnd.at}>{moment(info.lastEnd.at, now)}</time>: {info.lastEnd.how}
        </>
      ),
    ],
    [names.init, info.initPid],
    [
      names.ids,
      info.idMap === null ? null : `${info.idMap.start}-${info.idMap.start + info.idMap.count - 1}`,
    ],
    [names.uuid, <span class="mono">{info.uuid}</span>],
  ];
  return (
    <Card title={words.facts}>
      <dl class="facts">
        {rows.map(([name, value]) =>
          value === null ? null : (
            <>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </>
          ),
        )}
      </dl>
    </Card>
  );
}

const wallMarks = { up: 'tick', loosened: 'warning', down: 'cross' } as const;
const wallClasses = { up: 'kept', loosened: 'broken', down: 'broken' } as const;

const Walls = ({ info }: { readonly info: DomainInfo }) => (
  <Card title={words.walls}>
    <ul class="lines">
      {info.walls.map(({ name, state, how }) => (
        <li key={name}>
          <span class={`badge ${wallClasses[state]}`} style={{ inlineSize: '96px', flex: 'none' }}>
            <Icon name={wallMarks[state]} />
            {words.wallState[state]}
          </span>
          <span class="what">
            <b>{words.wallNames[name]}</b> <span class="soft">{how}</span>
          </span>
        </li>
      ))}
    </ul>
  </Card>
);

async function askAbout(domain: string, signal: AbortSignal) {
  const [known, [report]] = await Promise.all([
    daemon.domains.info({ domain }, { signal }),
    daemon.guarantees.delivered({ domain }, { signal }),
  ]);
  return { known, report };
}

export function Tab({ row }: TabProps) {
  const { uuid } = row;
  const asked = useAsked((signal) => askAbout(uuid, signal), [uuid], {
    onEvent: ({ domain }) => domain.uuid === uuid,
    onBeat: true,
  });
  const isOff = row.is.value.state === 'shutoff';
  return (
    <Answer of={asked} lines={8}>
      {({ known, report }) => (
        <>
          <Card
            title={words.gauges}
            sub={
              isOff
                ? words.gaugesOff
                : report?.given === undefined || report.given === null
                  ? undefined
                  : words.gaugesOver(report.given.seconds)
            }
          >
            <div class="grid gauges">
              {!isOff && <CpuGauge info={known} report={report} />}
              {!isOff && <MemoryGauge info={known} report={report} />}
              {!isOff && (
                <PlainGauge
                  title={words.processes}
                  value={known.processes}
                  limit={known.maxProcesses}
                  tell={count}
                />
              )}
              <PlainGauge
                title={words.disk}
                value={known.disk.usedBytes}
                limit={known.disk.limitBytes}
                tell={bytes}
              />
              {known.disk.limitInodes !== null && (
                <PlainGauge
                  title={words.files}
                  value={known.disk.usedInodes}
                  limit={known.disk.limitInodes}
                  tell={count}
                />
              )}
            </div>
          </Card>
          <div class="grid two">
            <Facts info={known} />
            <Walls info={known} />
          </div>
        </>
      )}
    </Answer>
  );
}
