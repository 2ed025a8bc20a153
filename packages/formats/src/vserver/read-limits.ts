// Limits of a guest: ulimits, rlimits, disk limits, scheduler, processor sets, control groups.
// SPDX-License-Identifier: Apache-2.0
import { commonPeriodUs, type Domain } from '@ctvirt/xml';
import { ubcOf, ubcOutcome } from '../beancounters.js';
import { rootOf, withCputune, withMemtune, withNodeset, withRoot, withVcpu } from '../edit.js';
import type { HostFacts } from '../format.js';
import { groupRank, isGroupFile, readGroupFile } from '../group-files.js';
import { isExact, tooMuch } from '../numbers.js';
import { parseBitmap, unlimited } from '../openvz/values.js';
import { approximated, carried, ignored, type Outcome, settle } from '../outcome.js';
import type { Report } from '../report.js';
import { type GuestTree, type NumberedFolders, parseLimit } from './tree.js';

/** What each reading function has at hand. */
export interface GuestContext {
  readonly tree: GuestTree;
  readonly host: HostFacts;
  readonly report: Report;
  readonly folders: NumberedFolders;
}

/** Container-wide limits that are beancounters: pages or counts, as OpenVZ's own. */
const rlimitKeys: Readonly<Record<string, string>> = {
  nproc: 'NUMPROC',
  memlock: 'LOCKEDPAGES',
  shmem: 'SHMPAGES',
  openfd: 'NUMFILE',
  locks: 'NUMFLOCK',
  as: 'PRIVVMPAGES',
};
const bounds = ['min', 'soft', 'hard'] as const;
type Bound = (typeof bounds)[number];

type Limits = Partial<Record<Bound, bigint | 'infinite'>>;

/** One resource's three bounds; a plain file sets them all, files by bound win over it. */
function limitsOf({ tree, report }: GuestContext, resource: string): { limits: Limits; paths: string[] } {
  const limits: Limits = {};
  const paths: string[] = [];
  const take = (path: string, set: readonly Bound[]): void => {
    const text = tree.scalar(path);
    const value = parseLimit(text ?? '');
    if (text !== undefined && value === undefined)
      report.ignored(tree.place(path), `${text || 'it'} is no limit`);
    if (value === undefined) return;
    paths.push(path);
    for (const bound of set) limits[bound] = value;
  };
  take(`rlimits/${resource}`, bounds);
  for (const bound of bounds) take(`rlimits/${resource}.${bound}`, [bound]);
  return { limits, paths };
}

function readRlimits(domain: Domain, context: GuestContext): Domain {
  const { tree, report } = context;
  let result = domain;
  for (const [resource, key] of Object.entries(rlimitKeys)) {
    const { limits, paths } = limitsOf(context, resource);
    if (paths.length === 0) continue;
    const hard = limits.hard ?? limits.soft ?? 'infinite';
    const limit = hard === 'infinite' ? unlimited : hard;
    const outcome =
      ubcOf(result, key) === undefined
        ? ubcOutcome(result, key, { barrier: limit, limit }, `parameter ${key.toLowerCase()}`)
        : ignored('the control group says otherwise');
    result = settle(
      result,
      outcome,
      paths.map((path) => tree.place(path)),
      report,
    );
  }
  return readResident(result, context);
}

/** Resident memory, in pages; what the control group already said wins. */
function readResident(domain: Domain, context: GuestContext): Domain {
  const { tree, host, report } = context;
  const { limits, paths } = limitsOf(context, 'rss');
  if (paths.length === 0) return domain;
  const kib = (bound: Bound): number | undefined => {
    const value = limits[bound];
    return value === undefined || value === 'infinite' || value > 2n ** 50n
      ? undefined
      : Math.floor((Number(value) * host.pageSize) / 1024);
  };
  const [least, soft, hard] = [kib('min'), kib('soft'), kib('hard')];
  let result = domain;
  const isFree = domain.memtune?.hardLimitKiB === undefined;
  if (hard !== undefined && isFree)
    result = { ...withMemtune(result, { hardLimitKiB: hard }), memoryKiB: hard };
  const most = result.memtune?.hardLimitKiB ?? Number.POSITIVE_INFINITY;
  if (soft !== undefined && soft < most && result.memtune?.softLimitKiB === undefined)
    result = withMemtune(result, { softLimitKiB: soft });
  if (least !== undefined && least > 0)
    result = withMemtune(result, { minGuaranteeKiB: Math.min(least, most) });
  const how = 'hard_limit, soft_limit and min_guarantee';
  const outcome = isFree
    ? carried(result, how)
    : approximated(result, `${how}, where the control group says nothing`);
  return settle(
    domain,
    outcome,
    paths.map((path) => tree.place(path)),
    report,
  );
}

function readDiskLimits(domain: Domain, { tree, report, folders }: GuestContext): Domain {
  let result = domain;
  const others: string[] = [];
  for (const id of tree.children('dlimits')) {
    const base = `dlimits/${id}`;
    const directory = tree.scalar(`${base}/directory`) ?? '';
    const root = rootOf(result);
    const isRootLimit = root?.type === 'mount' && root.source.dir === directory;
    const isFirst = isRootLimit && root.spaceHardLimitBytes === undefined && root.quotas === undefined;
    if (tree.has(`${base}/disabled`) || !isFirst) {
      const why = isRootLimit ? 'it is disabled' : `${directory || 'it'} is not the root`;
      report.ignored(tree.place(`${base}/directory`), `${why}; kept whole`);
      others.push(base);
      continue;
    }
    folders.move(base, 'dlimits/0');
    result = readRootLimit(result, base, { tree, report });
  }
  folders.keep(others, (index) => `dlimits/${index + 1}`);
  return result;
}

