// The cases of the public conformance suite (https://github.com/cloudevents/conformance, format/json), and one case for
// each MUST of the specification that the suite does not cover.
type Members = Readonly<Record<string, unknown>>

/** A case: its title, and the members that it adds to the minimal event or, with `undefined`, removes from it. */
export type ValidCase = readonly [title: string, members: Members]
/** A case with the pointer that the refusal must name. */
export type InvalidCase = readonly [title: string, members: Members, pointer: string]

/** The smallest valid event. */
export const MINIMAL = {
  specversion: '1.0',
  id: '1',
  source: 'https://example.com',
  type: 'com.example.test',
} as const

export const SUITE_VALID: readonly ValidCase[] = [
  ['the required attributes only', {}],
  ['null for what is optional', { datacontenttype: null, dataschema: null, subject: null, time: null }],
  [
    'all core attributes',
    {
      datacontenttype: 'text/plain',
      dataschema: 'https://example.com/schema',
      subject: 'tests',
      time: '2018-04-05T17:31:00Z',
    },
  ],
  ['a time in nanoseconds', { time: '2018-04-05T17:31:00.000000000Z' }],
  ['a time ahead of UTC', { time: '2018-04-05T18:31:00+01:00' }],
  ['a time behind UTC', { time: '2018-04-05T16:31:00-01:00' }],
  ['a source that is only a fragment', { source: '#fragment' }],
  ['text as data', { datacontenttype: 'text/plain', data: 'Simple text' }],
  [
    'an extension of every type',
    {
      extinteger: 10,
      extboolean: true,
      extstring: 'text',
      exturi: 'https://example.com',
      exturiref: '//authority/path',
      exttimestamp: '2023-03-31T15:12:00Z',
      extbinary: 'TWE=',
    },
  ],
]

export const SUITE_INVALID: readonly InvalidCase[] = [
  ['no specversion', { specversion: undefined }, '/specversion'],
  ['no id', { id: undefined }, '/id'],
  ['no type', { type: undefined }, '/type'],
  ['no source', { source: undefined }, '/source'],
  ['a time that is a word', { time: 'lunchtime' }, '/time'],
  ['a time without seconds', { time: '2018-04-05T18:31Z' }, '/time'],
  ['a time with an unknown zone letter', { time: '2018-04-05T18:31:00X' }, '/time'],
  ['a time with an offset of 25 hours', { time: '2018-04-05T18:31:00+25:00' }, '/time'],
  ['a time with letters in its offset', { time: '2018-04-05T18:31:00+xx:00' }, '/time'],
  ['a time with an offset in hours only', { time: '2018-04-05T18:31:00+05' }, '/time'],
  ['an empty id', { id: '' }, '/id'],
  ['an empty type', { type: '' }, '/type'],
  ['an empty source', { source: '' }, '/source'],
  ['an empty specversion', { specversion: '' }, '/specversion'],
  ['another specversion', { specversion: '0.9' }, '/specversion'],
  ['a datacontenttype that is no media type', { datacontenttype: 'xyz' }, '/datacontenttype'],
  ['an empty datacontenttype', { datacontenttype: '' }, '/datacontenttype'],
  ['an empty dataschema', { dataschema: '' }, '/dataschema'],
  ['an empty subject', { subject: '' }, '/subject'],
  ['a number as id', { id: 25 }, '/id'],
  ['an object as id', { id: { a: 'b' } }, '/id'],
  ['capitals in a name', { MyExtension: 'bad' }, '/MyExtension'],
  ['a dot in a name', { 'my.extension': 'bad' }, '/my.extension'],
  ['a fraction under a bad name', { 'my.extension': 1.5 }, '/my.extension'],
  ['both data and data_base64', { data: 'text', data_base64: 'e30=' }, '/data_base64'],
]

