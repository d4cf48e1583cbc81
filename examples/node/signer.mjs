// The key stays elsewhere: an account of viem signs, or a hardware wallet behind it.
import { env } from 'node:process';
import { LLMClient } from 'blockrun-llm';
import { privateKeyToAccount } from 'viem/accounts';

const account = privateKeyToAccount(env.BLOCKRUN_WALLET_KEY);
const client = new LLMClient({ signer: account });
console.log(await client.chat('Hello!'));
console.log(`paid by ${client.getWalletAddress()}`);
