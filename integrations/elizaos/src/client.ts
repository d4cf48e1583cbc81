import type { IAgentRuntime } from '@elizaos/core';
import { type ClientOptions, LLMClient } from 'blockrun-llm';

/** The settings of an agent that are options of its client, by their names in `blockrun-llm`. */
export const SETTINGS: Readonly<Record<string, keyof ClientOptions>> = {
  BLOCKRUN_API_KEY: 'apiKey',
  BLOCKRUN_WALLET_KEY: 'privateKey',
  BASE_CHAIN_WALLET_KEY: 'privateKey',
  BLOCKRUN_API_URL: 'apiUrl',
  BLOCKRUN_HOME: 'home',
  BLOCKRUN_MAX_COST_PER_CALL: 'maxCostPerCall',
  BLOCKRUN_MAX_SESSION_COST: 'maxSessionCost',
  BLOCKRUN_MAX_COST_PER_HOUR: 'maxCostPerHour',
  BLOCKRUN_MAX_COST_PER_DAY: 'maxCostPerDay',
};

const clients = new WeakMap<IAgentRuntime, LLMClient>();

/**
 * The client that pays for an agent; its limits, spending and payments are that agent's.
 *
 * Made of the agent's settings when it is first asked for; what they do not say comes from the
 * environment. Throws `InvalidArgumentError` that names the option that is missing or wrong.
 */
export function clientOf(runtime: IAgentRuntime): LLMClient {
  const made = clients.get(runtime) ?? new LLMClient(optionsOf(runtime));
  clients.set(runtime, made);
  return made;
}

/** A setting of an agent as text; undefined where it has none. */
export function settingOf(runtime: IAgentRuntime, ...names: string[]): string | undefined {
  for (const name of names) {
    const value = runtime.getSetting(name);
    if (value !== null && value !== undefined && value !== '') return String(value);
  }
  return undefined;
}

function optionsOf(runtime: IAgentRuntime): ClientOptions {
  const options: Partial<Record<keyof ClientOptions, string | number>> = {};
  for (const [setting, option] of Object.entries(SETTINGS)) {
    // The first that is set counts, and an account goes before a wallet.
    const taken = option in options || (option === 'privateKey' && 'apiKey' in options);
    const value = taken ? undefined : settingOf(runtime, setting);
    if (value !== undefined) options[option] = value;
  }
  const seconds = settingOf(runtime, 'BLOCKRUN_CHAT_TIMEOUT');
  if (seconds !== undefined) options.timeout = Number(seconds) * 1000;
  return options as ClientOptions;
}
