import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createReplyReader, type HttpReply } from './read-reply.ts'

type Read = { readonly reply: HttpReply; readonly canFollow: boolean }

/** What is read of bytes that come in these pieces; `ends` is whether the connection ends after them. */
function read(pieces: readonly Buffer[], ends = false): Read[] {
  const found: Read[] = []
  const reader = createReplyReader({ onReply: (reply, canFollow) => found.push({ reply, canFollow }) })
  reader.begin()
  for (const piece of pieces) reader.push(piece)
  if (ends) reader.end()
  return found
}
function readText(text: string, ends = false): Read[] {
  return read([Buffer.from(text, 'latin1')], ends)
}

describe('a response', () => {
  test('of a known length is complete with its last byte', () => {
    const text = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Own: a\r\nx-own: b\r\n\r\n{}'

    expect(readText(text.slice(0, -1))).toEqual([])
    const [found] = readText(text)

    expect(found).toMatchObject({
      reply: { status: 200, headers: { 'content-length': '2', 'x-own': 'a, b' } },
      canFollow: true,
    })
    expect(found?.reply.body.toString()).toBe('{}')
  })

  test.each([
    ['HTTP/1.1 204 No Content\r\n\r\n', 204],
    ['HTTP/1.1 304\r\ncontent-length: 12\r\n\r\n', 304],
    ['HTTP/1.1 410 Gone\r\nContent-Length:0\r\n\r\n', 410],
  ])('without a body is complete with its head', (text, status) => {
    expect(readText(text)).toMatchObject([{ reply: { status }, canFollow: true }])
  })

  test('in chunks is put together, without extensions and trailers', () => {
    const chunks = '4;name=value\r\nWiki\r\n6\r\npedia.\r\n0\r\nExpires: never\r\n\r\n'

    const [found] = readText(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`)

    expect(found?.reply.body.toString()).toBe('Wikipedia.')
    expect(found?.canFollow).toBe(true)
  })

  test('without a length ends with the connection', () => {
    const text = 'HTTP/1.1 502 Bad Gateway\r\n\r\nsorry'

    expect(readText(text)).toEqual([])
    const [found] = readText(text, true)

    expect(found).toMatchObject({ reply: { status: 502 }, canFollow: false })
    expect(found?.reply.body.toString()).toBe('sorry')
  })

  test('of 1xx is passed over', () => {
    const text = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103\r\nlink: </a>\r\n\r\nHTTP/1.1 204 \r\n\r\n'

    expect(readText(text)).toMatchObject([{ reply: { status: 204 }, canFollow: true }])
  })

  test.each([
    ['HTTP/1.1 200 OK\r\ncontent-length: 0\r\nConnection: Close\r\n\r\n', false],
    ['HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n', false],
    ['HTTP/1.0 200 OK\r\ncontent-length: 0\r\nconnection: keep-alive\r\n\r\n', true],
    ['HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\nHTTP/1.1 200 OK\r\n', false],
  ])('says whether the connection may carry another one', (text, canFollow) => {
    expect(readText(text)).toMatchObject([{ canFollow }])
  })

  test.each([
    ['SSH-2.0-OpenSSH_9.2\r\n\r\n', 'not HTTP/1.1'],
    ['HTTP/1.1 200 OK\r\n: no name\r\n\r\n', 'no name'],
    ['HTTP/1.1 200 OK\r\ncontent-length: 1e3\r\n\r\n', 'not a number'],
    ['HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n', 'gzip'],
    ['HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n', 'no size'],
    [`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(70_000)}`, 'too long'],
  ])('that is malformed throws', (text, message) => {
    expect(() => readText(text)).toThrow(message)
  })

  test('to no request throws', () => {
    const reader = createReplyReader({ onReply: () => {} })

    expect(() => reader.push(Buffer.from('HTTP/1.1 408 Timeout\r\n\r\n'))).toThrow('no request')
  })

  test('is the same however its bytes are divided', () => {
    const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
    process.stdout.write(`responses: SEED=${seed}\n`)
    const body = fc.uint8Array({ maxLength: 300 })
    const cuts = fc.array(fc.nat(700), { maxLength: 12 })
    const property = fc.property(body, fc.boolean(), cuts, (content, isChunked, at) => {
      const half = Math.floor(content.length / 2)
      const parts = [content.subarray(0, half), content.subarray(half)].filter(({ length }) => length > 0)
      const chunks = parts.flatMap((part) => [`${part.length.toString(16)}\r\n`, part, '\r\n'])
      const framed = isChunked ? [...chunks, '0\r\n\r\n'] : [content]
      const framing = isChunked ? 'transfer-encoding: chunked' : `content-length: ${content.length}`
      const text = [`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n`, ...framed]
      const bytes = Buffer.concat(text.map((part) => Buffer.from(part as string)))
      const edges = [0, ...at.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length]
      const pieces = edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge))

      const [found, ...others] = read(pieces.filter(({ length }) => length > 0))

      expect(others).toEqual([])
      expect(found?.reply.body).toEqual(Buffer.from(content))
    })
    fc.assert(property, { seed, numRuns: 500 })
  })
})
