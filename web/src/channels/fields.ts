// Turns a provider's JSON schema into form fields, and form values back into settings. Pure.

import type { JsonSchema } from '../api/types';

export type Choice = { value: string; words: string };

type Kind =
  | { kind: 'text' | 'long' | 'boolean' | 'list' }
  | { kind: 'secret'; multiline: boolean }
  | { kind: 'number'; whole: boolean; minimum?: number; maximum?: number }
  | { kind: 'choice'; choices: Choice[] };

export type SettingField = Kind & {
  /** Where it is in the settings: `host`, or `tls/verify` when nested. */
  path: string;
  label: string;
  hint: string;
  required: boolean;
  default: unknown;
};

/** What the form holds: text for every kind but yes-or-no, and for a stored secret that shall go. */
export type Values = Record<string, string | boolean>;

/** In place of a secret's text: what is stored shall be removed. */
export const REMOVED = false;

/** In the order that the provider gives (`x-order`); where it gives none, what must be filled in comes first. */
export function fieldsOf(schema: JsonSchema): SettingField[] {
  const fields = within(schema, schema, '');
  if (Object.values(schema.properties ?? {}).some((property) => property['x-order'] !== undefined)) return fields;
  return [...fields.filter((field) => field.required), ...fields.filter((field) => !field.required)];
}

function within(root: JsonSchema, schema: JsonSchema, prefix: string): SettingField[] {
  const required = new Set(schema.required ?? []);
  const place = (property: JsonSchema) => property['x-order'] ?? Number.MAX_SAFE_INTEGER;
  const properties = Object.entries(schema.properties ?? {}).sort(([, one], [, other]) => place(one) - place(other));
  return properties.flatMap(([name, property]) => {
    const path = prefix + name;
    const plain = resolved(root, property);
    if (plain.properties) return within(root, plain, `${path}/`);
    return [
      {
        ...kindOf(plain),
        path,
        label: plain.title ?? spelledName(name),
        hint: plain.description ?? '',
        required: required.has(name) && plain.default === undefined,
        default: plain.default,
      },
    ];
  });
}

/** Follows references and drops "or null", keeping the words written beside them. */
function resolved(root: JsonSchema, schema: JsonSchema): JsonSchema {
  const { $ref, allOf, anyOf, ...own } = schema;
  const single = allOf?.length === 1 ? allOf[0] : undefined;
  const notNull = anyOf?.filter((one) => one.type !== 'null');
  const inner = single ?? (notNull?.length === 1 ? notNull[0] : undefined);
  if (inner) return { ...resolved(root, inner), ...own };
  if ($ref?.startsWith('#/$defs/')) {
    const target = root.$defs?.[$ref.slice('#/$defs/'.length)];
    if (target) return { ...resolved(root, target), ...own };
  }
  return anyOf && !own.oneOf ? { ...own, oneOf: anyOf } : own;
}

function kindOf(schema: JsonSchema): Kind {
  const choices = choicesOf(schema);
  if (choices.length > 0) return { kind: 'choice', choices };
  const types = [schema.type ?? []].flat();
  const isPem = /\bPEM\b|private key/i.test(`${schema.title} ${schema.description}`);
  if (schema.writeOnly || schema.format === 'password') {
    return { kind: 'secret', multiline: isPem };
  }
  if (types.includes('boolean')) return { kind: 'boolean' };
  if (types.includes('integer') || types.includes('number')) {
    return { kind: 'number', whole: types.includes('integer'), minimum: schema.minimum, maximum: schema.maximum };
  }
  if (types.includes('array')) return { kind: 'list' };
  return { kind: isPem || schema.format === 'multiline' ? 'long' : 'text' };
}

function choicesOf(schema: JsonSchema): Choice[] {
  if (schema.oneOf) {
    return schema.oneOf.flatMap((one): Choice[] => {
      if (one.const !== undefined) return [choice(one.const, one.description ?? one.title)];
      return (one.enum ?? []).map((value) => choice(value, one.description));
    });
  }
  return (schema.enum ?? []).filter((value) => value !== null).map((value) => ({ value: String(value), words: String(value) }));
}

/** `eu: https://api.eu.example.com`: the vendor's word is named, unless the sentence about it has it anyway. */
function choice(value: unknown, about?: string): Choice {
  const name = String(value);
  const words = about?.trim().replace(/\.$/, '');
  if (!words) return { value: name, words: name };
  const said = words.replaceAll(/https?:\S+/g, '').toLowerCase().split(/[^\p{L}\p{N}_-]+/u);
  return { value: name, words: said.includes(name.toLowerCase()) ? words : `${name}: ${words}` };
}

/** What the form shows first: what is stored, else the default. Secrets are never shown. */
export function valuesOf(fields: SettingField[], settings: Record<string, unknown>): Values {
  return Object.fromEntries(
    fields.map((field) => {
      const stored = at(settings, field.path) ?? field.default;
      if (field.kind === 'secret') return [field.path, ''];
      if (field.kind === 'boolean') return [field.path, stored === true];
      if (field.kind === 'list') return [field.path, Array.isArray(stored) ? stored.join('\n') : ''];
      return [field.path, stored === undefined || stored === null ? '' : String(stored)];
    }),
  );
}

/**
 * Empty fields are left out, so the server's default holds and a stored secret stays. One that was set before and
 * was emptied is sent as null.
 */
export function settingsOf(fields: SettingField[], values: Values, before: Record<string, unknown> = {}) {
  const settings: Record<string, unknown> = {};
  for (const field of fields) {
    const value = values[field.path];
    const wasSet = (at(before, field.path) ?? null) !== null;
    if (field.kind === 'boolean') put(settings, field.path, value === true);
    else if (field.kind === 'secret' && value === REMOVED) put(settings, field.path, null);
    else if (typeof value !== 'string' || value.trim() === '') {
      if (wasSet && field.kind !== 'secret') put(settings, field.path, field.kind === 'list' ? [] : null);
    } else if (field.kind === 'number') put(settings, field.path, Number(value));
    else if (field.kind === 'list') put(settings, field.path, value.split('\n').map((line) => line.trim()).filter(Boolean));
    else put(settings, field.path, field.kind === 'secret' ? value : value.trim());
  }
  return settings;
}

function at(settings: Record<string, unknown>, path: string): unknown {
  return path.split('/').reduce<unknown>((inside, name) => (inside as Record<string, unknown> | undefined)?.[name], settings);
}

function put(settings: Record<string, unknown>, path: string, value: unknown) {
  const names = path.split('/');
  const last = names.pop() as string;
  let inside = settings;
  for (const name of names) inside = (inside[name] ??= {}) as Record<string, unknown>;
  inside[last] = value;
}

function spelledName(name: string): string {
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
