import type { Challenge, Mapping } from './mapping.ts'
import type { Scheme } from './scheme.ts'

/** What is known of a sender: how it proves itself, and what its requests mean. */
export type Provider = {
  /** The ways in which it signs; one that holds is enough. */
  readonly schemes: readonly Scheme[]
  readonly mapping: Mapping
  readonly challenges?: readonly Challenge[]
}
