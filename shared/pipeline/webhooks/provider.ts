import * as z from 'zod'
import { SEVERITIES } from '#shared/core/severity.ts'
import type { Challenge } from './handshakes/challenge.ts'
import { place } from './place.ts'
import { headerName, pointer, type Scheme } from './scheme.ts'
import type { SenderAnswer } from './sender-answer.ts'

// How a verified request becomes an event. Of several places, the first that has text is used.

/** A place in the request, or a fixed value: only if there is something at the place `if`, and it is the text `is`. */
const lookup = z.union([
  z.strictObject({ header: headerName }),
  z.strictObject({ field: pointer }),
  z.strictObject({ value: z.string().min(1), if: place.optional(), is: z.string().optional() }),
])
export type Lookup = z.infer<typeof lookup>

const lookups = z.array(lookup)

export const mappingSchema = z.strictObject({
  /** The body is a CloudEvent and is used unchanged; the rest of the mapping is ignored. */
  cloudevents: z.boolean().optional(),
  /** The event's name: type and category are `<source>.<name>`; its dots begin new segments. */
  name: lookups.optional(),
  /** A prefix to remove from the name. */
  strip: z.string().optional(),
  /** A whole type instead of `<source>.<name>`. */
  type: lookups.optional(),
  /** A whole category instead of `<source>.<name>`. */
  category: lookups.optional(),
  /** The provider's id of the delivery; without one, the SHA-256 of the body. */
  id: lookups.optional(),
  /** Members of a JSON body that differ between attempts; the SHA-256 does not include them. */
  volatile: z.array(z.string()).optional(),
  /** Deliveries with the same body are different events: each that has no id of the provider gets a new one. */
  newId: z.boolean().optional(),
  subject: lookups.optional(),
  /** RFC 3339 text, or Unix time in seconds or milliseconds. */
  time: lookups.optional(),
  severity: z.strictObject({ from: lookups, values: z.record(z.string(), z.enum(SEVERITIES)) }).optional(),
})
export type Mapping = z.infer<typeof mappingSchema>

/** A sender as data: how it signs, and how its requests become events. */
export type Provider = {
  /** The ways in which it signs; one valid signature is enough. */
  readonly schemes: readonly Scheme[]
  readonly mapping: Mapping
  readonly challenges?: readonly Challenge[]
  readonly answer?: SenderAnswer
}
