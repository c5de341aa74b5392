import { expect, test } from 'vitest';
import { attributeNameFrom, formatOf, wrongWith } from './mapping';

test('a mapping needs an address, one name, and attributes that are named', () => {
  expect(wrongWith({ Name: 'name', Mail: 'email' })).toBeNull();
  expect(wrongWith({ Name: 'name', Mail: 'ignore' })).toBe('Choose a column that becomes the email address or phone number.');
  expect(wrongWith({ A: 'email', B: 'attribute: ' })).toBe('Give the attribute for “B” a name.');
  expect(wrongWith({ A: 'email', B: 'attribute:plan', C: 'attribute:plan' })).toBe('Two columns become plan.');
  expect(wrongWith({ A: 'phone', B: 'name', C: 'name' })).toBe('Two columns become the name.');
  expect(wrongWith({ A: 'email', B: 'email' })).toBeNull();
});

test('a column gives an attribute its name', () => {
  expect(attributeNameFrom('Company name')).toBe('company_name');
  expect(attributeNameFrom('Número (cm)')).toBe('numero_cm');
  expect(attributeNameFrom('—')).toBe('attribute');
});

test('the ending tells the format', () => {
  expect(['people.vcf', 'PEOPLE.VCARD', 'people.csv', 'people'].map(formatOf)).toEqual(['vcard', 'vcard', 'csv', 'csv']);
});
