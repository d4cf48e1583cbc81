// What an agent may spend, and who is asked. All limits hold over all programs of the wallet home.
import { LLMClient, PaymentError, SpendLimitError } from 'blockrun-llm';

const careful = new LLMClient({ maxCostPerCall: '0.0005', maxCostPerDay: 5 });
try {
  await careful.chat('Hello!');
} catch (error) {
  if (!(error instanceof SpendLimitError)) throw error;
  console.log(`${error.scope}: $${error.quotedUsd} is more than $${error.limitUsd}`);
}

const asking = new LLMClient({
  onPayment: ({ amountUsd, payee, model }) => {
    console.log(`$${amountUsd} to ${payee} for ${model}?`);
    return model !== 'openai/gpt-4o';
  },
});
console.log(await asking.chat('Hello!'));
try {
  await asking.chat('openai/gpt-4o', 'Hello!');
} catch (error) {
  if (!(error instanceof PaymentError)) throw error;
  console.log(`refused, ${error.payment.state}`);
}

const { amountUsd } = await asking.quote('Hello!', { maxTokens: 5_000 });
console.log(`a longer answer would cost $${amountUsd}`);
