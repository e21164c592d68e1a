// Every kind of value that Firestore has, spelled as its API spells it.
import {DOCUMENTS} from './stand_in.mjs';

export const integer = (value) => ({integerValue: String(value)});
export const real = (value) => ({doubleValue: value});
export const text = (value) => ({stringValue: value});
export const bytes = (...values) => ({bytesValue: Buffer.from(values)});
export const time = (seconds, nanos = 0) => ({timestampValue: {seconds: String(seconds), nanos}});
export const place = (latitude, longitude) => ({geoPointValue: {latitude, longitude}});
export const reference = (path) => ({referenceValue: `${DOCUMENTS}/${path}`});
export const array = (...values) => ({arrayValue: {values}});
export const map = (fields) => ({mapValue: {fields}});
export const vector = (...values) => map({__type__: text('__vector__'), value: array(...values.map(real))});
export const boolean = (booleanValue) => ({booleanValue});
export const none = {nullValue: 'NULL_VALUE'};

// Groups in ascending order; the members of one are equal to filters and in one place.
export const ORDERED = [
  [none],
  [boolean(false)], [boolean(true)],
  [real(NaN)], [real(-Infinity)],
  [integer(-(2n ** 63n)), real(-(2 ** 63))],
  [integer(-9007199254740993n)], [real(-9007199254740992)],
  [integer(-1), real(-1)],
  [real(-5e-324)], [integer(0), real(0), real(-0)], [real(5e-324)],
  [integer(1), real(1)], [real(1.1)],
  [integer(2n ** 53n), real(2 ** 53)], [integer(2n ** 53n + 1n)], [real(2 ** 53 + 2)],
  [integer(2n ** 63n - 1n)], [real(2 ** 63)], [real(Infinity)],
  [time(-62135596800)], [time(-1, 999999000)], [time(0)], [time(1577836800, 1000)],
  [time(253402300799, 999999000)],
  [text('')], [text('\0')], [text('Z')], [text('a')], [text('aa')], [text('e\u0301b')],
  [text('\u00e6')], [text('\u00e9a')], [text('\ud7ff')], [text('\ue000')], [text('\ufffd')],
  [text('\uffff')], [text('\u{10000}')], [text('\u{1f600}')],
  [bytes()], [bytes(0)], [bytes(0, 1)], [bytes(0, 1, 2, 3, 4)], [bytes(0, 1, 2, 4, 3)],
  [bytes(0x7f)], [bytes(0x80)], [bytes(0xff)],
  [reference('c/__id-5__')], [reference('c/__id7__')], [reference('c/__id100__')],
  [reference('c/0')], [reference('c/a')], [reference('c/a/x/y')], [reference('c/a1')],
  [reference('c/b')], [reference('c1/doc1')], [reference('c10/doc1')], [reference('c2/doc1')],
  [{referenceValue: 'projects/demo/databases/other/documents/c/a'}],
  [{referenceValue: 'projects/other/databases/(default)/documents/c/a'}],
  [place(-90, -180)], [place(-90, 180)], [place(0, -180)], [place(0, 0), place(-0, 0)],
  [place(0, 180)], [place(1, -180)], [place(90, 180)],
  [array()], [array(none)], [array(integer(1), integer(2), integer(3))],
  [array(integer(1), integer(2), integer(3), integer(1))], [array(integer(2))],
  [array(text('bar'))], [array(text('foo'))], [array(text('foo'), integer(1))],
  [array(text('foo'), integer(2))], [array(text('foo'), text('0'))],
  [vector()], [vector(100)], [vector(1, 2, 3)], [vector(1, 3, 2)],
  [map({})],
  [map({__a: integer(1)})],
  [map({a: integer(1)}), map({a: real(1)})],
  [map({a: integer(1), b: integer(2)})],
  [map({a: map({b: integer(1)})})], [map({a: map({b: integer(2)})})],
  [map({bar: integer(0)})], [map({bar: integer(0), foo: integer(1)})],
  [map({foo: integer(1)})], [map({foo: integer(2)})], [map({foo: text('0')})],
  [map({'\ufffd': integer(1)})], [map({'\u{1f600}': integer(1)})],
];

// Bits, not equality: -0 is not 0, and every NaN counts.
export function bits(value) {
  return JSON.stringify(value, (key, inner) => {
    if (typeof inner === 'number' && !Number.isInteger(inner)) return `real ${inner}`;
    if (Object.is(inner, -0)) return 'real -0';
    if (inner?.type === 'Buffer') return Buffer.from(inner.data).toString('hex');
    return inner;
  });
}

// The same with keys of maps in order, and without what the client adds.
export function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object' || Buffer.isBuffer(value)) return value;
  return Object.fromEntries(Object.keys(value).filter((key) => key !== 'valueType').sort()
      .map((key) => [key, sorted(value[key])]));
}
