// How wide the window is: lists have as many columns as there is room for.
// SPDX-License-Identifier: Apache-2.0
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

/** The window's width in pixels, whenever it changes. */
export function useWidth(): number {
  const width = useSignal(innerWidth);
  useEffect(() => {
    const look = () => {
      width.value = innerWidth;
    };
    addEventListener('resize', look);
    return () => removeEventListener('resize', look);
  }, []);
  return width.value;
}
