/**
 * LangChain's chat model over BlockRun: each call is paid in USDC over x402, exactly once.
 *
 * @packageDocumentation
 */
export { ChatBlockRun } from './chat-model.js';
export type { ChatBlockRunCallOptions, ChatBlockRunInput } from './options.js';
