import type { Plugin } from '@elizaos/core';
import { blockrunChat } from './action.js';
import { clientOf } from './client.js';
import { models } from './models.js';
import { walletProvider } from './wallet.js';

/**
 * The plugin: `plugins: ['elizaos-plugin-blockrun']` in a character, or the object itself.
 *
 * Registers the models `TEXT_SMALL`, `TEXT_LARGE` and `IMAGE`, the provider `BLOCKRUN_WALLET` and
 * the action `BLOCKRUN_CHAT`. Its start fails, with `InvalidArgumentError`, where nobody is named who
 * pays or a setting cannot be used. Errors of its models are those of `blockrun-llm`, with `payment`
 * and `key`; a call that is made again takes up the payment that there is.
 */
export const blockrunPlugin: Plugin = {
  name: 'blockrun',
  description: 'Models that are paid by the call, in USDC over x402, exactly once',
  async init(_config, runtime) {
    clientOf(runtime);
  },
  models,
  providers: [walletProvider],
  actions: [blockrunChat],
};
