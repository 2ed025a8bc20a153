// Makes a Debian root with mmdebstrap and hands its archive to the ordinary import.
// SPDX-License-Identifier: Apache-2.0
import { mkdir } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { Child } from './archive/child.js';
import { missingPackage, tethered } from './archive/confined.js';
import { commandFailure, refuse } from './archive/errors.js';
import { type Imported, type ImportOptions, importArchive, type Places } from './import-archive.js';

/** What to build; left out, it is the stable minimum that systemd boots from. */
export interface DebianOptions extends Pick<ImportOptions, 'onProgress' | 'signal' | 'limits'> {
  /** Debian's name of the release, such as `bookworm`. */
  suite?: string;
  /** Packages beyond the base. */
  include?: readonly string[];
  /** `http:`, `https:` or `file:` address of an archive; left out, mmdebstrap's own choice for the suite. */
  mirror?: string;
  /** Debian's name of the machine, such as `amd64`; left out, the host's. */
  arch?: string;
}

const DEFAULT_SUITE = 'bookworm';

/** What a minimal base lacks to boot as a system and to be reached. */
const BASE = ['systemd-sysv', 'dbus', 'iproute2', 'iputils-ping', 'netbase', 'procps'];

const patterns = {
  suite: /^[a-z][a-z0-9.-]{0,63}$/,
  package: /^[a-z0-9][a-z0-9+.-]{1,127}$/,
  mirror: /^(?:https?|file):\/\/[!-~]{1,1024}$/,
  arch: /^[a-z0-9][a-z0-9-]{0,31}$/,
} as const;

function checked(what: keyof typeof patterns, text: string): string {
  // mmdebstrap takes much more here: hooks, file names, whole source lines.
  if (patterns[what].test(text) && !text.endsWith('-')) return text;
  throw refuse('source', `${JSON.stringify(text.slice(0, 200))} is no ${what}`);
}

/** What mmdebstrap leaves in the root that is no business of a template's, taken out by lines of shell that get the root as `$1`. */
const leftovers = [
  // Copied from the host. A link, as of systemd-resolved's, is the package's own.
  ...['hostname', 'resolv.conf'].map(
    (name) =>
      `[ -L "$1/etc/${name}" ] || { rm -f "$1/etc/${name}" && install -m 644 /dev/null "$1/etc/${name}"; }`,
  ),
  // That apt reads from the network as root was meant for the build alone.
  'sed -i /^APT::Sandbox::User/d "$1/etc/apt/apt.conf.d/99mmdebstrap"',
  'cd "$1/etc/apt/apt.conf.d" && { [ -s 99mmdebstrap ] || rm 99mmdebstrap; }',
];

/** The command line; ends with the process that started it, whatever its children are doing. */
export function debianArgv(options: DebianOptions): [string, ...string[]] {
  const packages = [...BASE, ...(options.include ?? [])].map((name) => checked('package', name));
  const argv = ['mmdebstrap', '--mode=root', '--variant=minbase', '--format=tar', '--skip=output/dev'];
  // Its folder is closed to all but root, apt's own user included.
  argv.push('--aptopt=APT::Sandbox::User "root"', `--include=${packages.join(',')}`);
  argv.push(...leftovers.map((line) => `--customize-hook=${line}`));
  if (options.arch !== undefined) argv.push(`--architectures=${checked('arch', options.arch)}`);
  argv.push(checked('suite', options.suite ?? DEFAULT_SUITE), '-');
  if (options.mirror !== undefined) argv.push(checked('mirror', options.mirror));
  return tethered(argv, '--ipc', '--uts');
}

const PROXIES = ['http_proxy', 'https_proxy', 'no_proxy'];

/** Builds into the root, and leaves what it needed meanwhile in `scratch`. */
export async function buildDebian(places: Places, options: DebianOptions): Promise<Imported> {
  const argv = debianArgv(options);
  await mkdir(places.scratch, { mode: 0o700 });
  const env: Record<string, string> = { TMPDIR: places.scratch };
  for (const name of PROXIES) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  const { onProgress, signal } = options;
  await using child = new Child(argv, { signal, env });
  child.onComplaint((text) => {
    const message = /^I: (.*)$/m.exec(text)?.[1];
    if (message && !/tempdir|skipping|hook/.test(message))
      onProgress?.({ phase: 'build', doneBytes: 0, entries: 0, message });
  });
  const archive = async function* () {
    for await (const chunk of child.stdout) yield chunk;
    const status = await child.ended;
    signal?.throwIfAborted();
    if (status === 0) return;
    const stderr = child.complaint;
    throw commandFailure(
      'mmdebstrap could not make the root',
      { argv, status, stderr },
      missingPackage(stderr),
    );
  };
  const label = `mmdebstrap ${options.suite ?? DEFAULT_SUITE}`;
  // Awaited here: leaving this function ends the child.
  return await importArchive(Readable.from(archive(), { objectMode: false }), places, { ...options, label });
}
