/**
 * AI calls that pay for themselves.
 *
 * @packageDocumentation
 */
export type * from './answers.js';
export { ApiStream } from './api-stream.js';
export { type ApiOptions, BlockrunClient } from './blockrun-client.js';
export { LLMClient, LLMClient as default } from './client.js';
export * from './compat.js';
export type { DiscoverOptions, Resource, ResourceOffer } from './discovery.js';
export * from './errors.js';
export * as offline from './offline.js';
export { OpenAI, type OpenAIOptions } from './openai.js';
export type {
  CompletionParams,
  CreateOptions,
  ImageParams,
  OpenAISurface,
} from './openai-surface.js';
export { ChatStream, PendingChatStream } from './stream.js';
export type { ToolOptions, ToolParams, ToolResult, ToolSession } from './tool.js';
export type * from './types.js';
export { listDiscoveredWallets, setupAgentWallet, status, WalletHome } from './wallet.js';
export type * from './wallet-types.js';
