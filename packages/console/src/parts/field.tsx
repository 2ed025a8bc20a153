// What is typed into dialogs.
// SPDX-License-Identifier: Apache-2.0
import type { Signal } from '@preact/signals';

interface TextFieldProps {
  readonly label: string;
  readonly value: Signal<string>;
  readonly placeholder?: string | undefined;
  /** Whether it is typed into when the dialog opens. */
  readonly isFirst?: boolean;
  readonly isMono?: boolean;
}

/** One line of text. */
export const TextField = ({ label, value, placeholder, isFirst = false, isMono = false }: TextFieldProps) => (
  <label class="field">
    <span>{label}</span>
    <input
      class={isMono ? 'input mono' : 'input'}
      autocomplete="off"
      placeholder={placeholder}
      autofocus={isFirst}
      value={value.value}
      onInput={({ currentTarget }) => {
        value.value = currentTarget.value;
      }}
    />
  </label>
);
