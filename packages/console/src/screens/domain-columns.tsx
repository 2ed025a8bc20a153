// What a list tells of a domain: a cell for each matter, which changes by itself.
// SPDX-License-Identifier: Apache-2.0
import type { VNode } from 'preact';
import { bytes, count, processors, unknown } from '../format.js';
import { StatePill, VerdictBadge } from '../parts/badges.js';
import { Gauge } from '../parts/gauge.js';
import { pathOf } from '../paths.js';
import { Link } from '../router.js';
import { diskOf, type Row } from '../state/domains.js';
import { isBroken } from '../state/filter.js';
import { texts } from '../texts.js';

const words = texts.domains;

function Cpu({ row }: { readonly row: Row }) {
  const share = row.use.value?.cpu ?? null;
  return (
    <span class="end">
      {share === null ? <span class="soft">{unknown}</span> : <data value={share}>{processors(share)}</data>}
    </span>
  );
}

function Memory({ row }: { readonly row: Row }) {
  const used = row.use.value?.memory ?? null;
  return (
    <span class="end">
      {used === null ? <span class="soft">{unknown}</span> : <data value={used}>{bytes(used)}</data>}
    </span>
  );
}

function Verdict({ row, of }: { readonly row: Row; readonly of: 'cpu' | 'memory' }) {
  const verdicts = row.verdicts.value;
  return (
    <span>
      {verdicts === undefined ? <span class="soft">{unknown}</span> : <VerdictBadge verdict={verdicts[of]} />}
    </span>
  );
}

function Disk({ row }: { readonly row: Row }) {
  const { usedBytes, limitBytes } = diskOf(row);
  if (usedBytes === null)
    return (
      <span class="soft" title={words.diskUncounted}>
        {unknown}
      </span>
    );
  const text = bytes(usedBytes);
  if (limitBytes === null)
    return (
      <span class="end">
        <data value={usedBytes}>{text}</data>
      </span>
    );
  return (
    <span class="cell-gauge">
      <Gauge
        label={`${words.columns.disk} ${row.is.value.name}`}
        text={`${text} / ${bytes(limitBytes)}`}
        value={usedBytes}
        end={limitBytes}
        tone={usedBytes > limitBytes * 0.9 ? 'orange' : 'grey'}
        isThin
      />
      <data class="num" value={usedBytes}>
        {text}
      </data>
    </span>
  );
}

function Refused({ row }: { readonly row: Row }) {
  const refused = row.refused.value;
  if (refused === undefined || refused.total === 0) return <span class="soft">{unknown}</span>;
  return (
    <span class="warn-text">
      {refused.resource} ×<data value={refused.total}>{count(refused.total)}</data>
    </span>
  );
}

const Name = ({ row }: { readonly row: Row }) => (
  <span class="name" title={row.is.value.title ?? undefined}>
    <Link
      href={pathOf('domains', row.is.value.name)}
      tabIndex={-1}
      onClick={(event) => event.stopPropagation()}
    >
      {row.is.value.name}
    </Link>
    {row.is.value.title !== null && <span class="soft">{row.is.value.title}</span>}
  </span>
);

function Address({ row }: { readonly row: Row }) {
  const [first, ...others] = row.is.value.addresses;
  return (
    <span class="mono" title={row.is.value.addresses.join(', ')}>
      {first ?? <span class="soft">{unknown}</span>}
      {others.length > 0 && <span class="soft"> +{others.length}</span>}
    </span>
  );
}

/** One column of the list. */
export interface Column {
  readonly id: string;
  readonly head: string;
  readonly width: string;
  /** How wide a window has to be for it. */
  readonly since?: number;
  readonly isSorted?: boolean;
  readonly isEnd?: boolean;
  readonly cell: (row: Row) => VNode;
}

/** In the order in which they stand. */
export const columns: readonly Column[] = [
  {
    id: 'name',
    head: words.columns.name,
    width: 'minmax(120px, 2fr)',
    isSorted: true,
    cell: (row) => <Name row={row} />,
  },
  {
    id: 'state',
    head: words.columns.state,
    width: '98px',
    isSorted: true,
    cell: ({ is }) => (
      <span>
        <StatePill domain={is.value} />
      </span>
    ),
  },
  {
    id: 'cpu',
    head: words.columns.cpu,
    width: '52px',
    isSorted: true,
    isEnd: true,
    cell: (row) => <Cpu row={row} />,
  },
  {
    id: 'cpuPromise',
    since: 1240,
    head: words.columns.cpuPromise,
    width: '92px',
    cell: (row) => <Verdict row={row} of="cpu" />,
  },
  {
    id: 'memory',
    head: words.columns.memory,
    width: '72px',
    isSorted: true,
    isEnd: true,
    cell: (row) => <Memory row={row} />,
  },
  {
    id: 'memoryPromise',
    since: 1240,
    head: words.columns.memoryPromise,
    width: '108px',
    cell: (row) => <Verdict row={row} of="memory" />,
  },
  {
    id: 'disk',
    since: 1000,
    head: words.columns.disk,
    width: 'minmax(92px, 0.9fr)',
    isSorted: true,
    cell: (row) => <Disk row={row} />,
  },
  {
    id: 'walls',
    head: words.columns.walls,
    width: 'minmax(88px, 0.9fr)',
    isSorted: true,
    cell: (row) => <Refused row={row} />,
  },
  {
    id: 'address',
    since: 1130,
    head: words.columns.address,
    width: 'minmax(108px, 1fr)',
    cell: (row) => <Address row={row} />,
  },
];

/** Two lines a row, where there is no room for columns. */
export function Narrow({ row }: { readonly row: Row }) {
  return (
    <span class="grid" style={{ gap: '3px' }}>
      <span style={{ display: 'flex', gap: '8px', alignItems: 'center' }}>
        <span class="grow" style={{ overflow: 'hidden', textOverflow: 'ellipsis' }}>
          <Name row={row} />
        </span>
        <StatePill domain={row.is.value} />
      </span>
      <span class="soft small" style={{ display: 'flex', gap: '14px' }}>
        <Cpu row={row} />
        <Memory row={row} />
        {isBroken(row) && <VerdictBadge verdict="broken" />}
        {(row.refused.value?.total ?? 0) > 0 && <Refused row={row} />}
        <span class="grow end">
          <Address row={row} />
        </span>
      </span>
    </span>
  );
}
