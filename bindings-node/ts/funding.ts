import { exact } from './money.js';
import type { NativeClient } from './native.js';
import * as options from './options.js';
import { translated } from './translate.js';
import type { Funding } from './wallet-types.js';

const PICTURE: options.OptionTable<{ darkBlocks?: boolean }> = { darkBlocks: options.flag };

/** A request for money; its pictures are drawn when they are asked for. */
export function fundingOf(client: NativeClient, given: unknown): Funding {
  const amount =
    given === undefined ? undefined : (options.dollars(given, 'amount') as number | string);
  const details = exact(translated(() => client.funding(amount)));
  return Object.defineProperties(details, {
    qrPng: { value: () => translated(() => client.fundingPng(amount)) },
    qrText: {
      value: (looks?: unknown) => {
        const { darkBlocks } = options.readOptions<{ darkBlocks?: boolean }>(looks, PICTURE);
        return translated(() => client.fundingText(amount, darkBlocks === true));
      },
    },
  }) as unknown as Funding;
}
