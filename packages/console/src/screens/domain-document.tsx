// The document of a domain, which says what it is and may use.
// SPDX-License-Identifier: Apache-2.0
import { DocumentForm, type Stored } from '../parts/document-form.js';
import { Answer, Card } from '../parts/frame.js';
import { useAsked } from '../state/asked.js';
import { daemon, remarks } from '../state/daemon.js';
import { say } from '../state/notes.js';
import { texts } from '../texts.js';
import type { TabProps } from './screen.js';

const words = texts.document;

async function storedOf(domain: string, signal?: AbortSignal): Promise<Stored> {
  let tag = '';
  const hear = (told: string) => {
    tag = told;
  };
  const text = await daemon.domains.xml({ domain, inactive: true }, { signal, onTag: hear });
  return { text, tag };
}

export function Tab({ row }: TabProps) {
  const { uuid } = row;
  const stored = useAsked((signal) => storedOf(uuid, signal), [uuid], {
    onEvent: ({ event, domain }) => domain.uuid === uuid && (event === 'defined' || event === 'changed'),
  });
  const save = async (text: string, tag: string) => {
    remarks.value = [];
    await daemon.domains.redefine({ domain: uuid, body: text, ifMatch: tag });
    say({ kind: 'done', text: words.saved, detail: remarks.value.join(' ') || undefined });
    return await storedOf(uuid);
  };
  return (
    <Card title={words.title} sub={words.sub}>
      <Answer of={stored} lines={10}>
        {(known) => (
          <DocumentForm
            key={uuid}
            of={uuid}
            label={words.of(row.is.value.name)}
            stored={known}
            saveWord={words.save}
            save={save}
            again={() => storedOf(uuid)}
          />
        )}
      </Answer>
    </Card>
  );
}
