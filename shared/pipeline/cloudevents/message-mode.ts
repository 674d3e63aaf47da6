import { CloudEventError } from './codec-error.ts'
import { charsetOf, essenceOf } from './media-type.ts'

/** The media type of one event in the JSON format. */
export const JSON_EVENT = 'application/cloudevents+json'
/** What we write. The charset is in lower case, because the npm SDK refuses any other spelling over HTTP. */
export const JSON_EVENT_UTF8 = `${JSON_EVENT}; charset=utf-8`
/** The media type of a batch of events in the JSON format. */
export const JSON_BATCH = 'application/cloudevents-batch+json'

const CLOUD_EVENTS = 'application/cloudevents'

/**
 * The mode that a content type asks for; `other` if it is not one of CloudEvents. Throws `CloudEventError`
 * `unsupported_media_type` for an event format that is not JSON, and for a charset that is not UTF-8.
 */
export function messageMode(contentType: string | undefined): 'structured' | 'batch' | 'other' {
  if (contentType === undefined) return 'other'
  if (contentType === JSON_EVENT || contentType === JSON_EVENT_UTF8) return 'structured'
  const essence = essenceOf(contentType)
  if (!essence.startsWith(CLOUD_EVENTS)) return 'other'
  if (essence !== JSON_EVENT && essence !== JSON_BATCH) {
    throw unsupported(`Event format ${essence.slice(0, 80)} is not supported: send ${JSON_EVENT}.`)
  }
  if (charsetOf(contentType) !== 'utf-8') throw unsupported('Charset is not supported: send UTF-8.')
  return essence === JSON_EVENT ? 'structured' : 'batch'
}

function unsupported(detail: string): CloudEventError {
  return new CloudEventError('unsupported_media_type', [{ pointer: '', detail }])
}
