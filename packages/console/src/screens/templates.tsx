// The images that roots stand on: who uses them, and a new one by upload.
// SPDX-License-Identifier: Apache-2.0
import type { Template } from '@ctvirt/api/browser';
import { useSignal } from '@preact/signals';
import { bytes, count, moment } from '../format.js';
import { needs } from '../parts/deeds.js';
import { confirm, FormDialog } from '../parts/dialog.js';
import { TextField } from '../parts/field.js';
import { Answer, Command, Empty, Head } from '../parts/frame.js';
import { Table } from '../parts/table.js';
import { pathOf } from '../paths.js';
import { Link } from '../router.js';
import { useAsked } from '../state/asked.js';
import { hostNow } from '../state/clock.js';
import { daemon } from '../state/daemon.js';
import { amend, say } from '../state/notes.js';
import { may } from '../state/session.js';
import { told } from '../state/told.js';
import { texts } from '../texts.js';

const words = texts.templates;

function Upload({ leave, done }: { readonly leave: () => void; readonly done: () => void }) {
  const name = useSignal('');
  const file = useSignal<File | undefined>(undefined);
  const send = async () => {
    const { value: chosen } = file;
    if (chosen === undefined) return;
    leave();
    const as = name.value;
    const id = say({ kind: 'busy', text: words.uploadBusy(as) });
    await told(
      words.uploadBusy(as),
      words.uploadDone(as),
      () =>
        daemon.templates.upload(
          { template: as, body: chosen },
          {
            onProgress: ({ phase, done: sent, total }) => {
              amend(id, total === undefined ? phase : `${phase}: ${bytes(sent)} / ${bytes(total)}`);
            },
          },
        ),
      undefined,
      id,
    );
    done();
  };
  return (
    <FormDialog
      title={words.uploadTitle}
      word={words.uploadGo}
      isReady={name.value !== '' && file.value !== undefined}
      send={() => void send()}
      leave={leave}
    >
      <label class="field">
        <span>{words.uploadFile}</span>
        <input
          class="input"
          type="file"
          onChange={({ currentTarget }) => {
            file.value = currentTarget.files?.[0];
            if (name.value === '')
              name.value = (file.value?.name ?? '').replace(/\.(tar|tgz|t?[gxz]+z?|zst|oci).*$/i, '');
          }}
        />
      </label>
      <TextField label={words.uploadName} value={name} />
    </FormDialog>
  );
}

function Line({ template, again }: { readonly template: Template; readonly again: () => void }) {
  const { name, os, arch, unpackedBytes, inodes, importedAt, usedBy } = template;
  const heads = words.columns;
  const remove = () =>
    confirm({
      title: words.removeTitle(name),
      why: words.removeWhy,
      sure: words.remove,
      word: name,
      run: async () => {
        await told(words.removeBusy(name), words.removeDone(name), () =>
          daemon.templates.remove({ template: name }),
        );
        again();
      },
    });
  const few = usedBy.slice(0, 3);
  return (
    <tr>
      <td class="wrap">
        <b>{name}</b>
      </td>
      <td data-label={heads.os}>{[os, arch].filter((part) => part !== undefined).join(', ') || '–'}</td>
      <td class="end nowrap" data-label={heads.size}>
        <data value={unpackedBytes}>{bytes(unpackedBytes)}</data>
      </td>
      <td class="end" data-label={heads.files}>
        <data value={inodes}>{count(inodes)}</data>
      </td>
      <td class="nowrap" data-label={heads.imported}>
        <time dateTime={importedAt}>{moment(importedAt, hostNow())}</time>
      </td>
      <td class="wrap" data-label={heads.used}>
        <span>
          {usedBy.length === 0 && '–'}
          {few.map((domain, index) => (
            <>
              {index > 0 && ', '}
              <Link href={pathOf('domains', domain)}>{domain}</Link>
            </>
          ))}
          {usedBy.length > few.length && <span class="soft"> +{usedBy.length - few.length}</span>}
        </span>
      </td>
      <td class="end">
        <button
          type="button"
          class="button slim"
          disabled={!may('admin') || usedBy.length > 0}
          title={usedBy.length > 0 ? words.inUse : undefined}
          onClick={remove}
        >
          {words.remove}…
        </button>
      </td>
    </tr>
  );
}

export function Screen() {
  const templates = useAsked((signal) => daemon.templates.list({}, { signal }), [], {
    onEvent: ({ event }) => event === 'defined' || event === 'undefined',
  });
  const isUploading = useSignal(false);
  const heads = words.columns;
  return (
    <>
      <Head title={words.title}>
        <button
          type="button"
          class="button"
          {...needs('admin')}
          onClick={() => {
            isUploading.value = true;
          }}
        >
          {words.upload}
        </button>
      </Head>
      <Answer of={templates} lines={6}>
        {(list) => (
          <div class="card">
            {list.length === 0 ? (
              <Empty icon="templates" title={words.empty} why={words.emptyWhy}>
                <div class="steps">
                  <Command line={words.emptyNext} />
                </div>
              </Empty>
            ) : (
              <Table
                heads={[
                  { text: heads.name },
                  { text: heads.os },
                  { text: heads.size, isEnd: true },
                  { text: heads.files, isEnd: true },
                  { text: heads.imported },
                  { text: heads.used },
                  { text: words.remove, isHidden: true },
                ]}
              >
                {list.map((template) => (
                  <Line key={template.name} template={template} again={templates.again} />
                ))}
              </Table>
            )}
          </div>
        )}
      </Answer>
      {isUploading.value && (
        <Upload
          done={templates.again}
          leave={() => {
            isUploading.value = false;
          }}
        />
      )}
    </>
  );
}
