/**
 * BlockRun for ElizaOS: an agent thinks, draws and asks other models, and pays for each call in USDC
 * over x402, exactly once.
 *
 * @packageDocumentation
 */
export { blockrunChat } from './action.js';
export { clientOf, SETTINGS } from './client.js';
export { blockrunPlugin, blockrunPlugin as default } from './plugin.js';
export { walletProvider } from './wallet.js';
