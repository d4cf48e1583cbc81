// ES modules get the very same classes as CommonJS, so `instanceof` holds across both.
export * from './index.js';
export { LLMClient as default } from './index.js';
