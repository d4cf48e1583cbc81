// What the purchases in Node have in common: who buys what, and what is told of it.

import { privateKeyToAccount } from 'viem/accounts';

export const account = privateKeyToAccount(process.env.BLOCKRUN_WALLET_KEY);
export const URL = `${process.env.BLOCKRUN_API_URL}/v1/chat/completions`;
export const BODY = {
  model: 'openai/gpt-4o-mini',
  messages: [{ role: 'user', content: 'Hello!' }],
};

// Prints the answer and the transaction of its receipt, of either version.
export function tell(answer, header) {
  const receipt = header('payment-response') ?? header('x-payment-response');
  const { transaction } = JSON.parse(Buffer.from(receipt, 'base64').toString());
  console.log(`reply        ${answer.choices[0].message.content}`);
  console.log(`transaction  ${transaction}`);
}
