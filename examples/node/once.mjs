// Charged once: the same key is paid at most once, whatever happens in between.
import { BlockrunError, LLMClient } from 'blockrun-llm';

const client = new LLMClient();
const options = { idempotencyKey: `report-${process.pid}` };

async function report() {
  for (let attempt = 1; ; attempt++) {
    try {
      return await client.chat('Write the report.', options);
    } catch (error) {
      // Every error says what happened to the money; the same call takes it up.
      if (!(error instanceof BlockrunError && error.retryable) || attempt === 3) throw error;
      console.log(error.code, error.payment.state);
    }
  }
}

console.log(await report());
console.log(await report());
console.log(`${client.payments().length} payment, ${client.getSpending().totalUsd} USDC`);
const again = await client.recover(options.idempotencyKey);
console.log(`fetched once more: ${again.choices[0].message.content}`);
