// What the page says at its edge.
// SPDX-License-Identifier: Apache-2.0
import { dismiss, notes } from '../state/notes.js';
import { texts } from '../texts.js';
import { Icon } from './icons.js';

/** Where it is said. */
export const Notes = () => (
  <div class="notes" role="status">
    {notes.value.map(({ id, kind, text, detail, undo }) => (
      <div key={id} class={`note ${kind}`}>
        <div class="grow">
          <p>
            {kind === 'failed' && <span aria-hidden="true">✕ </span>}
            {text}
          </p>
          {detail !== undefined && <p class="soft small detail">{detail}</p>}
        </div>
        {undo !== undefined && (
          <button
            type="button"
            class="button slim"
            onClick={() => {
              dismiss(id);
              undo();
            }}
          >
            {texts.undefine.undo}
          </button>
        )}
        <button type="button" class="button quiet slim" aria-label={texts.close} onClick={() => dismiss(id)}>
          <Icon name="close" />
        </button>
      </div>
    ))}
  </div>
);
