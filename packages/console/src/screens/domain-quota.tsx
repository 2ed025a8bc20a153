// What a domain's file systems hold and may hold: as a whole, and of each user and group, who can be limited while it runs.
// SPDX-License-Identifier: Apache-2.0
import type { FilesystemQuota, OwnerQuota, QuotaLine } from '@ctvirt/api/browser';
import { useSignal } from '@preact/signals';
import { bytes, count, moment } from '../format.js';
import { needs } from '../parts/deeds.js';
import { FormDialog } from '../parts/dialog.js';
import { CheckField, Choice, TextField } from '../parts/field.js';
import { Answer, Card } from '../parts/frame.js';
import { Table } from '../parts/table.js';
import { useAsked } from '../state/asked.js';
import { hostNow } from '../state/clock.js';
import { daemon } from '../state/daemon.js';
import { told } from '../state/told.js';
import { texts } from '../texts.js';
import type { TabProps } from './screen.js';

const words = texts.quota;
const heads = words.columns;
const kinds = ['user', 'group'] as const;
const units = [
  ['space', bytes],
  ['inodes', count],
] as const;

type Owner = Pick<OwnerQuota, 'kind' | 'id'>;
const nameOf = ({ kind, id }: Owner): string => words.owner[kind](id);

function grace({ state, graceEnds }: QuotaLine): string {
  if (state === 'expired') return words.expired;
  return graceEnds === null ? words.within : words.over(moment(graceEnds, hostNow()));
}

interface CellsProps {
  readonly what: keyof typeof words.what;
  readonly line: QuotaLine;
  readonly isKept: boolean;
  readonly tell: (value: number) => string;
}

/** One line of space or files; a limit that nothing keeps says so. */
function Cells({ what, line, isKept, tell }: CellsProps) {
  const { used, soft, hard, state } = line;
  const limit = (value: number | null) =>
    value === null ? (
      '∞'
    ) : (
      <span title={isKept ? undefined : words.recorded}>
        {tell(value)}
        {!isKept && <span class="soft"> ({words.recorded})</span>}
      </span>
    );
  return (
    <>
      <td data-label={heads.what}>{words.what[what]}</td>
      <td class="end nowrap" data-label={heads.used}>
        {used === null ? '–' : <data value={used}>{tell(used)}</data>}
      </td>
      <td class="end" data-label={heads.soft}>
        {limit(soft)}
      </td>
      <td class="end" data-label={heads.hard}>
        {limit(hard)}
      </td>
      <td class={state === 'within' ? undefined : 'warn-text'} data-label={heads.grace}>
        {state !== 'within' && <span aria-hidden="true">✕ </span>}
        {grace(line)}
      </td>
    </>
  );
}

const lineHeads = [
  { text: heads.what },
  { text: heads.used, isEnd: true },
  { text: heads.soft, isEnd: true },
  { text: heads.hard, isEnd: true },
  { text: heads.grace },
];

const Whole = ({ filesystems }: { readonly filesystems: readonly FilesystemQuota[] }) => (
  <Table heads={[{ text: heads.target }, ...lineHeads]}>
    {filesystems.flatMap((one) =>
      units.map(([what, tell]) => (
        <tr key={`${one.target} ${what}`} title={one.how}>
          <td class="mono wrap">{one.target}</td>
          <Cells what={what} line={one[what]} isKept={one.enforced} tell={tell} />
        </tr>
      )),
    )}
  </Table>
);

interface OwnersProps {
  readonly owners: readonly OwnerQuota[];
  /** Undefined where nobody can be limited. */
  readonly limit: ((owner: OwnerQuota) => void) | undefined;
}

const Owners = ({ owners, limit }: OwnersProps) => (
  <Table
    heads={[
      { text: words.ownerHead },
      ...lineHeads,
      ...(limit ? [{ text: words.limit, isHidden: true }] : []),
    ]}
  >
    {owners.flatMap((owner) =>
      units.map(([what, tell], at) => (
        <tr key={`${nameOf(owner)} ${what}`}>
          <td>{nameOf(owner)}</td>
          <Cells what={what} line={owner[what]} isKept={owner.enforced} tell={tell} />
          {limit && (
            <td class="end">
              {at === 0 && (
                <button
                  type="button"
                  class="button slim"
                  {...needs('operator')}
                  aria-label={`${words.limit} ${nameOf(owner)}`}
                  onClick={() => limit(owner)}
                >
                  {words.limit}…
                </button>
              )}
            </td>
          )}
        </tr>
      )),
    )}
  </Table>
);

