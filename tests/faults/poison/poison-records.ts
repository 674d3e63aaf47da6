import { randomBytes } from 'node:crypto'
import type { DeadLetterCode } from '#shared/core/dead-letter.ts'

/** A message as a Kafka producer sends it. */
export type Message = {
  readonly key: string
  readonly value: string | Buffer
  readonly headers?: Readonly<Record<string, string>>
}

/** The id of the event whose id is taken by poison. */
type Given = { readonly mark: string; readonly crane: string; readonly taken: string }

const SOURCE = '/cranes'
const CLOUDEVENT = { 'content-type': 'application/cloudevents+json' }

/** Returns a lift of a crane, the n-th of its key, as any producer may write it. */
export function liftOf(id: string, crane: string, n: number, given: object = {}): Message {
  const data = { crane, n, ...given }
  return { key: crane, value: JSON.stringify({ ...envelope(id), data }), headers: CLOUDEVENT }
}

function envelope(id: string) {
  return { specversion: '1.0', id, source: SOURCE, type: 'crane.lifted', datacontenttype: 'application/json' }
}

function json(key: string, event: object, headers: Readonly<Record<string, string>> = CLOUDEVENT): Message {
  return { key, value: JSON.stringify(event), headers }
}

/** Poison of eleven kinds, with the code that it must get. Each carries its mark in the first bytes of its value. */
export const POISON: readonly {
  readonly kind: string
  readonly code: DeadLetterCode
  readonly make: (given: Given) => Message
}[] = [
  {
    kind: 'no JSON',
    code: 'undecodable',
    make: ({ mark, crane }) => ({ key: crane, value: `{"id":"${mark}"` }),
  },
  {
    kind: 'bytes',
    code: 'undecodable',
    make: ({ mark, crane }) => ({
      key: crane,
      value: Buffer.concat([Buffer.from(`${mark} `), randomBytes(200)]),
      headers: CLOUDEVENT,
    }),
  },
  {
    kind: 'no CloudEvent',
    code: 'invalid_event',
    make: ({ mark, crane }) => json(crane, { specversion: '1.0', id: mark, type: 'crane.lifted' }),
  },
  {
    kind: 'data against the schema',
    code: 'invalid_data',
    make: ({ mark, crane }) => liftOf(mark, crane, 0, { n: 'many' }),
  },
  {
    kind: 'a wrong topic',
    code: 'wrong_topic',
    make: ({ mark, crane }) =>
      json(crane, { ...envelope(mark), type: 'stray.sheep', category: 'stray.sheep' }),
  },
  {
    kind: 'too large',
    code: 'too_large',
    make: ({ mark, crane }) => liftOf(mark, crane, 0, { note: 'x'.repeat(400_000) }),
  },
  {
    kind: 'a forged signature',
    code: 'forged',
    make: ({ mark, crane }) => ({
      ...liftOf(mark, crane, 0),
      headers: { ...CLOUDEVENT, 'tidewire-signature': 'v1.AAAA' },
    }),
  },
  {
    kind: 'an internal type',
    code: 'forbidden',
    make: ({ mark, crane }) => json(crane, { ...envelope(mark), type: 'crane.calibrated' }),
  },
  {
    kind: 'a taken id',
    code: 'id_taken',
    make: ({ mark, crane, taken }) => liftOf(taken, crane, 0, { note: mark }),
  },
  {
    kind: 'crashes a fold',
    code: 'fold_failed',
    make: ({ mark, crane }) => liftOf(mark, crane, 0, { broken: true }),
  },
  {
    kind: 'exceeds a state',
    code: 'fold_failed',
    make: ({ mark, crane }) => liftOf(mark, crane, 0, { note: 'x'.repeat(110_000) }),
  },
]
