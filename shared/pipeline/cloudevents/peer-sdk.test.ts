import { HTTP, Kafka, type KafkaMessage, CloudEvent as SdkEvent } from 'cloudevents'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CloudEvent } from '#shared/core/event.ts'
import { MINIMAL } from '#shared/testing/cloudevents/conformance-cases.ts'
import { decodeHttp, encodeHttpBinary, encodeHttpStructured } from './http.ts'
import { decodeKafka, encodeKafkaBinary, encodeKafkaStructured } from './kafka.ts'
import { validateEvent } from './validate-event.ts'

// Compares this implementation with the npm package `cloudevents`, in each mode and direction.
const TIME = '2026-03-01T12:00:00.123Z'

const plain = fc.stringMatching(/^[!#$&-~]{1,12}$/)
const sharedEvent = fc
  .record(
    {
      id: plain,
      source: fc.webUrl().filter((url) => !url.includes('%')),
      type: plain,
      time: fc
        .date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true })
        .map((at) => at.toISOString()),
      datacontenttype: fc.constant('application/json'),
      data: fc.oneof(
        fc.array(fc.integer()),
        fc.dictionary(plain, fc.string({ unit: 'binary' }), { noNullPrototype: true }),
      ),
      subject: plain,
      partitionkey: plain,
      xext: plain,
    },
    {
      requiredKeys: ['id', 'source', 'type', 'time', 'datacontenttype', 'data', 'partitionkey'],
      noNullPrototype: true,
    },
  )
  .map((event): CloudEvent => ({ specversion: '1.0', ...event }))

type SdkMessage = { headers: Record<string, unknown>; body: unknown }
const toSdk = (event: CloudEvent) => new SdkEvent(event)
const fromSdk = (event: unknown): unknown => JSON.parse(String(event))
const textOf = (body: unknown): string =>
  typeof body === 'string' || Buffer.isBuffer(body) ? body.toString() : (JSON.stringify(body) ?? '')
const headersOf = (headers: Record<string, unknown>): [string, string][] =>
  Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]))

const readHttp = ({ headers, body }: SdkMessage): unknown => {
  const decoded = decodeHttp({
    headers: Object.fromEntries(headersOf(headers)),
    body: Buffer.from(textOf(body)),
  })
  return decoded.mode === 'batch' ? decoded.events : decoded.event
}
const readKafka = ({ headers, value }: KafkaMessage): CloudEvent =>
  decodeKafka({
    value: Buffer.from(textOf(value)),
    headers: headersOf(headers).map(([name, text]) => ({ name, value: Buffer.from(text) })),
  })
const sdkReadHttp = (message: { headers: Record<string, string>; body: Buffer }): unknown =>
  fromSdk(HTTP.toEvent({ headers: message.headers, body: message.body.toString() }))
const sdkReadKafka = (
  message: { headers: Record<string, string>; value: Buffer | null },
  key?: string,
): unknown =>
  fromSdk(Kafka.toEvent({ ...message, key, value: String(message.value), body: '' } as KafkaMessage))

describe('the SDK and we', () => {
  const both = (predicate: (event: CloudEvent) => void): void =>
    fc.assert(fc.property(sharedEvent, predicate), { numRuns: 500 })

  it('read each other over HTTP in both modes', () => {
    both((event) => {
      expect(readHttp(HTTP.structured(toSdk(event)) as SdkMessage)).toEqual(event)
      expect(readHttp(HTTP.binary(toSdk(event)) as SdkMessage)).toEqual(event)
      expect(sdkReadHttp(encodeHttpStructured(event))).toEqual(event)
      expect(sdkReadHttp(encodeHttpBinary(event))).toEqual(event)
    })
  })

  it('read each other over Kafka in both modes', () => {
    both((event) => {
      expect(readKafka(Kafka.structured(toSdk(event)) as KafkaMessage)).toEqual(event)
      expect(readKafka(Kafka.binary(toSdk(event)) as KafkaMessage)).toEqual(event)
      expect(sdkReadKafka(encodeKafkaStructured(event), event.partitionkey)).toEqual(event)
      expect(sdkReadKafka(encodeKafkaBinary(event), event.partitionkey)).toEqual(event)
    })
  })
})

describe('known differences', () => {
  const event = (members: Readonly<Record<string, unknown>>): CloudEvent =>
    validateEvent({ ...MINIMAL, time: TIME, ...members })

  it('the SDK neither writes nor reads percent escapes, which the HTTP binding requires (§3.1.3.2)', () => {
    const umlaut = event({ subject: 'é' })

    expect(HTTP.binary(toSdk(umlaut)).headers['ce-subject']).toBe('é')
    expect(() => readHttp(HTTP.binary(toSdk(umlaut)) as SdkMessage)).toThrow('/subject')
    expect(sdkReadHttp(encodeHttpBinary(umlaut))).toMatchObject({ subject: '%C3%A9' })
    expect(readHttp(HTTP.binary(toSdk(event({ source: '/%41' }))) as SdkMessage)).toMatchObject({
      source: '/A',
    })
  })

  it('the SDK writes a JSON string without its quotes, which the JSON format calls invalid (§3.2)', () => {
    expect(() => readHttp(HTTP.binary(toSdk(event({ data: 'text' }))) as SdkMessage)).toThrow(
      '/data is not JSON',
    )
  })

  it('the SDK accepts ce-datacontenttype, which must not appear (HTTP binding §3.1.1)', () => {
    const message = encodeHttpBinary(event({ datacontenttype: 'text/plain', data: 'a' }))
    const headers = { ...message.headers, 'ce-datacontenttype': 'text/html' }

    expect(sdkReadHttp({ ...message, headers })).toMatchObject({ datacontenttype: 'text/html' })
    expect(() => readHttp({ ...message, headers })).toThrow('/datacontenttype')
  })

  it('the SDK truncates a time to milliseconds and converts it to UTC; we keep it unchanged', () => {
    const time = '2018-04-05T18:31:00.123456789+01:00'

    expect(sdkReadHttp(encodeHttpStructured(event({ time })))).toMatchObject({
      time: '2018-04-05T17:31:00.123Z',
    })
    expect(readHttp(encodeHttpStructured(event({ time })))).toMatchObject({ time })
  })

  it('the SDK cannot read an event without a time from Kafka, though time is optional', () => {
    const record = encodeKafkaStructured(validateEvent({ ...MINIMAL }))

    expect(() => sdkReadKafka(record)).toThrow(RangeError)
    expect(readKafka({ ...record, value: String(record.value) } as unknown as KafkaMessage)).toEqual(MINIMAL)
  })

  it('the SDK replaces partitionkey by the key of the record, which must not alter the event (Kafka binding §3.1)', () => {
    const record = encodeKafkaStructured(event({ partitionkey: 'mine' }))

    expect(sdkReadKafka(record, 'other')).toMatchObject({ partitionkey: 'other' })
  })
})