/** As one types it: in KiB for space, a number for files. */
function typedLimit({ soft, hard }: QuotaLine, unit: number): string {
  const part = (value: number | null): string =>
    value === null ? 'unlimited' : String(Math.floor(value / unit));
  return soft === null && hard === null ? '' : `${part(soft)}:${part(hard)}`;
}

interface LimitProps extends TabProps {
  /** Who is limited; undefined where that is to be said. */
  readonly owner: OwnerQuota | undefined;
  readonly leave: () => void;
  readonly again: () => void;
}

function LimitOwner({ row, owner, leave, again }: LimitProps) {
  const { name, state } = row.is.value;
  const isLive = state !== 'shutoff';
  const was = {
    space: owner === undefined ? '' : typedLimit(owner.space, 1024),
    inodes: owner === undefined ? '' : typedLimit(owner.inodes, 1),
  };
  const kind = useSignal<Owner['kind']>(owner?.kind ?? 'user');
  const id = useSignal(owner === undefined ? '' : String(owner.id));
  const [space, inodes] = [useSignal(was.space), useSignal(was.inodes)];
  const isStored = useSignal(true);
  const values = {
    ...(space.value.trim() !== was.space && { space: space.value.trim() || 'unlimited' }),
    ...(inodes.value.trim() !== was.inodes && { inodes: inodes.value.trim() || 'unlimited' }),
  };
  const set = async () => {
    leave();
    const whom = { kind: kind.value, id: Number(id.value) };
    await told(words.busy(nameOf(whom)), words.done(nameOf(whom)), () =>
      daemon.quota.setOwner({
        domain: row.uuid,
        body: { ...whom, ...values, live: isLive, stored: isStored.value || !isLive },
      }),
    );
    again();
  };
  const title = owner === undefined ? words.limitAnyTitle(name) : words.limitTitle(nameOf(owner), name);
  return (
    <FormDialog
      title={title}
      word={words.limit}
      isReady={/^\d+$/.test(id.value) && Object.keys(values).length > 0}
      send={() => void set()}
      leave={leave}
    >
      {owner === undefined && (
        <>
          <Choice
            label={words.kind}
            value={kind}
            options={kinds.map((one) => [one, words.kinds[one]] as const)}
          />
          <TextField label={words.id} value={id} isFirst isMono />
        </>
      )}
      <TextField label={words.space} value={space} isFirst={owner !== undefined} isMono />
      <TextField label={words.inodes} value={inodes} isMono />
      {isLive && <CheckField label={words.stored} value={isStored} />}
    </FormDialog>
  );
}

export function Tab({ row }: TabProps) {
  const quota = useAsked((signal) => daemon.quota.show({ domain: row.uuid }, { signal }), [row.uuid], {
    onEvent: ({ domain }) => domain.uuid === row.uuid,
  });
  const limited = useSignal<{ readonly owner: OwnerQuota | undefined } | undefined>(undefined);
  const limit = (owner: OwnerQuota | undefined) => {
    limited.value = { owner };
  };
  return (
    <>
      <Answer of={quota} lines={6}>
        {({ filesystems }) => (
          <>
            <Card title={words.title} isFlush>
              <Whole filesystems={filesystems} />
            </Card>
            {filesystems.map(({ target, owners, ownersHow }) => {
              // Limits of owners are the root's alone.
              const isRoot = target === '/';
              if (!isRoot && owners.length === 0) return null;
              return (
                <Card
                  key={target}
                  title={words.owners(target)}
                  sub={ownersHow}
                  side={
                    isRoot && (
                      <button
                        type="button"
                        class="button slim"
                        {...needs('operator')}
                        onClick={() => limit(undefined)}
                      >
                        {words.limitSomebody}…
                      </button>
                    )
                  }
                  isFlush
                >
                  {owners.length === 0 ? (
                    <p class="soft apart">{words.ownersNone}</p>
                  ) : (
                    <Owners owners={owners} limit={isRoot ? limit : undefined} />
                  )}
                </Card>
              );
            })}
          </>
        )}
      </Answer>
      {limited.value !== undefined && (
        <LimitOwner
          row={row}
          owner={limited.value.owner}
          again={quota.again}
          leave={() => {
            limited.value = undefined;
          }}
        />
      )}
    </>
  );
}
