// Buttons for what can be done with domains: asked before it interrupts somebody, with the names of those it hits.
// SPDX-License-Identifier: Apache-2.0
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { act, deeds, undefine, type Verb } from '../state/actions.js';
import { daemon } from '../state/daemon.js';
import type { Row } from '../state/domains.js';
import { may } from '../state/session.js';
import { told } from '../state/told.js';
import { texts } from '../texts.js';
import { confirm } from './dialog.js';
import { Icon } from './icons.js';

/** Does it with those, after a question where that interrupts somebody. */
export function ask(verb: Verb, targets: readonly Row[]): void {
  const names = targets.map(({ is }) => is.peek().name);
  const run = () => void act(verb, targets);
  if (deeds[verb].danger === 'none') run();
  else
    confirm({
      title: texts.deeds.question(verb, names),
      why: verb === 'reboot' ? texts.deeds.consequence.reboot : texts.deeds.consequence.destroy,
      names,
      sure: texts.deeds.sure(verb, names),
      run,
    });
}

/** Of a button for those alone who have that role: who has not is told. */
export const needs = (role: Parameters<typeof may>[0]) =>
  may(role) ? { disabled: false, title: undefined } : { disabled: true, title: texts.deeds.noRole(role) };

interface DeedProps {
  readonly verb: Verb;
  readonly targets: readonly Row[];
  readonly isSlim?: boolean;
  readonly isMain?: boolean;
}

/** One verb for those of these whom it fits; who may not is told why. */
export function Deed({ verb, targets, isSlim = false, isMain = false }: DeedProps) {
  const fit = targets.filter(({ is }) => deeds[verb].fits(is.value.state));
  const { role } = deeds[verb];
  const mayNot = !may(role);
  const more = deeds[verb].danger === 'none' ? '' : '…';
  return (
    <button
      type="button"
      class={`button${isSlim ? ' slim' : ''}${isMain ? ' main-deed' : ''}`}
      disabled={mayNot || fit.length === 0}
      title={mayNot ? texts.deeds.noRole(role) : texts.deeds.explains(verb)}
      onClick={() => ask(verb, fit)}
    >
      {isMain && <Icon name={verb === 'start' ? 'play' : 'power'} />}
      {texts.deeds.name(verb)}
      {targets.length > 1 && fit.length > 0 && ` ${fit.length}`}
      {more}
    </button>
  );
}

/** Buttons that are opened by one; a click anywhere closes it. */
export function Menu({ label, children }: { readonly label: string; readonly children: ComponentChildren }) {
  const isOpen = useSignal(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const shut = (event: Event) => {
      if (event instanceof KeyboardEvent && event.key !== 'Escape') return;
      isOpen.value = false;
    };
    addEventListener('click', shut);
    addEventListener('keydown', shut);
    return () => {
      removeEventListener('click', shut);
      removeEventListener('keydown', shut);
    };
  }, []);
  return (
    <div class="popmenu" ref={box}>
      <button
        type="button"
        class="button"
        aria-expanded={isOpen.value}
        aria-label={label}
        onClick={(event) => {
          event.stopPropagation();
          isOpen.value = !isOpen.value;
        }}
      >
        <Icon name="more" />
      </button>
      {isOpen.value && <div>{children}</div>}
    </div>
  );
}

/** What ends a domain: kept with its files for as long as one may undo it, or erased after its name was typed. */
export function Removal({ row, gone }: { readonly row: Row; readonly gone: () => void }) {
  const { name, state } = row.is.value;
  const why = may('admin')
    ? state === 'shutoff'
      ? undefined
      : texts.undefine.whyOn
    : texts.deeds.noRole('admin');
  const isBlocked = why !== undefined;
  const erase = () =>
    confirm({
      title: texts.undefine.eraseTitle(name),
      why: texts.undefine.eraseWhy,
      sure: texts.undefine.eraseName,
      word: name,
      run: async () => {
        const work = () => daemon.domains.undefine({ domain: row.uuid, storage: true });
        if (await told(texts.undefine.eraseBusy(name), texts.undefine.eraseDone(name), work)) gone();
      },
    });
  return (
    <>
      <button
        type="button"
        class="button"
        disabled={isBlocked}
        title={why}
        onClick={async () => {
          if (await undefine(row)) gone();
        }}
      >
        {texts.undefine.name}
      </button>
      <button type="button" class="button warn-text" disabled={isBlocked} title={why} onClick={erase}>
        {texts.undefine.eraseName}…
      </button>
    </>
  );
}
