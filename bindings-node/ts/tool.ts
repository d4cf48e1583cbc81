import type { Paid } from './answers.js';
import type { ToolInput, ToolOutput } from './native.js';
import * as options from './options.js';
import { invalidArgument } from './translate.js';
import type { RequestOptions } from './types.js';

/** The parameters of one `tools/call`; `_meta` is what belongs to the payment. */
export interface ToolParams {
  name: string;
  arguments: Record<string, unknown>;
  _meta?: { progressToken?: string | number; [name: string]: unknown };
}

/**
 * What performs one `tools/call`: a `Client` of `@modelcontextprotocol/sdk`, or a function. It does not
 * try again by itself.
 */
export type ToolSession<Result = unknown> =
  | { callTool(params: ToolParams): Promise<Result> }
  | ((params: ToolParams) => Promise<Result>);

/** Options of a call of a tool. */
export interface ToolOptions
  extends Pick<RequestOptions, 'timeout' | 'idempotencyKey' | 'replay' | 'signal'> {
  /**
   * Whom it is asked of: the server's address, or a name of your own (letters, digits, `-` and `.`)
   * for one without, such as a program that is spoken to over its standard input. It names the payee
   * in records and budgets, and belongs to the call.
   */
  readonly server: string;
}

/** What a tool answered. */
export interface ToolResult<Result = unknown> extends Paid {
  /** What the session returned. */
  result: Result;
  /** Whether the tool says that it failed. */
  isError: boolean;
}

const TOOL_OPTIONS: options.OptionTable<ToolOptions> = {
  server: options.text,
  timeout: options.number,
  idempotencyKey: options.text,
  replay: options.text,
  signal: options.signal,
};

/** Reads `(session, name, args, options)`: for the native half, the signal, and the way out. */
export function readTool<Result>(
  session: ToolSession<Result>,
  name: unknown,
  args: unknown,
  given: unknown,
) {
  const call = callerOf(session);
  const optional = ['timeout', 'idempotencyKey', 'replay', 'signal'] as const;
  const { signal, ...read } = options.readFields<ToolOptions>(given, TOOL_OPTIONS, optional);
  let last: Result | undefined;
  const carry = async (text: string): Promise<string> => {
    try {
      const result = await call(JSON.parse(text));
      last = result;
      return JSON.stringify({ result });
    } catch (caught) {
      const { code, message, data } = caught as {
        code?: unknown;
        message?: string;
        data?: unknown;
      };
      // An error of the protocol is an answer.
      if (typeof code === 'number') return JSON.stringify({ error: { code, message, data } });
      throw caught;
    }
  };
  const input = {
    ...read,
    name: options.text(name, 'name'),
    ...(args !== undefined && { arguments: options.jsonObject(args, 'arguments') }),
    session: carry,
  } as ToolInput;
  const result = ({ raw, isError, costUsd, costMicro, settlement }: ToolOutput) =>
    Object.defineProperties(
      { result: last, isError, costUsd: costUsd ?? null, ...(settlement && { settlement }) },
      { costMicro: { value: costMicro ?? null }, raw: { value: raw } },
    ) as ToolResult<Result>;
  return { input, signal: signal as AbortSignal | undefined, result };
}

function callerOf<Result>(session: ToolSession<Result>): (params: ToolParams) => Promise<Result> {
  if (typeof session === 'function') return session;
  if (typeof session?.callTool === 'function') return (params) => session.callTool(params);
  throw invalidArgument('session', `must have callTool or be a function, ${options.got(session)}`);
}
