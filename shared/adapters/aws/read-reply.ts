/** A response of HTTP/1.1. Names of headers are in lower case; repeated ones are joined by `, `. */
export type HttpReply = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

type ReplyReader = {
  /** Begins with the response to a new request. */
  begin(): void
  /** Takes bytes as they come. Throws if they are not HTTP/1.1. */
  push(chunk: Buffer): void
  /** The connection has ended, which completes a response that has no other end. */
  end(): void
}

/** `canFollow` is whether the connection may carry another exchange. */
type OnReply = { readonly onReply: (reply: HttpReply, canFollow: boolean) => void }

/** How the length of a body is known (RFC 9112 §6.3). */
type Framing = { readonly by: 'length'; readonly bytes: number } | { readonly by: 'chunks' | 'end' }
type Head = Pick<HttpReply, 'status' | 'headers'> & { readonly framing: Framing; readonly canFollow: boolean }

const END_OF_HEAD = '\r\n\r\n'
const MAX_HEAD_BYTES = 64 * 1024
const STATUS_LINE = /^HTTP\/1\.([01]) (\d{3})(?: |$)/

/**
 * Reads the responses of one connection, one after the other, as RFC 9112 frames them: by Content-Length, in chunks, or
 * by the end of the connection. It knows nothing of HEAD, and passes over responses of 1xx. A response that nobody has
 * asked for, or bytes beyond the one that was, make the connection useless.
 */
export function createReplyReader({ onReply }: OnReply): ReplyReader {
  let received: Buffer[] = []
  let bytes = 0
  let head: Head | undefined
  let isAsked = false

  /** What has been received, in one piece. */
  const all = (): Buffer => {
    const [only] = received
    if (received.length === 1 && only) return only
    const joined = Buffer.concat(received)
    received = [joined]
    return joined
  }
  const keep = (rest: Buffer) => {
    received = rest.length > 0 ? [rest] : []
    bytes = rest.length
  }
  const complete = ({ status, headers, canFollow }: Head, body: Buffer, rest: number) => {
    head = undefined
    isAsked = false
    keep(Buffer.alloc(0))
    onReply({ status, headers, body }, canFollow && rest === 0)
  }
  const readHead = (): Head | undefined => {
    for (;;) {
      const buffer = all()
      const end = buffer.indexOf(END_OF_HEAD)
      if (end === -1 && bytes > MAX_HEAD_BYTES) throw new Error('the head of the response is too long')
      if (end === -1) return undefined
      const found = parseHead(buffer.toString('latin1', 0, end))
      keep(buffer.subarray(end + END_OF_HEAD.length))
      if (found.status >= 200) return found
    }
  }

  return {
    begin() {
      isAsked = true
    },
    push(chunk) {
      if (!isAsked) throw new Error('there is a response to no request')
      received.push(chunk)
      bytes += chunk.length
      head ??= readHead()
      if (head === undefined) return
      const { framing } = head
      if (framing.by === 'length' && bytes >= framing.bytes)
        complete(head, all().subarray(0, framing.bytes), bytes - framing.bytes)
      if (framing.by !== 'chunks') return
      const buffer = all()
      const body = readChunks(buffer)
      if (body) complete(head, body.content, buffer.length - body.end)
    },
    end() {
      if (head?.framing.by === 'end') complete(head, all(), 0)
    },
  }
}

/** Throws if it is not the head of a response. */
function parseHead(text: string): Head {
  const [first = '', ...lines] = text.split('\r\n')
  const [, minor, code] = STATUS_LINE.exec(first) ?? []
  if (code === undefined) throw new Error('the response is not HTTP/1.1')
  const headers: Record<string, string> = Object.create(null)
  for (const line of lines) {
    const colon = line.indexOf(':')
    if (colon < 1) throw new Error('a header of the response has no name')
    const name = line.slice(0, colon).toLowerCase()
    const value = line.slice(colon + 1).trim()
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`
  }
  const status = Number(code)
  const framing = framingOf(status, headers)
  const options = (headers.connection ?? '').toLowerCase()
  const isKept = minor === '1' ? !options.includes('close') : options.includes('keep-alive')
  return { status, headers, framing, canFollow: isKept && framing.by !== 'end' }
}

function framingOf(status: number, headers: Readonly<Record<string, string>>): Framing {
  if (status < 200 || status === 204 || status === 304) return { by: 'length', bytes: 0 }
  if (headers['transfer-encoding'] !== undefined) {
    if (headers['transfer-encoding'].toLowerCase() !== 'chunked')
      throw new Error(`the transfer encoding ${headers['transfer-encoding']} is not supported`)
    return { by: 'chunks' }
  }
  const length = headers['content-length']
  if (length === undefined) return { by: 'end' }
  if (!/^\d+$/.test(length)) throw new Error(`the content length ${length} is not a number`)
  return { by: 'length', bytes: Number(length) }
}

/** Returns the content of a chunked body and where it ends; undefined as long as it is not complete. */
function readChunks(buffer: Buffer): { readonly content: Buffer; readonly end: number } | undefined {
  const chunks: Buffer[] = []
  let at = 0
  for (;;) {
    const lineEnd = buffer.indexOf('\r\n', at)
    if (lineEnd === -1) return undefined
    const size = /^[0-9a-f]+/i.exec(buffer.toString('latin1', at, lineEnd))?.[0]
    if (size === undefined) throw new Error('a chunk of the response has no size')
    const begin = lineEnd + 2
    const end = begin + Number.parseInt(size, 16)
    if (end === begin) {
      const trailerEnd = endOfTrailer(buffer, begin)
      return trailerEnd === undefined ? undefined : { content: Buffer.concat(chunks), end: trailerEnd }
    }
    if (buffer.length < end + 2) return undefined
    chunks.push(buffer.subarray(begin, end))
    at = end + 2
  }
}

/** Trailing headers are passed over; an empty line ends them. */
function endOfTrailer(buffer: Buffer, begin: number): number | undefined {
  if (buffer.toString('latin1', begin, begin + 2) === '\r\n') return begin + 2
  const end = buffer.indexOf(END_OF_HEAD, begin)
  return end === -1 ? undefined : end + END_OF_HEAD.length
}
