import { invalidArgument } from './translate.js';

/** Checks the type of one value and returns what the native half takes; ranges are the core's. */
type Convert = (value: unknown, name: string) => unknown;

/** The options that a function takes. */
export type OptionTable<T> = Readonly<Record<keyof T & string, Convert>>;

/** Checks and converts options by a table; undefined and null are absent. */
export function readOptions<T>(
  options: unknown,
  table: OptionTable<T>,
): { [K in keyof T]?: unknown } {
  if (options === undefined || options === null) return {};
  if (typeof options !== 'object' || Array.isArray(options)) {
    const known = Object.keys(table).slice(0, 2).join(', ');
    throw invalidArgument('options', `must be an object such as { ${known} }, ${got(options)}`);
  }
  const read: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || value === null) continue;
    const convert = Object.hasOwn(table, name) ? table[name as keyof T & string] : undefined;
    if (convert === undefined) throw unknownOption(name, Object.keys(table));
    read[name] = convert(value, name);
  }
  return read as { [K in keyof T]?: unknown };
}

/** The same for the one object that a function takes: all is required that is not `optional`. */
export function readFields<T>(
  fields: unknown,
  table: OptionTable<T>,
  optional: readonly (keyof T)[] = [],
): { [K in keyof T]: unknown } {
  const read = readOptions<T>(fields, table);
  for (const name of Object.keys(table) as (keyof T & string)[]) {
    if (!(name in read || optional.includes(name))) throw invalidArgument(name, 'is missing');
  }
  return read as { [K in keyof T]: unknown };
}

/** Text. */
export const text: Convert = (value, name) => {
  if (typeof value !== 'string') throw invalidArgument(name, `must be a string, ${got(value)}`);
  return value;
};

/** Any number. */
export const number: Convert = (value, name) => {
  if (typeof value !== 'number') throw invalidArgument(name, `must be a number, ${got(value)}`);
  return value;
};

/** A number that the core takes as an unsigned integer. */
export const whole: Convert = (value, name) => {
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    const given = typeof value === 'number' ? `got ${value}` : got(value);
    throw invalidArgument(name, `must be a whole number of at least 1, ${given}`);
  }
  return value;
};

/** An amount of dollars; a bigint becomes text, which is exact. */
export const dollars: Convert = (value, name) => {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number' || typeof value === 'string') return value;
  throw invalidArgument(name, `must be dollars as a number, bigint or string, ${got(value)}`);
};

/** One text or several. */
export const texts: Convert = (value, name) => {
  const list = Array.isArray(value) ? value : [value];
  return list.map((item, index) => text(item, Array.isArray(value) ? `${name}[${index}]` : name));
};

/** A list of texts. */
export const list: Convert = (value, name) => {
  if (!Array.isArray(value)) throw invalidArgument(name, `must be an array, ${got(value)}`);
  return texts(value, name);
};

/** Yes or no. */
export const flag: Convert = (value, name) => {
  if (typeof value !== 'boolean')
    throw invalidArgument(name, `must be true or false, ${got(value)}`);
  return value;
};

/** Members as the pairs of a query: a list is repeated, what is absent left out. */
export const pairs: Convert = (value, name) => {
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw invalidArgument(name, `must be an object, ${got(value)}`);
  }
  return Object.entries(value as object).flatMap(([member, given]) =>
    [given]
      .flat()
      .filter((one) => one !== undefined && one !== null)
      .map((one) => {
        if (typeof one !== 'object') return [member, String(one)];
        throw invalidArgument(`${name}.${member}`, `must be text or a number, ${got(one)}`);
      }),
  );
};

/** Anything that JSON can say, as JSON text. */
export const json: Convert = (value, name) => {
  let written: string | undefined;
  try {
    written = JSON.stringify(value);
  } catch (cause) {
    throw invalidArgument(name, `cannot be written as JSON: ${(cause as Error).message}`, cause);
  }
  if (written === undefined) throw invalidArgument(name, `must be JSON, ${got(value)}`);
  return written;
};

/** An array, as JSON text. */
export const jsonArray: Convert = (value, name) => {
  if (!Array.isArray(value)) throw invalidArgument(name, `must be an array, ${got(value)}`);
  return json(value, name);
};

/** An object, as JSON text. */
export const jsonObject: Convert = (value, name) => {
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw invalidArgument(name, `must be an object, ${got(value)}`);
  }
  return json(value, name);
};

/** JSON text as it is, or an object as JSON text. */
export const jsonOrText: Convert = (value, name) =>
  typeof value === 'string' ? value : jsonObject(value, name);

/** A 64-bit unsigned integer of any spelling. */
export const integer: Convert = (value, name) => {
  try {
    return BigInt(value as number);
  } catch (cause) {
    throw invalidArgument(name, `must be a whole number, ${got(value)}`, cause);
  }
};

/** A function. */
export const callback: Convert = (value, name) => {
  if (typeof value !== 'function') throw invalidArgument(name, `must be a function, ${got(value)}`);
  return value;
};

/** An `AbortSignal`, of whatever realm. */
export const signal: Convert = (value, name) => {
  if (typeof (value as AbortSignal).addEventListener !== 'function') {
    throw invalidArgument(name, `must be an AbortSignal, ${got(value)}`);
  }
  return value;
};

/** What was given, by its type: a value could be a private key. */
export function got(value: unknown): string {
  if (value === null) return 'got null';
  return `got ${Array.isArray(value) ? 'an array' : typeof value}`;
}

function unknownOption(name: string, known: string[]) {
  const nearest = known.reduce((best, next) =>
    distance(name, next) < distance(name, best) ? next : best,
  );
  return invalidArgument(name, `is not an option; did you mean ${nearest}?`);
}

/** Edit distance, blind to case and underscores: `max_tokens` is `maxTokens`. */
function distance(one: string, two: string): number {
  const [a, b] = [one, two].map((name) => name.replaceAll('_', '').toLowerCase()) as [
    string,
    string,
  ];
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + Number(a[i - 1] !== b[j - 1]);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
