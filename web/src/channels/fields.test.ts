import { expect, test } from 'vitest';
import type { JsonSchema } from '../api/types';
import { fieldsOf, REMOVED, settingsOf, valuesOf } from './fields';

const schema: JsonSchema = {
  type: 'object',
  required: ['host', 'security', 'api_key'],
  properties: {
    host: { type: 'string', title: 'Host', description: 'Its name' },
    port: { type: ['integer', 'null'], minimum: 1, maximum: 65535 },
    security: { $ref: '#/$defs/Security', title: 'Security', default: 'starttls' },
    place: { oneOf: [{ const: 'eu', description: 'https://api.eu.example.com.' }] },
    region: { anyOf: [{ $ref: '#/$defs/Region' }, { type: 'null' }] },
    api_key: { type: 'string', writeOnly: true, format: 'password' },
    verify: { type: 'boolean', default: true },
    domains: { type: 'array', items: { type: 'string' } },
    timeouts: { type: 'object', properties: { connect: { type: 'integer' } } },
  },
  $defs: {
    Security: { oneOf: [{ const: 'tls', description: 'TLS' }, { const: 'starttls', description: 'STARTTLS' }] },
    Region: { enum: ['eu', 'us', null], description: 'Where' },
  },
};
const fields = fieldsOf(schema);
const field = (path: string) => fields.find((one) => one.path === path);

test('each property becomes the field its schema asks for', () => {
  expect(fields.map((one) => [one.path, one.kind])).toEqual([
    ['host', 'text'],
    ['api_key', 'secret'],
    ['port', 'number'],
    ['security', 'choice'],
    ['place', 'choice'],
    ['region', 'choice'],
    ['verify', 'boolean'],
    ['domains', 'list'],
    ['timeouts/connect', 'number'],
  ]);
  expect(field('security')).toMatchObject({ label: 'Security', choices: [{ value: 'tls', words: 'TLS' }, { value: 'starttls', words: 'STARTTLS' }] });
  expect(field('place')).toMatchObject({ choices: [{ value: 'eu', words: 'eu: https://api.eu.example.com' }] });
  expect(field('region')).toMatchObject({ hint: 'Where', choices: [{ value: 'eu' }, { value: 'us' }] });
  expect(field('port')).toMatchObject({ label: 'Port', minimum: 1, maximum: 65535, whole: true });
});

test('required is what the person must type: not what has a default', () => {
  expect(fields.filter((one) => one.required).map((one) => one.path)).toEqual(['host', 'api_key']);
});

test('a new form shows defaults; a stored secret is never shown', () => {
  expect(valuesOf(fields, {})).toMatchObject({ host: '', security: 'starttls', verify: true });
  expect(valuesOf(fields, { api_key: 'leaked', port: 25, domains: ['a', 'b'] })).toMatchObject({ api_key: '', port: '25', domains: 'a\nb' });
});

test('empty fields are left out, typed ones get their types back', () => {
  const values = { ...valuesOf(fields, {}), host: ' mail.example.com ', port: '587', domains: 'a\n\n b ', 'timeouts/connect': '5' };
  expect(settingsOf(fields, values)).toEqual({
    host: 'mail.example.com',
    port: 587,
    security: 'starttls',
    verify: true,
    domains: ['a', 'b'],
    timeouts: { connect: 5 },
  });
});

test('a field that was emptied is cleared, but a secret left empty stays', () => {
  const before = { host: 'h', port: 25, domains: ['a'] };
  const values = { ...valuesOf(fields, before), port: '', domains: '' };
  const settings = settingsOf(fields, values, before);
  expect(settings).toMatchObject({ port: null, domains: [] });
  expect(settings).not.toHaveProperty('api_key');
  expect(settingsOf(fields, { ...values, api_key: REMOVED }, before)).toMatchObject({ api_key: null });
});
