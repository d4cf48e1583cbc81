/**
 * BlockRun for the Vercel AI SDK: each call is paid in USDC over x402, exactly once.
 *
 * @packageDocumentation
 */
export { PaidCallError } from './errors.js';
export {
  type BlockRunProvider,
  type BlockRunSettings,
  blockrun,
  createBlockRun,
} from './provider.js';
