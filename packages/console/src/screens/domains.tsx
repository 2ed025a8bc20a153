// All domains: searched, filtered and ordered, and what can be done with many of them at once.
// SPDX-License-Identifier: Apache-2.0
import { type Signal, useSignal } from '@preact/signals';
import { secondsSince } from '../format.js';
import { Deed, needs } from '../parts/deeds.js';
import { Bones, Empty, Fault, Head } from '../parts/frame.js';
import { Part } from '../parts/part.js';
import { useWidth } from '../parts/width.js';
import { Cell, HeadCell, WindowList } from '../parts/window-list.js';
import { pathOf } from '../paths.js';
import { ask, go, Link, place } from '../router.js';
import { verbs } from '../state/actions.js';
import { useAsked } from '../state/asked.js';
import { hostNow } from '../state/clock.js';
import { fault, load, loadRoots, type Row, rows, turn } from '../state/domains.js';
import { left, ordered } from '../state/filter.js';
import { may } from '../state/session.js';
import { texts } from '../texts.js';
import { type Column, columns, Narrow } from './domain-columns.js';
import { NoDomains } from './no-domains.js';

const words = texts.domains;
const filterNames = ['search', 'state', 'profile', 'promise'];

function Filters({ all }: { readonly all: readonly Row[] }) {
  const { query } = place.value;
  const profiles = [...new Set(all.map(({ is }) => is.value.profile).filter((name) => name !== null))].sort();
  const select = (name: string, label: string, options: readonly (readonly [string, string])[]) => (
    <select
      class="input"
      aria-label={label}
      value={query.get(name) ?? ''}
      onChange={({ currentTarget }) => ask({ [name]: currentTarget.value })}
    >
      {options.map(([value, text]) => (
        <option key={value} value={value}>
          {text}
        </option>
      ))}
    </select>
  );
  return (
    <div class="filters">
      <input
        class="input"
        type="search"
        data-search
        aria-label={words.search}
        placeholder={words.searchPlaceholder}
        value={query.get('search') ?? ''}
        onInput={({ currentTarget }) => ask({ search: currentTarget.value })}
        onKeyDown={(event) => {
          if (event.key === 'Escape') event.currentTarget.blur();
          if (event.key !== 'Enter' && event.key !== 'ArrowDown') return;
          event.preventDefault();
          document.querySelector<HTMLElement>('.list [tabindex="0"][data-at]')?.focus();
        }}
      />
      {select('state', words.filterState, [
        ['', words.anyState],
        ['running', texts.state.running],
        ['paused', texts.state.paused],
        ['shutoff', texts.state.shutoff],
        ['crashed', texts.ends.crashed],
      ])}
      {profiles.length > 0 &&
        select('profile', words.filterProfile, [
          ['', words.anyProfile],
          ...profiles.map((name): readonly [string, string] => [name, name]),
        ])}
      {select('promise', words.filterPromise, [
        ['', words.anyPromise],
        ['broken', texts.verdict.broken],
        ['wall', words.wall],
      ])}
    </div>
  );
}

/** What the bar's query leaves of them, in its order. */
function found(all: readonly Row[]): { readonly sort: string; readonly shown: readonly Row[] } {
  const { query } = place.value;
  const of = (name: string): string => query.get(name) ?? '';
  const sort = of('sort') === '' ? 'name' : of('sort');
  const filter = {
    search: of('search'),
    state: of('state'),
    profile: of('profile'),
    promise: of('promise'),
  };
  return { sort, shown: ordered(left(all, filter), sort) };
}

const Nothing = () => (
  <div class="card">
    <Empty icon="search" title={words.none} why="">
      <button
        type="button"
        class="button"
        onClick={() => ask(Object.fromEntries(filterNames.map((name) => [name, ''])))}
      >
        {words.clear}
      </button>
    </Empty>
  </div>
);

interface BulkProps {
  readonly marked: readonly Row[];
  readonly leave: () => void;
}

const loadForm = () => import('./domains-set.js');

/** What can be done with those that were chosen. */
function Bulk({ marked, leave }: BulkProps) {
  /** Those whose parameters are being set. */
  const setting = useSignal<readonly Row[]>([]);
  return (
    <>
      <div class="bulk" role="toolbar" aria-label={words.chosen(marked.length)}>
        <b>{words.chosen(marked.length)}</b>
        <span class="buttons grow">
          {verbs.map((verb) => (
            <Deed key={verb} verb={verb} targets={marked} isSlim />
          ))}
          <button
            type="button"
            class="button slim"
            {...needs('operator')}
            onClick={() => {
              setting.value = marked;
            }}
          >
            {texts.limits.setMany}
          </button>
        </span>
        <button type="button" class="button quiet slim" onClick={leave}>
          {texts.cancel}
        </button>
      </div>
      {setting.value.length > 0 && (
        <Part load={loadForm}>
          {({ SetMany }) => (
            <SetMany
              targets={setting.value}
              leave={() => {
                setting.value = [];
              }}
            />
          )}
        </Part>
      )}
    </>
  );
}

/** Of more it is not asked what their roots hold, which may have them looked through. */
const mostRoots = 200;
const rootsSeconds = 60;

