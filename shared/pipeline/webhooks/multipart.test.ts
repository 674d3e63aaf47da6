import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { propertyRuns } from '#shared/testing/test-seed.ts'
import { readMultipart } from './multipart.ts'
import { payloadText, readPayload } from './payload.ts'

const MEDIA_TYPE = 'multipart/form-data; boundary=----x1'

const part = (head: string, value: string | Buffer) =>
  Buffer.concat([Buffer.from(`------x1\r\n${head}\r\n\r\n`), Buffer.from(value), Buffer.from('\r\n')])
const field = (name: string, value: string | Buffer) =>
  part(`Content-Disposition: form-data; name="${name}"`, value)
const file = (name: string, filename: string, value: Buffer) =>
  part(
    `Content-Disposition: form-data; name="${name}"; filename="${filename}"\r\nContent-Type: image/png`,
    value,
  )
const form = (...parts: readonly Buffer[]) => Buffer.concat([...parts, Buffer.from('------x1--\r\n')])

async function read(body: Buffer, mediaType = MEDIA_TYPE) {
  await readMultipart(mediaType, body)
  return readPayload(mediaType, body)
}

describe('a form of several parts', () => {
  test('has its fields as an object, and of a file the name, type, size and digest', async () => {
    const bytes = Buffer.from([0, 1, 2, 255])
    const body = form(
      field('a', 'Grüße\r\nx'),
      field('b', '1'),
      field('b', '2'),
      file('attachment-1', 'ü.png', bytes),
    )
    expect(await read(body)).toEqual({
      a: 'Grüße\r\nx',
      b: ['1', '2'],
      'attachment-1': {
        filename: 'ü.png',
        type: 'image/png',
        size: 4,
        sha256: createHash('sha256').update(bytes).digest('hex'),
      },
    })
    expect(payloadText(MEDIA_TYPE, body, '/a')).toBe('Grüße\r\nx')
    expect(payloadText(MEDIA_TYPE, body, '/b')).toBeUndefined()
    expect(payloadText(MEDIA_TYPE, body, '/attachment-1')).toBeUndefined()
  })

  test.each([
    'multipart/form-data; boundary="----x1"',
    'Multipart/Form-Data;boundary=----x1',
    'multipart/form-data; charset=utf-8; boundary=----x1',
  ])('is read as %s', async (mediaType) => {
    expect(await read(form(field('a', '1')), mediaType)).toEqual({ a: '1' })
  })

  test('with only a field "payload" is its JSON, and with a file beside it is not', async () => {
    expect(await read(form(field('payload', '{"a":1}')))).toEqual({ a: 1 })
    expect(await read(form(field('payload', '{"a":1}'), file('f', 'f', Buffer.from('x'))))).toMatchObject({
      payload: '{"a":1}',
      f: { size: 1 },
    })
  })

  test.each([
    ['without its end', MEDIA_TYPE, field('a', '1')],
    ['without a boundary', 'multipart/form-data', form(field('a', '1'))],
    ['with another boundary', 'multipart/form-data; boundary=x2', form(field('a', '1'))],
    ['that is empty', MEDIA_TYPE, Buffer.alloc(0)],
    ['whose text is not UTF-8', MEDIA_TYPE, form(field('a', Buffer.from([0x41, 0xff])))],
  ])('%s is no form', async (_, mediaType, body) => {
    expect(await read(body, mediaType)).toBeUndefined()
  })

  test('may have the character U+FFFD, which replaces what is not UTF-8 elsewhere', async () => {
    expect(await read(form(field('a', 'x\ufffd')))).toEqual({ a: 'x\ufffd' })
  })

  // Anybody can send it, because a form is read before its signature is checked.
  test('has at most 200 parts', async () => {
    const parts = (count: number) =>
      form(...Array.from({ length: count }, (_, index) => field(`f${index}`, '')))
    expect(Object.keys((await read(parts(200))) as object)).toHaveLength(200)
    await expect(read(parts(201))).rejects.toThrow('A form has at most 200 parts here.')
    await expect(read(Buffer.from('------x1'.repeat(100_000)))).rejects.toThrow(
      'A form has at most 200 parts here.',
    )
  })

  test('that is any bytes throws nothing but that it has too many parts', async () => {
    const piece = fc.constantFrom(
      '------x1',
      '\r\n',
      '--',
      'Content-Disposition: form-data; name="a"',
      '"',
      ';',
      'x',
    )
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 40 }), async (pieces) => {
        const payload = await read(Buffer.from(pieces.join('')))
        expect(payload === undefined || typeof payload === 'object').toBe(true)
      }),
      { numRuns: propertyRuns(200) },
    )
  })
})
