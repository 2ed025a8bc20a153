// One domain: its name and state, what can be done with it, and its parts by tabs.
// SPDX-License-Identifier: Apache-2.0
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { secondsSince } from '../format.js';
import { StatePill } from '../parts/badges.js';
import { Deed, Menu, Removal } from '../parts/deeds.js';
import { Bones, Command, Empty, Fault, Head } from '../parts/frame.js';
import { Part } from '../parts/part.js';
import { pathOf } from '../paths.js';
import { go, Link } from '../router.js';
import { hostNow } from '../state/clock.js';
import { fault, load, type Row, rowOf, rows } from '../state/domains.js';
import { texts } from '../texts.js';
import type { ScreenProps, TabModule } from './screen.js';

const words = texts.domain;

interface TabRow {
  readonly id: string;
  readonly label: string;
  readonly load: () => Promise<TabModule>;
}

/** The parts of a domain's page. A new one is its file and a line here. */
const tabs: readonly TabRow[] = [
  { id: '', label: words.tabs.summary, load: () => import('./domain-summary.js') },
  { id: 'usage', label: words.tabs.usage, load: () => import('./domain-usage.js') },
  { id: 'limits', label: words.tabs.limits, load: () => import('./domain-limits.js') },
  { id: 'quota', label: words.tabs.quota, load: () => import('./domain-quota.js') },
  { id: 'terminal', label: words.tabs.terminal, load: () => import('./domain-terminal.js') },
  { id: 'document', label: words.tabs.document, load: () => import('./domain-document.js') },
  { id: 'snapshots', label: words.tabs.snapshots, load: () => import('./domain-snapshots.js') },
  { id: 'log', label: words.tabs.log, load: () => import('./domain-log.js') },
];

function Sub({ row }: { readonly row: Row }) {
  const { type, ctid, profile, title } = row.is.value;
  const startedAt = row.use.value?.startedAt ?? null;
  const parts = [
    ctid === null ? type : `${type} ${ctid}`,
    startedAt === null ? undefined : words.runningFor(secondsSince(startedAt, hostNow())),
    profile ?? undefined,
    title ?? undefined,
  ].filter((part) => part !== undefined);
  return <>{parts.join(' · ')}</>;
}

function Page({ row, tab }: { readonly row: Row; readonly tab: TabRow }) {
  const { name, state } = row.is.value;
  const targets = [row];
  const tabsOf = useRef<HTMLElement>(null);
  // Where not all have room, the one that is open does.
  useEffect(() => {
    const open = tabsOf.current?.querySelector('[aria-current]');
    open?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [tab]);
  return (
    <>
      <nav class="crumb" aria-label={texts.domains.title}>
        <Link href="/domains">{texts.domains.title}</Link> / <span class="wrap">{name}</span>
      </nav>
      <Head title={name} sub={<Sub row={row} />}>
        <span style={{ alignSelf: 'center' }}>
          <StatePill domain={row.is.value} />
        </span>
        {state === 'shutoff' && <Deed verb="start" targets={targets} isMain />}
        {state === 'running' && <Deed verb="shutdown" targets={targets} isMain />}
        {state === 'paused' && <Deed verb="resume" targets={targets} isMain />}
        <Menu label={words.actions}>
          {state === 'running' && <Deed verb="reboot" targets={targets} />}
          {state === 'running' && <Deed verb="suspend" targets={targets} />}
          {state !== 'shutoff' && <Deed verb="destroy" targets={targets} />}
          <Removal row={row} gone={() => go('/domains')} />
        </Menu>
      </Head>
      <nav class="tabs" aria-label={words.tabs.label} ref={tabsOf}>
        {tabs.map(({ id, label }) => (
          <Link
            key={id}
            href={id === '' ? pathOf('domains', name) : pathOf('domains', name, id)}
            aria-current={id === tab.id ? 'page' : undefined}
          >
            {label}
          </Link>
        ))}
      </nav>
      <Part key={tab.id} load={tab.load}>
        {({ Tab }) => <Tab row={row} />}
      </Part>
    </>
  );
}

export function Screen({ params }: ScreenProps) {
  const name = params['domain'] ?? '';
  const row = rowOf(name);
  const uuid = useSignal<string | undefined>(undefined);
  const tab = tabs.find(({ id }) => id === (params['tab'] ?? ''));
  const named = row?.is.value.name;
  // Who is renamed while one looks at it stays on the screen under the new name.
  const moved = row === undefined && uuid.value !== undefined ? rowOf(uuid.value)?.is.value.name : undefined;
  useEffect(() => {
    if (row !== undefined) uuid.value = row.uuid;
    if (moved !== undefined) go(pathOf('domains', moved), { replace: true });
  }, [row?.uuid, moved, named]);
  if (rows.value === undefined)
    return fault.value === undefined ? (
      <Bones lines={8} isScreen />
    ) : (
      <Fault error={fault.value} isScreen again={() => void load()} />
    );
  if (row === undefined)
    return (
      <div class="card">
        <Empty isScreen icon="question" title={texts.error.gone(name)} why={texts.error.goneNext}>
          <Command line="ctvirt root list" />
          <Link href="/domains">{texts.domains.title}</Link>
        </Empty>
      </div>
    );
  if (tab === undefined)
    return <Empty isScreen icon="question" title={texts.error.lost} why={texts.error.lostNext} />;
  return <Page key={row.uuid} row={row} tab={tab} />;
}
