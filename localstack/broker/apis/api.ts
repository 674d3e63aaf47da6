import { type Codec, struct } from '../wire/codec.ts'
import type { Reader } from '../wire/reader.ts'
import { Writer } from '../wire/writer.ts'

/** "Not requested": the value of a bit set of authorized operations. */
export const NO_OPERATIONS = -2_147_483_648

type Declaration = {
  key: number
  name: string
  /** The range that this broker supports. */
  versions: readonly [min: number, max: number]
  /** First version with compact lengths and tagged fields (KIP-482). */
  flexibleFrom: number
}

type Fields = Parameters<typeof struct>[0]
type StructOf<F extends Fields> = ReturnType<typeof struct<F>>

/** Declares an API from the fields of its request and of its response, in wire order. */
export function defineApi<Q extends Fields, S extends Fields>(
  declaration: Declaration,
  request: Q,
  response: S,
): Declaration & { request: StructOf<Q>; response: StructOf<S> } {
  return { ...declaration, request: struct(request), response: struct(response) }
}

export type RequestOf<A> = A extends { request: { read(...args: never): infer R } } ? R : never
export type ResponseOf<A> = A extends { response: { write(writer: never, value: infer W): void } } ? W : never

/** What a handler may use beside the request. */
export type RequestContext = {
  version: number
  clientId: string
  clientHost: string
  /** Aborted when the connection closes. */
  signal: AbortSignal
}

/** An API with its handler. */
export type Route = {
  key: number
  name: string
  versions: readonly [min: number, max: number]
  flexibleFrom: number
  /** Reads the request's body, handles it and writes the response's body; null if there is no response. */
  run(reader: Reader, context: RequestContext): Promise<Writer | null>
}

type Declared<Q, S> = Pick<Route, 'key' | 'name' | 'versions' | 'flexibleFrom'> & {
  request: Codec<Q, never>
  response: { write(writer: Writer, value: S): void }
}

/** Binds a handler to an API. The whole request is read before it is handled, so a malformed one has no effect. */
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