export const MORE_VALID: readonly ValidCase[] = [
  ['null for an extension', { unset: null }],
  ['null for data_base64 beside data', { data: 1, data_base64: null }],
  ['null as data', { data: null }],
  ['no bytes', { datacontenttype: 'image/png', data_base64: '' }],
  ['a string as JSON data', { data: 'I am just a string' }],
  ['a JSON suffix in capitals', { datacontenttype: 'application/Vnd.Example+JSON', data: [1, { a: null }] }],
  ['parameters of a media type', { datacontenttype: 'text/plain; charset="utf-8";x=1', data: '' }],
  ['a time in lower case', { time: '2018-04-05t17:31:00.5z' }],
  ['a leap second', { time: '1990-12-31T15:59:60-08:00' }],
  ['a leap day', { time: '2000-02-29T00:00:00Z' }],
  ['a source that is a URN', { source: 'urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66' }],
  ['a source that is a mail address', { source: 'mailto:team@example.com' }],
  ['a source without a scheme', { source: '1-555-123-4567' }],
  ['a source with an address of IPv6', { source: 'http://user@[::1]:80/a;b/%7E?q=/?#f?' }],
  ['a long name', { a12345678901234567890: 'over 20 characters are discouraged, not forbidden' }],
  ['an empty extension', { ext: '' }],
  ['the limits of an integer', { least: -2147483648, most: 2147483647 }],
  ['Unicode beyond the first plane', { subject: '港 ✓ 😀', ext: '\u{10fffd}' }],
]

export const MORE_INVALID: readonly InvalidCase[] = [
  ['null for what is required', { id: null }, '/id'],
  ['a number as specversion', { specversion: 1 }, '/specversion'],
  ['a boolean as subject', { subject: true }, '/subject'],
  ['a number as category', { category: 5 }, '/category'],
  ['an empty partitionkey', { partitionkey: '' }, '/partitionkey'],
  ['a fraction', { ext: 1.5 }, '/ext'],
  ['an integer of 33 bits', { ext: 2147483648 }, '/ext'],
  ['an object as extension', { ext: { a: 1 } }, '/ext'],
  ['an array as extension', { ext: ['a'] }, '/ext'],
  ['an empty name', { '': 'bad' }, '/'],
  ['a name that needs escapes in a pointer', { 'a/b~c': 'bad' }, '/a~1b~0c'],
  ['the name of the prototype', JSON.parse('{"__proto__":"bad"}') as Members, '/__proto__'],
  ['a name over the limit', { ['a'.repeat(65)]: 'bad' }, `/${'a'.repeat(64)}…`],
  ['a line feed', { subject: 'a\nb' }, '/subject'],
  ['a control character of the upper range', { ext: 'a\u0085' }, '/ext'],
  ['half a surrogate pair', { subject: 'a\ud800' }, '/subject'],
  ['a noncharacter', { subject: '\ufdd0' }, '/subject'],
  ['a noncharacter of a higher plane', { ext: '\u{1fffe}' }, '/ext'],
  ['a space in a source', { source: '/a b' }, '/source'],
  ['a broken escape in a source', { source: '/a%4' }, '/source'],
  ['letters beyond ASCII in a source', { source: '/é' }, '/source'],
  ['a scheme that starts with a digit', { source: '1a:b' }, '/source'],
  ['a port that is no number', { source: '//host:port/a' }, '/source'],
  ['a relative dataschema', { dataschema: '/schema' }, '/dataschema'],
  ['a fragment in a dataschema', { dataschema: 'https://example.com/schema#part' }, '/dataschema'],
  ['a day that is not in the calendar', { time: '2023-02-29T00:00:00Z' }, '/time'],
  ['a leap day in a year of a century', { time: '1900-02-29T00:00:00Z' }, '/time'],
  ['a thirteenth month', { time: '2023-13-01T00:00:00Z' }, '/time'],
  ['a 25th hour', { time: '2023-01-01T24:00:00Z' }, '/time'],
  ['a second of 60 at noon', { time: '2023-01-01T12:00:60Z' }, '/time'],
  ['a time without a zone', { time: '2023-01-01T12:00:00' }, '/time'],
  ['a space instead of T', { time: '2023-01-01 12:00:00Z' }, '/time'],
  ['a list of media types', { datacontenttype: 'text/plain, text/html' }, '/datacontenttype'],
  ['an object as data of text', { datacontenttype: 'text/plain', data: { a: 1 } }, '/data'],
  ['null as data of XML', { datacontenttype: 'application/xml', data: null }, '/data'],
  ['Base64 without padding', { data_base64: 'TWE' }, '/data_base64'],
  ['Base64 for URLs', { data_base64: 'TW_-' }, '/data_base64'],
  ['Base64 in lines', { data_base64: 'TWE=\r\n12' }, '/data_base64'],
  ['a number as Base64', { data_base64: 1234 }, '/data_base64'],
]
