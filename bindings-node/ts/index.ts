/**
 * AI calls that pay for themselves.
 *
 * @packageDocumentation
 */
export { LLMClient, LLMClient as default } from './client.js';
export * from './errors.js';
export * as offline from './offline.js';
export type * from './types.js';
