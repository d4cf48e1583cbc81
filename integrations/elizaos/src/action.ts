import type { Action, ActionResult, Content, HandlerOptions, Memory } from '@elizaos/core';
import { BlockrunError } from 'blockrun-llm';
import { clientOf } from './client.js';
import { modelOf } from './models.js';

/**
 * Lets an agent ask another model, and pay for it.
 *
 * What is asked is the message's text, or `prompt` of the options; whom, `model` of the options or
 * of the message, else the agent's large model. An error is a result that says what happened to the
 * money; the same action made again takes up the payment that there is.
 */
export const blockrunChat: Action = {
  name: 'BLOCKRUN_CHAT',
  similes: ['ASK_MODEL', 'ASK_ANOTHER_MODEL', 'ASK_GPT', 'ASK_CLAUDE', 'ASK_GEMINI', 'PAID_CHAT'],
  description: 'Asks another AI model a question and pays for its answer in USDC.',
  examples: [
    [
      { name: '{{user1}}', content: { text: 'Ask Claude what it thinks of tides' } },
      { name: '{{agent}}', content: { text: 'I ask it.', actions: ['BLOCKRUN_CHAT'] } },
    ],
  ],
  async validate(_runtime, message) {
    return Boolean(message.content.text?.trim());
  },
  async handler(runtime, message, _state, options, callback) {
    const { prompt, model } = asked(message, options);
    const named = model ?? modelOf(runtime, 'LARGE');
    try {
      const answer = await clientOf(runtime).chatCompletion(named, [
        { role: 'user', content: prompt },
      ]);
      const text = answer.choices[0]?.message.content ?? '';
      const content: Content = { text, actions: ['BLOCKRUN_CHAT'], source: message.content.source };
      await callback?.(content);
      const { costUsd, settlement } = answer;
      return { success: true, text, data: { model: answer.model, costUsd, settlement } };
    } catch (error) {
      if (!(error instanceof BlockrunError)) throw error;
      const result = failure(error);
      await callback?.({ text: result.text ?? '', source: message.content.source });
      return result;
    }
  },
};

function asked({ content }: Memory, options: HandlerOptions | undefined) {
  const text = (value: unknown) => (typeof value === 'string' && value.trim() ? value : undefined);
  return {
    prompt: text(options?.prompt) ?? content.text ?? '',
    model: text(options?.model) ?? text(content.model),
  };
}

const MONEY: Readonly<Record<BlockrunError['payment']['state'], string>> = {
  not_charged: 'Nothing was charged.',
  refused: 'The payment was refused; until it expires it could still be executed.',
  charged: 'It was paid.',
  unknown: 'It is not known whether it was paid; asking again does not pay again.',
  presumed_charged: 'It counts as paid.',
};

function failure(error: BlockrunError): ActionResult {
  const { message, code, payment, key } = error;
  const text = `The other model did not answer: ${message}. ${MONEY[payment.state]}`;
  return { success: false, text, error, data: { code, payment, key } };
}
