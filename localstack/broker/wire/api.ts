import { struct } from './codec.ts'

type Fields = Parameters<typeof struct>[0]
type StructOf<F extends Fields> = ReturnType<typeof struct<F>>

type Declaration = {
  key: number
  name: string
  /** The range that this broker speaks. */
  versions: readonly [min: number, max: number]
  /** First version with compact lengths and tagged fields (KIP-482). */
  flexibleFrom: number
}

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
