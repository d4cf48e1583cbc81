// The same shape without that package.
import { OpenAI } from 'blockrun-llm';

const openai = new OpenAI();
const messages = [{ role: 'user', content: 'Hello!' }];
const response = await openai.chat.completions.create({ model: 'openai/gpt-4o-mini', messages });
console.log(response.choices[0].message.content, `${response.costUsd} USDC`);
const { data } = await openai.models.list();
console.log(`${data.length} models; ${openai.client.getSpending().totalUsd} USDC spent`);
