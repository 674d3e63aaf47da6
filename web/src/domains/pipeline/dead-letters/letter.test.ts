import { describe, expect, it } from 'vitest'
import {
  draftOf,
  filterOf,
  filterOfPositions,
  hexOf,
  type OpenedLetter,
  parseDraft,
  readFilters,
} from './letter.ts'

const base64 = (text: string) => btoa(text)
const letter = (more: Partial<OpenedLetter>): OpenedLetter => ({
  topic: 'port-events',
  partition: 0,
  offset: 12,
  timestamp: 1,
  reason: 'The data is wrong.',
  code: 'invalid_data',
  consumer: 'deliver',
  attempts: 1,
  key: null,
  value: null,
  truncated: false,
  status: 'open',
  event: null,
  ...more,
})

describe('the filters of the dead letters', () => {
  it('are those of the address, and open letters by default', () => {
    expect(filterOf(readFilters({}))).toEqual({ status: ['open'] })
    expect(filterOf(readFilters({ status: 'replayed', code: 'forged,too_large', q: 'a,b' }))).toEqual({
      status: ['replayed'],
      code: ['forged', 'too_large'],
      q: 'a,b',
    })
  })

  it('name single letters by their positions', () => {
    expect(filterOfPositions([letter({})], 'open')).toEqual({
      status: ['open'],
      positions: [{ topic: 'port-events', partition: 0, offset: 12 }],
    })
  })
})

describe('the bytes of a letter', () => {
  it('are shown in lines of 16, with what is printable of them', () => {
    expect(hexOf(base64('0123456789abcdef\nZ'))).toBe(
      [
        '000000  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  0123456789abcdef',
        `000010  0a 5a${' '.repeat(42)}  .Z`,
      ].join('\n'),
    )
  })
})

describe('the draft of a mended event', () => {
  it('is the event, the JSON of the record, its text, or the skeleton of an event', () => {
    const event = { specversion: '1.0' as const, id: '1', source: '/s', type: 't' }
    expect(JSON.parse(draftOf(letter({ event })))).toEqual(event)
    expect(draftOf(letter({ value: base64('{"a":1}') }))).toBe('{\n  "a": 1\n}')
    expect(draftOf(letter({ value: base64('{"a":') }))).toBe('{"a":')
    expect(JSON.parse(draftOf(letter({ value: base64('\xff\xfe'), type: 't' })))).toMatchObject({
      specversion: '1.0',
      type: 't',
    })
  })

  it('must be a JSON object', () => {
    expect(parseDraft('{"id":"1"}')).toEqual({ event: { id: '1' } })
    expect(parseDraft('[]')).toMatchObject({ problem: expect.stringContaining('no JSON object') })
    expect(parseDraft('{"id":')).toMatchObject({ problem: expect.stringContaining('not JSON') })
  })
})

describe('the numbers of a letter that is mended', () => {
  const data = '{"n":820982911946154508,"m":1e400}'
  const written = (draft: string) => {
    const read = parseDraft(draft)
    return 'event' in read ? JSON.stringify(read.event) : read.problem
  }

  it('keep their digits from its event, or its bytes, to what is sent', () => {
    const event = { specversion: '1.0', id: 'e', source: '/s', type: 't', data: JSON.parse(data) } as const
    expect(written(draftOf(letter({ event, dataJson: data })))).toContain(`"data":${data}`)
    expect(written(draftOf(letter({ value: base64(`{"data":${data}}`) })))).toBe(`{"data":${data}}`)
  })

  it('are no event alone', () => {
    expect(written('820982911946154508')).toContain('no JSON object')
  })
})
