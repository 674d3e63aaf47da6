import * as fc from 'fast-check'
import type { CloudEvent } from '#shared/core/event.ts'
import { MINIMAL } from './conformance-cases.ts'

// Generated events for property tests: every attribute, every type of value, and all valid Unicode characters.
const FORBIDDEN = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/gu

const attributeText = fc
  .string({ unit: 'binary', maxLength: 12 })
  .map((text) => text.replaceAll(FORBIDDEN, '\u{1f600}'))
const filledText = attributeText.map((text) => text || ' % ')
const integer = fc.integer({ min: -2147483648, max: 2147483647 })
const extensionName = fc.stringMatching(/^[a-z0-9]{1,20}$/).map((name) => `x${name}`)
const extensions = fc.dictionary(extensionName, fc.oneof(attributeText, fc.boolean(), integer), {
  maxKeys: 4,
  noNullPrototype: true,
})

const source = fc.oneof(
  fc.webUrl({ withFragments: true, withQueryParameters: true }),
  fc.string({ unit: 'binary', maxLength: 8 }).map((text) => `/${encodeURIComponent(text)}`),
  fc.constantFrom('urn:isbn:0451450523', 'mailto:a@example.com', '#a', '1-555', '//h:8/%20'),
)

const time = fc
  .tuple(
    fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }),
    fc.constantFrom('Z', '+05:45', '-11:00', '.000000001Z'),
  )
  .map(([date, zone]) => date.toISOString().slice(0, 19) + zone)

const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array).toString('base64'))
const text = fc.string({ unit: 'binary', maxLength: 40 })
const json = fc
  .jsonValue({ stringUnit: 'binary', maxDepth: 4 })
  .map((value) => JSON.parse(JSON.stringify(value)) as unknown)

const payload = fc.oneof(
  fc.record({
    data: json,
    datacontenttype: fc.constantFrom('application/json', 'text/json; charset=utf-8', 'a/b+JSON'),
  }),
  fc.record({ data: json }),
  fc.record({
    data: text,
    datacontenttype: fc.constantFrom('text/plain', 'application/xml', 'text/csv;charset="UTF-8"'),
  }),
  fc.record({ data: text, datacontenttype: fc.constant('application/x-unknown') }),
  fc.record({
    data_base64: bytes,
    datacontenttype: fc.constantFrom('image/png', 'text/plain', 'text/css; charset=latin1'),
  }),
  fc.record({ data_base64: bytes }),
  fc.record({
    datacontenttype: fc.constantFrom('application/json', 'text/plain', 'application/octet-stream'),
  }),
  fc.constant({}),
)

const context = fc.record(
  {
    id: filledText,
    source,
    type: filledText,
    subject: filledText,
    time,
    dataschema: fc.webUrl({ withQueryParameters: true }),
    category: fc.constantFrom('port.container', 'market.tick'),
    severity: fc.constantFrom('critical', 'info'),
    partitionkey: filledText,
    traceparent: fc.constant('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'),
  },
  { requiredKeys: ['id', 'source', 'type'], noNullPrototype: true },
)

/** Valid events of every shape. */
export const arbitraryEvent: fc.Arbitrary<CloudEvent> = fc
  .tuple(context, extensions, payload)
  .map((parts) => Object.assign({ specversion: '1.0' as const }, ...parts) as CloudEvent)

/** Almost valid events: any mixture of valid and invalid members. */
export const arbitraryRubbish: fc.Arbitrary<unknown> = fc.oneof(
  fc.anything(),
  fc
    .tuple(
      arbitraryEvent,
      fc.dictionary(fc.oneof(fc.string(), fc.constantFrom(...Object.keys(MINIMAL))), fc.anything()),
    )
    .map(([event, members]) => ({ ...event, ...members })),
)
