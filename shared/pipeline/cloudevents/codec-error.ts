import type { ErrorCode, Fault } from '#shared/core/refusal.ts'

/** `malformed`: not decodable at all; `unsupported_media_type`: another format; `invalid_event`: breaks a rule. */
export type CloudEventErrorCode = Extract<ErrorCode, 'malformed' | 'unsupported_media_type' | 'invalid_event'>

/** The only error that the codec throws on bad input. Retrying the same bytes cannot help. */
export class CloudEventError extends Error {
  readonly code: CloudEventErrorCode
  readonly errors: readonly Fault[]
  readonly retryable = false

  constructor(code: CloudEventErrorCode, errors: readonly Fault[], options?: ErrorOptions) {
    super(summarise(errors), options)
    this.name = 'CloudEventError'
    this.code = code
    this.errors = errors
  }
}

const SHOWN = 3

function summarise(errors: readonly Fault[]): string {
  const shown = errors.slice(0, SHOWN).map(({ index, pointer, detail }) => {
    const item = index === undefined ? '' : `[${index}]`
    return `${item}${pointer} ${detail}`.trim()
  })
  if (errors.length > SHOWN) shown.push(`and ${errors.length - SHOWN} more`)
  return shown.join('; ')
}
