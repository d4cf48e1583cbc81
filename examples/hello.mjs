// The shortest paid call in Node. The key is read from BLOCKRUN_WALLET_KEY.
import { LLMClient } from 'blockrun-llm';

const client = new LLMClient({ privateKey: process.env.BLOCKRUN_WALLET_KEY });
const response = await client.chat('Hello!');
// Payment handled automatically via x402. What it cost:
const payment = client.payments().at(-1);

console.log(`reply        ${response}`);
console.log(`model        ${payment.model}`);
console.log(`price        ${payment.amountUsd.toFixed(6)} USDC`);
console.log(`transaction  ${payment.transaction}`);
