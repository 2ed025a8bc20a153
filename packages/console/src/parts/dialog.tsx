// Questions before what cannot be taken back: whom it hits by name, with the way out under the Enter key.
// SPDX-License-Identifier: Apache-2.0
import { signal, useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { texts } from '../texts.js';
import { TextField } from './field.js';

/** What is asked; `word` has to be typed where something is erased. */
export interface Question {
  readonly title: string;
  readonly why: string;
  readonly names?: readonly string[] | undefined;
  readonly sure: string;
  readonly word?: string | undefined;
  readonly run: () => void;
}

const question = signal<Question | undefined>(undefined);

/** Asks before something is done; nothing happens unless somebody says so. */
export const confirm = (asked: Question): void => {
  question.value = asked;
};

interface DialogProps {
  readonly label: string;
  readonly class?: string;
  readonly leave: () => void;
  readonly children: ComponentChildren;
}

/** A window within the page; Esc and a click beside it leave it. */
export function Dialog({ label, class: kind, leave, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  // Before anything else is typed: what follows Ctrl K at once is meant for it.
  useLayoutEffect(() => dialog.current?.showModal(), []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Esc does the same, by the dialog itself
    <dialog
      ref={dialog}
      class={kind}
      aria-label={label}
      onClose={leave}
      onClick={({ target }) => {
        if (target === dialog.current) leave();
      }}
    >
      {children}
    </dialog>
  );
}

interface FormDialogProps extends Omit<DialogProps, 'class' | 'label'> {
  readonly title: string;
  readonly word: string;
  readonly isReady?: boolean;
  readonly send: () => void;
}

/** One in which something is said and then sent. */
export const FormDialog = ({ title, word, isReady = true, send, leave, children }: FormDialogProps) => (
  <Dialog label={title} leave={leave}>
    <form
      class="inside"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <h2>{title}</h2>
      {children}
      <div class="ask">
        <button type="button" class="button" onClick={leave}>
          {texts.cancel}
        </button>
        <button type="submit" class="button main-deed" disabled={!isReady}>
          {word}
        </button>
      </div>
    </form>
  </Dialog>
);

function Asked({ title, why, names = [], sure, word, run }: Question) {
  const typed = useSignal('');
  const leave = () => {
    question.value = undefined;
  };
  const isSure = word === undefined || typed.value === word;
  const go = (event: Event) => {
    event.preventDefault();
    if (!isSure) return;
    leave();
    run();
  };
  return (
    <Dialog label={title} leave={leave}>
      <form class="inside" onSubmit={go}>
        <h2>{title}</h2>
        <p class="soft">{why}</p>
        {names.length > 1 && (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be reached by keys
          <ul class="names" tabIndex={0} aria-label={texts.domains.title}>
            {names.map((name) => (
              <li key={name}>{name}</li>
            ))}
          </ul>
        )}
        {word !== undefined && <TextField label={texts.undefine.type(word)} value={typed} />}
        <div class="ask">
          {/* Whoever presses Enter at once changes nothing. */}
          <button type="button" class="button" onClick={leave} autofocus={word === undefined}>
            {texts.cancel}
          </button>
          <button type="submit" class="button danger" disabled={!isSure}>
            {sure}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** Where questions are asked. */
export const Questions = () =>
  question.value === undefined ? null : <Asked key={question.value.title} {...question.value} />;
