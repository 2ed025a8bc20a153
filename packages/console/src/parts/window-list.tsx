// A list of any length, of which no more is drawn than can be seen; a grid with one stop for Tab, and keys for its rows.
// SPDX-License-Identifier: Apache-2.0
// biome-ignore-all lint/a11y/useSemanticElements: a table of HTML would have every row in it
// biome-ignore-all lint/a11y/useFocusableInteractive: a row is what has the focus
import { type Signal, useSignal } from '@preact/signals';
import type { ComponentChildren, RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { type Span, spanOf } from './window.js';

interface WindowListProps<Item> {
  readonly label: string;
  readonly items: readonly Item[];
  readonly keyOf: (item: Item) => string;
  readonly rowHeight: number;
  /** Of CSS's grid. */
  readonly columns: string;
  readonly heads: ComponentChildren;
  readonly row: (item: Item) => ComponentChildren;
  readonly isChosen: (item: Item) => boolean;
  readonly choose: (item: Item) => void;
  readonly open: (item: Item) => void;
  /** Hears which rows are there to be seen. */
  readonly onSeen?: ((span: Span) => void) | undefined;
}

/** Those without an end go on from where one is. */
const steps: Readonly<Record<string, number>> = {
  j: 1,
  ArrowDown: 1,
  k: -1,
  ArrowUp: -1,
  PageDown: 15,
  PageUp: -15,
  Home: Number.NEGATIVE_INFINITY,
  End: Number.POSITIVE_INFINITY,
};

/** What lies over the rows at the top, and what may at the bottom. */
const [headPixels, footPixels] = [110, 90];

interface Looking {
  readonly span: Signal<Span>;
  readonly look: () => void;
}

/** Follows what of the rows is before one's eyes. */
function useLook(
  body: RefObject<HTMLDivElement | null>,
  { items, rowHeight, onSeen }: Pick<WindowListProps<unknown>, 'items' | 'rowHeight' | 'onSeen'>,
): Looking {
  const span = useSignal<Span>({ from: 0, to: 30 });
  const look = () => {
    const box = body.current?.getBoundingClientRect();
    if (box === undefined) return;
    const next = spanOf(-box.top, innerHeight - box.top, rowHeight, items.length);
    if (next.from !== span.value.from || next.to !== span.value.to) span.value = next;
    onSeen?.(seenOf(box.top, rowHeight, items.length));
  };
  useEffect(() => {
    look();
    addEventListener('scroll', look, { passive: true });
    addEventListener('resize', look);
    return () => {
      removeEventListener('scroll', look);
      removeEventListener('resize', look);
    };
  });
  return { span, look };
}

/** Without those beyond the edges. */
const seenOf = (top: number, rowHeight: number, all: number): Span => ({
  from: Math.min(all, Math.max(0, Math.ceil((headPixels - top) / rowHeight))),
  to: Math.max(0, Math.min(all, Math.floor((innerHeight - top) / rowHeight))),
});

/** Brings a row before one's eyes, and the focus to it when it is drawn. */
function focusRow(body: HTMLDivElement | null, at: number, rowHeight: number, look: () => void): void {
  const top = (body?.getBoundingClientRect().top ?? 0) + at * rowHeight;
  if (top < headPixels) scrollBy(0, top - headPixels);
  else if (top + rowHeight > innerHeight - footPixels)
    scrollBy(0, top + rowHeight - innerHeight + footPixels);
  requestAnimationFrame(() => {
    look();
    requestAnimationFrame(() => body?.querySelector<HTMLElement>(`[data-at="${at}"]`)?.focus());
  });
}

/** Rows of one height; the page itself scrolls. */
export function WindowList<Item>(props: WindowListProps<Item>) {
  const { label, items, keyOf, rowHeight, columns, heads, row, isChosen, choose, open } = props;
  const body = useRef<HTMLDivElement>(null);
  const { span, look } = useLook(body, props);
  const current = useSignal(0);
  const onKeyDown = (event: KeyboardEvent, item: Item, at: number) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = steps[event.key];
    if (step !== undefined) {
      current.value = Math.min(Math.max(at + step, 0), items.length - 1);
      focusRow(body.current, current.value, rowHeight, look);
    } else if (event.key === 'Enter') open(item);
    else if (event.key === ' ' || event.key === 'x') choose(item);
    else return;
    event.preventDefault();
  };
  const stop = Math.min(current.value, Math.max(0, items.length - 1));
  const { from, to } = span.value;
  const style = { gridTemplateColumns: columns };
  const place = (at: number) => ({ insetBlockStart: `${at * rowHeight}px`, blockSize: `${rowHeight}px` });
  return (
    <div class="list" role="grid" aria-label={label} aria-rowcount={items.length + 1} aria-multiselectable>
      <div class="row heads" role="row" aria-rowindex={1} style={style}>
        {heads}
      </div>
      <div ref={body} class="rows" role="rowgroup" style={{ blockSize: `${items.length * rowHeight}px` }}>
        {drawn(from, Math.min(to, items.length), stop).map((at) => {
          const item = items[at];
          if (item === undefined) return null;
          return (
            <div
              key={keyOf(item)}
              class="row"
              role="row"
              data-at={at}
              aria-rowindex={at + 2}
              aria-selected={isChosen(item)}
              tabIndex={at === stop ? 0 : -1}
              style={{ ...style, ...place(at) }}
              onClick={() => open(item)}
              onFocus={() => {
                current.value = at;
              }}
              onKeyDown={(event) => onKeyDown(event, item, at)}
            >
              {row(item)}
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** What has the focus stays, wherever one looks: it is where the keys go on from. */
function drawn(from: number, to: number, stop: number): number[] {
  const all = Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
  if (stop < from) return [stop, ...all];
  return stop >= to ? [...all, stop] : all;
}

interface CellProps {
  readonly isEnd?: boolean | undefined;
  readonly children: ComponentChildren;
}

/** One cell of a row. */
export const Cell = ({ isEnd = false, children }: CellProps) => (
  <span role="gridcell" class={isEnd ? 'end' : undefined}>
    {children}
  </span>
);

/** The head of a column. */
export const HeadCell = ({
  isEnd = false,
  sort,
  children,
}: CellProps & { readonly sort?: 'ascending' | 'descending' | undefined }) => (
  <span role="columnheader" class={isEnd ? 'end' : undefined} aria-sort={sort}>
    {children}
  </span>
);
