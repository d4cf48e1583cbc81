// The same types for ES modules: the default export is the class, not a namespace.

import LLMClient, { type LLMClient as Named, offline } from 'blockrun-llm';

export const client: Named = new LLMClient({ privateKey: '0x' });
export const id: string = offline.paymentId('0x');
