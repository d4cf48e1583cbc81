import type { StructuredOutputMethodOptions } from '@langchain/core/language_models/base';
import {
  assembleStructuredOutputPipeline,
  createContentParser,
  createFunctionCallingParser,
} from '@langchain/core/language_models/structured_output';
import { toJsonSchema } from '@langchain/core/utils/json_schema';
import type { SerializableSchema } from '@langchain/core/utils/standard_schema';
import type { InteropZodType } from '@langchain/core/utils/types';
import type { ChatBlockRun } from './chat-model.js';

// biome-ignore lint/suspicious/noExplicitAny: as LangChain has it; what comes is known by the schema
export type Fields = Record<string, any>;

/** A form: of zod, a standard schema, or a JSON schema. */
export type Schema<T extends Fields> = InteropZodType<T> | SerializableSchema<T> | Fields;

/**
 * The model that is asked for a form, and what reads its answer.
 *
 * Throws `TypeError` for a method that is none.
 */
export function structured(
  model: ChatBlockRun,
  schema: Schema<Fields>,
  { name, method = 'functionCalling', includeRaw, strict }: StructuredOutputMethodOptions<boolean>,
) {
  const parameters = toJsonSchema(schema) as Record<string, unknown>;
  const called = name ?? String(parameters.title ?? 'extract').replace(/[^\w-]/g, '_');
  // What tracers show.
  const told = { ls_structured_output_format: { kwargs: { method }, schema: parameters } };
  const pipe = (
    bound: Parameters<typeof assembleStructuredOutputPipeline>[0],
    parser: Parameters<typeof assembleStructuredOutputPipeline>[1],
  ) => assembleStructuredOutputPipeline(bound, parser, includeRaw);
  if (method === 'functionCalling') {
    const description = String(parameters.description ?? 'What to answer with.');
    const tool = { type: 'function', function: { name: called, description, parameters } };
    const options = { tool_choice: called, ...(strict !== undefined && { strict }), ...told };
    return pipe(model.bindTools([tool], options), createFunctionCallingParser(schema, called));
  }
  if (method === 'jsonSchema') {
    const json_schema = {
      name: called,
      schema: parameters,
      ...(strict !== undefined && { strict }),
    };
    const response_format = { type: 'json_schema', json_schema };
    return pipe(model.withConfig({ response_format, ...told }), createContentParser(schema));
  }
  if (method === 'jsonMode') {
    const response_format = { type: 'json_object' };
    return pipe(model.withConfig({ response_format, ...told }), createContentParser(schema));
  }
  throw new TypeError(`method: '${method}' is none of functionCalling, jsonSchema, jsonMode`);
}
