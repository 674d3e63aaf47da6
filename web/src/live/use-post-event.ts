import { useCallback } from 'react'
import { ApiError, useApi } from './api.ts'

export type NewEvent = {
  readonly type: string
  readonly subject?: string
  /** RFC 3339; the server's clock where this is left out. */
  readonly time?: string
  readonly data: unknown
}
export type Receipt = {
  readonly id: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** Writes an event under an id of its own. Throws ApiError. */
export function usePostEvent(): (event: NewEvent) => Promise<Receipt> {
  const api = useApi()
  return useCallback((event) => api.post('/events', { id: crypto.randomUUID(), ...event }), [api])
}

/** Why a request failed, for people: with each field that is wrong. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof ApiError)) return error instanceof Error ? error.message : String(error)
  const { detail, title, errors = [] } = error.problem
  const fields = errors.map((one) => `${one.pointer.split('/').at(-1) ?? ''} ${one.detail}`.trim())
  return [detail ?? title, ...fields].join(' ')
}
