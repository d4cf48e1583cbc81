import type { Provider } from '@elizaos/core';
import { clientOf } from './client.js';

/**
 * Tells an agent about its wallet: address, network, balance and what was spent.
 *
 * Dynamic: it is told when it is asked for (`providers: ['BLOCKRUN_WALLET']`). In every prompt it
 * would make each one another than the last, and a call that is made again would not be known as
 * the same.
 */
export const walletProvider: Provider = {
  name: 'BLOCKRUN_WALLET',
  description: 'The wallet that pays for calls of models: address, balance in USDC, spending',
  dynamic: true,
  async get(runtime) {
    const client = clientOf(runtime);
    if (client.authMode === 'api-key') {
      const text = 'Calls of models are billed to the account of an API key; there is no wallet.';
      return { text, values: { blockrunPaidBy: 'account' } };
    }
    const address = client.getWalletAddress();
    const { totalUsd, calls, reservedUsd } = client.getSpending();
    // Nobody may be there to be asked: that is no reason to know nothing.
    const balanceUsd = await client.getBalance().catch(() => undefined);
    const network = client.isTestnet() ? 'Base Sepolia (test money)' : 'Base';
    const lines = [
      `Wallet ${address} pays for calls of models, in USDC on ${network}.`,
      balanceUsd === undefined ? 'Its balance cannot be read now.' : `It holds $${balanceUsd}.`,
      `Since the start $${totalUsd} were spent in ${calls} calls; $${reservedUsd} are not settled.`,
    ];
    return {
      text: lines.join('\n'),
      values: { blockrunPaidBy: 'wallet', blockrunAddress: address, blockrunSpentUsd: totalUsd },
      data: { address, network, balanceUsd, totalUsd, calls, reservedUsd },
    };
  },
};