/** Keeps it known what roots hold. */
function Roots() {
  useAsked(loadRoots, [], { onBeat: (at) => secondsSince(at, hostNow()) >= rootsSeconds });
  return null;
}

interface RowsProps {
  readonly shown: readonly Row[];
  readonly sort: string;
  readonly chosen: Signal<ReadonlySet<string>>;
}

function Rows({ shown, sort, chosen }: RowsProps) {
  const seen = useSignal({ from: 0, to: 0 });
  const width = useWidth();
  const isWide = width >= 860;
  const there = columns.filter(({ since = 0 }) => width >= since);
  const toggle = ({ uuid }: Row) => {
    const next = new Set(chosen.value);
    if (!next.delete(uuid)) next.add(uuid);
    chosen.value = next;
  };
  const isAll = chosen.value.size > 0 && shown.every(({ uuid }) => chosen.value.has(uuid));
  const box = (name: string, isOn: boolean, flip: () => void, isInRow: boolean) => (
    <input
      type="checkbox"
      aria-label={name}
      checked={isOn}
      onClick={(event) => event.stopPropagation()}
      onChange={flip}
      tabIndex={isInRow ? -1 : 0}
    />
  );
  const { from, to } = seen.value;
  return (
    <>
      <div class="card">
        <WindowList
          label={words.title}
          items={shown}
          keyOf={({ uuid }) => uuid}
          rowHeight={isWide ? 42 : 64}
          columns={`20px ${isWide ? there.map((column) => column.width).join(' ') : 'minmax(0, 1fr)'}`}
          heads={
            <>
              <HeadCell>
                {box(
                  words.chooseAll,
                  isAll,
                  () => {
                    chosen.value = new Set(isAll ? [] : shown.map(({ uuid }) => uuid));
                  },
                  false,
                )}
              </HeadCell>
              {(isWide ? there : there.slice(0, 1)).map((column) => (
                <SortHead key={column.id} column={column} sort={sort} />
              ))}
            </>
          }
          row={(row) => (
            <>
              <Cell>
                {box(words.choose(row.is.value.name), chosen.value.has(row.uuid), () => toggle(row), true)}
              </Cell>
              {isWide ? (
                there.map(({ id, cell, isEnd }) => (
                  <Cell key={id} isEnd={isEnd}>
                    {cell(row)}
                  </Cell>
                ))
              ) : (
                <Cell>
                  <Narrow row={row} />
                </Cell>
              )}
            </>
          )}
          isChosen={({ uuid }) => chosen.value.has(uuid)}
          choose={toggle}
          open={({ is }) => go(pathOf('domains', is.value.name))}
          onSeen={(span) => {
            if (span.from !== from || span.to !== to) seen.value = span;
          }}
        />
      </div>
      <p class="soft small end" role="status">
        {words.shown(Math.min(from + 1, shown.length), Math.min(to, shown.length), shown.length)}
      </p>
    </>
  );
}

function List({ all }: { readonly all: readonly Row[] }) {
  turn.value; // whatever changes is filtered and ordered anew
  const chosen = useSignal<ReadonlySet<string>>(new Set());
  const { sort, shown } = found(all);
  const marked = shown.filter(({ uuid }) => chosen.value.has(uuid));
  return (
    <>
      <Filters all={all} />
      {shown.length === 0 ? <Nothing /> : <Rows shown={shown} sort={sort} chosen={chosen} />}
      {marked.length > 0 && (
        <Bulk
          marked={marked}
          leave={() => {
            chosen.value = new Set();
          }}
        />
      )}
    </>
  );
}

interface SortHeadProps {
  readonly column: Column;
  readonly sort: string;
}

function SortHead({ column: { id, head, isSorted = false, isEnd = false }, sort }: SortHeadProps) {
  const isUp = sort === id;
  const isDown = sort === `-${id}`;
  const isNumber = id !== 'name' && id !== 'state';
  const next = isNumber ? (isDown ? id : `-${id}`) : isUp ? `-${id}` : id;
  return (
    <HeadCell isEnd={isEnd} sort={isUp ? 'ascending' : isDown ? 'descending' : undefined}>
      {isSorted ? (
        <button type="button" onClick={() => ask({ sort: next === 'name' ? '' : next })}>
          {head}
          {isUp && ' ▴'}
          {isDown && ' ▾'}
        </button>
      ) : (
        <span class="soft small">{head}</span>
      )}
    </HeadCell>
  );
}

/** Every domain of the host. */
export function Screen() {
  const all = rows.value;
  return (
    <>
      <Head title={words.title}>{may('admin') && <Link href="/define">{texts.define.open}</Link>}</Head>
      {all === undefined &&
        (fault.value === undefined ? (
          <Bones lines={9} />
        ) : (
          <Fault error={fault.value} again={() => void load()} />
        ))}
      {all?.length === 0 && (
        <div class="card">
          <NoDomains />
        </div>
      )}
      {all !== undefined && all.length > 0 && <List all={all} />}
      {all !== undefined && all.length <= mostRoots && <Roots />}
    </>
  );
}
