import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CloudEvent } from '#shared/core/event.ts'
import { Refusal } from '#shared/core/refusal.ts'
import { arbitraryEvent, arbitraryRubbish } from '#shared/testing/cloudevents/arbitrary-event.ts'
import { propertyRuns, TEST_SEED } from '#shared/testing/test-seed.ts'
import { decodeHttp, encodeHttpBinary, encodeHttpStructured, type HttpMessage } from './http.ts'
import { decodeJsonBatch, decodeJsonEvent, encodeJsonEvent } from './json-format.ts'
import {
  decodeKafka,
  type EncodedKafkaRecord,
  encodeKafkaBinary,
  encodeKafkaStructured,
  type KafkaRecord,
} from './kafka.ts'
import { isJsonMediaType } from './media-type.ts'
import { validateEvent } from './validate-event.ts'

const numRuns = propertyRuns(2000)
const seed = TEST_SEED
const timeout = 20_000 + numRuns * 10

const check = <Value>(arbitrary: fc.Arbitrary<Value>, predicate: (value: Value) => void): void =>
  fc.assert(fc.property(arbitrary, predicate), { numRuns, seed })

/** The same events for every test, because it takes longer to generate them than to check them. */
const events = fc.sample(arbitraryEvent, { numRuns, seed })

/** Checks all events. After a failure fast-check searches for the smallest event that fails. */
const checkEvents = (predicate: (event: CloudEvent) => void): void => {
  try {
    for (const event of events) predicate(event)
  } catch (error) {
    check(arbitraryEvent, predicate)
    throw error
  }
}

const throughHttp = (message: HttpMessage): CloudEvent => {
  const decoded = decodeHttp(message)
  if (decoded.mode === 'batch') throw new Error('a single event was expected')
  return decoded.event
}

const written = ({ value, headers }: EncodedKafkaRecord): KafkaRecord => ({
  value,
  headers: Object.entries(headers).map(([name, text]) => ({ name, value: Buffer.from(text) })),
})

/** What binary mode carries of an event: each attribute as text, the implied media type, and the payload. */
function essenceOfEvent(event: CloudEvent, emptyIsNone: boolean) {
  const { data, data_base64: base64, datacontenttype, ...context } = event
  const attributes = Object.fromEntries(Object.entries(context).map(([name, value]) => [name, String(value)]))
  const mediaType = datacontenttype ?? (data === undefined ? undefined : 'application/json')
  if (data !== undefined && (mediaType === undefined || isJsonMediaType(mediaType))) {
    return { attributes, mediaType, json: data }
  }
  const bytes = base64 ?? (data === undefined ? undefined : Buffer.from(String(data)).toString('base64'))
  return { attributes, mediaType, bytes: emptyIsNone ? bytes || undefined : bytes }
}

describe(`round trips of ${numRuns} generated events, seed ${seed}`, () => {
  it('keeps an event unchanged in the JSON format and in structured mode', { timeout }, () => {
    checkEvents((event) => {
      expect(decodeJsonEvent(encodeJsonEvent(event))).toEqual(event)
      expect(decodeJsonBatch(`[${encodeJsonEvent(event)}]`)).toEqual([event])
      expect(throughHttp(encodeHttpStructured(event))).toEqual(event)
      expect(decodeKafka(written(encodeKafkaStructured(event)))).toEqual(event)
    })
  })

  it('keeps attributes as text, and data unchanged, in binary mode of HTTP', { timeout }, () => {
    checkEvents((event) => {
      const message = encodeHttpBinary(event)

      expect(Object.values(message.headers).join('')).toMatch(/^[ -~]*$/)
      expect(essenceOfEvent(throughHttp(message), true)).toEqual(essenceOfEvent(event, true))
    })
  })

  it('keeps attributes as text, and data unchanged, in binary mode of Kafka', { timeout }, () => {
    checkEvents((event) => {
      const decoded = decodeKafka(written(encodeKafkaBinary(event)))

      expect(essenceOfEvent(decoded, false)).toEqual(essenceOfEvent(event, false))
    })
  })

  it('keeps an event through HTTP, then Kafka, then JSON, and the second time exactly', { timeout }, () => {
    const travel = (event: CloudEvent): CloudEvent => {
      const received = throughHttp(encodeHttpBinary(event))
      const consumed = decodeKafka(written(encodeKafkaBinary(received)))
      return decodeJsonEvent(encodeJsonEvent(consumed))
    }
    checkEvents((event) => {
      const arrived = travel(event)

      expect(essenceOfEvent(arrived, true)).toEqual(essenceOfEvent(event, true))
      expect(travel(arrived)).toEqual(arrived)
    })
  })

  it('returns the bytes of any body that is not JSON', { timeout }, () => {
    const contentType = fc.constantFrom(
      'text/plain',
      'text/xml; charset=ascii',
      'image/png',
      'application/xml',
      undefined,
    )
    const headers = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/s', 'ce-type': 't' }
    check(fc.tuple(fc.uint8Array(), contentType), ([body, type]) => {
      const event = throughHttp({ headers: { ...headers, 'content-type': type }, body })

      expect(Uint8Array.from(encodeHttpBinary(event).body)).toEqual(body)
    })
  })
})

describe(`${numRuns} invalid inputs, seed ${seed}`, () => {
  /** An input that is not refused must be an event that all encoders can write. */
  const refusesOrReads = (read: () => CloudEvent): void => {
    try {
      const event = read()
      encodeJsonEvent(event)
      encodeKafkaBinary(event)
      encodeHttpBinary(event)
    } catch (error) {
      expect(error).toBeInstanceOf(Refusal)
    }
  }
  const junk = fc.oneof(
    fc.uint8Array(),
    fc.string().map((text) => Buffer.from(text)),
    fc.json().map((text) => Buffer.from(text)),
  )
  const type = fc.constantFrom(
    'application/cloudevents+json',
    'application/json',
    'text/plain',
    ';',
    'application/cloudevents',
  )
  const attribute = fc.constantFrom(
    'id',
    'type',
    'source',
    'specversion',
    'data',
    '__proto__',
    'data_base64',
    'time',
    '',
  )
  const value = fc.oneof(fc.string(), fc.constantFrom('1.0', '%', '"', '%c3%28', '2020-01-01T00:00:00Z'))

  it('are validated or refused, with no other error than Refusal', { timeout }, () => {
    check(arbitraryRubbish, (rubbish) => refusesOrReads(() => validateEvent(rubbish)))
  })

  it('are decoded from HTTP or refused', { timeout }, () => {
    check(fc.tuple(fc.dictionary(attribute, value), type, junk), ([attributes, contentType, body]) => {
      const named = Object.entries(attributes).map(([name, text]) => [`ce-${name}`, text])
      refusesOrReads(() =>
        throughHttp({ headers: { ...Object.fromEntries(named), 'content-type': contentType }, body }),
      )
    })
  })

  it('are decoded from Kafka or refused', { timeout }, () => {
    const header = fc.record({ name: attribute.map((name) => `ce_${name}`), value: junk })
    check(fc.tuple(fc.array(header), fc.option(type), fc.option(junk)), ([headers, contentType, body]) => {
      const typed = contentType === null ? [] : [{ name: 'content-type', value: Buffer.from(contentType) }]
      refusesOrReads(() => decodeKafka({ value: body, headers: [...headers, ...typed] }))
    })
  })
})
