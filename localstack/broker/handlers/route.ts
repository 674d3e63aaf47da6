import type { Codec } from '../wire/codec.ts'
import type { Reader } from '../wire/reader.ts'
import { Writer } from '../wire/writer.ts'

/** What a handler may know about where a request comes from. */
export type RequestContext = {
  version: number
  clientId: string
  clientHost: string
  /** Aborted when the connection closes. */
  signal: AbortSignal
}

/** An API with its handler, as the connection sees it. */
export type Route = {
  key: number
  name: string
  versions: readonly [min: number, max: number]
  flexibleFrom: number
  /** Reads the request's body, handles it and writes the response's body; null if none is to be sent. */
  run(reader: Reader, context: RequestContext): Promise<Writer | null>
}

type Declared<Q, S> = Pick<Route, 'key' | 'name' | 'versions' | 'flexibleFrom'> & {
  request: Codec<Q, never>
  response: { write(writer: Writer, value: S): void }
}

/** Binds a handler to an API. The request is read before anything is handled, so a malformed one has no effect. */
export function route<Q, S>(
  api: Declared<Q, S>,
  handle: (request: NoInfer<Q>, context: RequestContext) => NoInfer<S> | null | Promise<NoInfer<S> | null>,
): Route {
  const { key, name, versions, flexibleFrom } = api
  return {
    key,
    name,
    versions,
    flexibleFrom,
    async run(reader, context) {
      const response = await handle(api.request.read(reader), context)
      if (response === null) return null
      const writer = new Writer(reader)
      api.response.write(writer, response)
      return writer
    },
  }
}
