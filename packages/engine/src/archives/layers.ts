// What a container wrote, out of one layer and into another: by tar in confinement, each member judged on the way.
// SPDX-License-Identifier: Apache-2.0
import { setAttribute } from '../host/syscalls.js';
import type { LayerFiles, OpenLayerFiles } from '../storage/root-mounts.js';
import { Child, type ExitStatus } from '../templates/archive/child.js';
import { confinedArgv } from '../templates/archive/confined.js';
import { LayerInspector, layerBlocks } from '../templates/archive/layer-inspect.js';
import type { ImportLimits } from '../templates/archive/limits.js';
import { outputOf } from '../templates/archive/output.js';
import { type TarEntry, TarReader } from '../templates/archive/tar-reader.js';
import { endOfArchive } from '../templates/archive/tar-write.js';
import { unpack } from '../templates/archive/unpack.js';
import { PACK_CAPABILITIES, PACK_LAYER } from './tar-options.js';

const PACK = [...PACK_LAYER, '.'];

/** How a layer is read. */
export interface Packing {
  readonly limits: ImportLimits;
  readonly signal?: AbortSignal | undefined;
  /** Told of what tar leaves out, one sentence each. */
  readonly tell?: (remark: string) => void;
  /** Told of each piece that was read. */
  readonly onBytes?: (bytes: number) => void;
}

/** What tar says of single files, and goes on; undefined of all else. */
const complaints: readonly (readonly [RegExp, (name: string) => string])[] = [
  [/^tar: \.\/(.*): socket ignored$/, (name) => `the socket /${name} is left out: who listens makes it anew`],
  [
    /^tar: \.\/(.*): File removed before we read it$/,
    (name) => `/${name} was removed while the files were read`,
  ],
  [
    /^tar: \.\/(.*): (?:file changed as we read it|File shrank by \d+ bytes?; padding with zeros)$/,
    (name) => `/${name} was changed while it was read, and is not as it was at any moment`,
  ],
  // Of the folder itself, from which files were removed.
  [/^tar: \.: file changed as we read it$/, () => ''],
];

function remarkOn(line: string): string | undefined {
  for (const [pattern, words] of complaints) {
    const match = pattern.exec(line);
    if (match !== null) return words(match[1] ?? '');
  }
  return undefined;
}

/** Its members, with the ids that it has inside. */
export async function* packLayer(
  { path, within }: LayerFiles,
  { limits, signal, tell, onBytes }: Packing,
): AsyncGenerator<TarEntry> {
  const { cpuSeconds, memoryBytes } = limits;
  const box = { source: path, capabilities: PACK_CAPABILITIES, cpuSeconds, memoryBytes, fileBytes: 0 };
  const argv = confinedArgv(PACK, box);
  await using child = within(() => new Child(argv, { signal }));
  let isKnown = true;
  child.onComplaint((lines) => {
    for (const line of lines.trimEnd().split('\n')) {
      const remark = remarkOn(line);
      isKnown &&= remark !== undefined;
      if (remark !== undefined && remark !== '') tell?.(remark);
    }
  });
  // With 1 it ends where files were changed or gone while it read them, and that was told.
  const isRight = (status: ExitStatus): boolean => status === 0 || (status === 1 && isKnown);
  const output = outputOf(child, { failed: 'tar could not read the files', argv: PACK, signal, isRight });
  const onTaken = (bytes: Buffer): void => onBytes?.(bytes.length);
  const reader = new TarReader(output, limits, undefined, { layers: true, onBytes: onTaken });
  yield* reader.members();
  if (reader.droppedAttributes > 0)
    tell?.(`${reader.droppedAttributes} extended attributes of the host's are left out`);
}

/** Puts the members into a layer that has none yet; when it resolves, they are on the disk. */
export async function unpackLayer(
  entries: AsyncIterable<TarEntry>,
  layer: OpenLayerFiles,
  { limits, signal }: Packing,
): Promise<void> {
  const { path, within } = layer;
  const inspector = new LayerInspector(limits);
  const blocks = async function* (): AsyncGenerator<Buffer> {
    yield* layerBlocks(entries, inspector);
    yield endOfArchive();
  };
  await unpack(blocks(), path, limits, { signal, isLayer: true, within });
  // Nobody else has this tree, and each folder on the way is one: the inspector would have refused another.
  within(() => {
    for (const folder of inspector.opaque)
      setAttribute(Buffer.from(`${path}/${folder}`, 'latin1'), 'trusted.overlay.opaque', 'y');
  });
  await layer.sync();
}