function readRootLimit(
  domain: Domain,
  base: string,
  { tree, report }: Pick<GuestContext, 'tree' | 'report'>,
): Domain {
  const given = (['space_total', 'inodes_total'] as const).map((name) =>
    parseLimit(tree.scalar(`${base}/${name}`) ?? ''),
  );
  const [space, inodes] = [finite(given[0], 1024n), finite(given[1], 1n)];
  const how = 'space_hard_limit and quota of inodes of the root';
  const next = withDiskLimit(domain, space, inodes);
  const isLost = [space, inodes].some(
    (limit, index) => limit === undefined && typeof given[index] === 'bigint',
  );
  const outcome = isLost ? approximated(next, `${how}, one without limit: ${tooMuch}`) : carried(next, how);
  const places = ['directory', 'space_total', 'inodes_total'].filter((name) => tree.has(`${base}/${name}`));
  return settle(
    domain,
    outcome,
    places.map((name) => tree.place(`${base}/${name}`)),
    report,
  );
}

type Limit = bigint | 'infinite' | undefined;
const finite = (value: Limit, scale: bigint): number | undefined =>
  typeof value === 'bigint' && isExact(value * scale) ? Number(value * scale) : undefined;

function withDiskLimit(
  domain: Domain,
  spaceHardLimitBytes: number | undefined,
  max: number | undefined,
): Domain {
  return withRoot(domain, (root) => ({
    ...root,
    ...(spaceHardLimitBytes === undefined ? {} : { spaceHardLimitBytes }),
    ...(max === undefined ? {} : { quotas: [...(root.quotas ?? []), { type: 'inodes', max }] }),
  }));
}

/** The token bucket: fill-rate tokens each interval are that share of a processor, hard only with sched_hard. */
function readScheduler(domain: Domain, { tree, report }: GuestContext): Domain {
  const old = tree.list('schedule').map(({ text }) => text);
  const rate = Number(tree.scalar('sched/fill-rate') ?? old[0] ?? Number.NaN);
  const interval = Number(tree.scalar('sched/interval') ?? old[1] ?? Number.NaN);
  const places = ['sched/fill-rate', 'sched/interval', 'schedule']
    .filter((path) => tree.has(path))
    .map((path) => tree.place(path));
  if (places.length === 0) return domain;
  if (!(rate > 0 && interval > 0))
    return settle(domain, ignored('rate or interval is missing'), places, report);
  const share = Math.min(1, rate / interval);
  const isHard = tree.list('cflags').some(({ text }) => /^sched_hard$/i.test(text));
  return settle(domain, schedulerOutcome(domain, share, isHard), places, report);
}

function schedulerOutcome(domain: Domain, share: number, isHard: boolean): Outcome {
  const { quota, shares } = domain.cputune ?? {};
  if (isHard)
    return quota === undefined
      ? approximated(
          withCputune(domain, {
            period: commonPeriodUs,
            quota: Math.max(1000, Math.round(commonPeriodUs * share)),
          }),
          'period and quota, of all processors together',
        )
      : ignored('the control group has a quota');
  return shares === undefined
    ? approximated(
        withCputune(domain, { shares: Math.max(2, Math.round(1024 * share)) }),
        'shares: a weight, as sched_hard is off',
      )
    : ignored('the control group has shares');
}

function readCpuset(domain: Domain, { tree, host, report }: GuestContext): Domain {
  let result = domain;
  for (const [path, set] of [
    ['cpuset/cpus', (list: string) => withVcpu(result, { cpuset: list }, host.cpus)],
    ['cpuset/mems', (list: string) => withNodeset(result, list)],
  ] as const) {
    const text = tree.scalar(path);
    if (text === undefined) continue;
    const list = parseBitmap(text);
    const outcome =
      list === undefined || list === 'all'
        ? ignored(`${text} is no list`)
        : carried(set(list), 'cpuset or nodeset');
    result = settle(result, outcome, [tree.place(path)], report);
  }
  return result;
}

function readGroups(domain: Domain, { tree, host, report }: GuestContext): Domain {
  let result = domain;
  const files = tree.children('cgroup').filter((file) => file !== 'name');
  for (const file of files.sort((a, b) => groupRank(a) - groupRank(b))) {
    const path = `cgroup/${file}`;
    // A file without an element stays unseen, and is kept whole.
    if (!isGroupFile(file)) continue;
    for (const { text, line } of tree.list(path)) {
      const outcome = readGroupFile(result, file, text, host) ?? ignored('no element holds it');
      result = settle(result, outcome, [tree.place(path, line)], report);
    }
  }
  return result;
}

/** Control groups first: they win over the older limits. */
export const limitReads: readonly ((domain: Domain, context: GuestContext) => Domain)[] = [
  readGroups,
  readRlimits,
  readDiskLimits,
  readScheduler,
  readCpuset,
];
