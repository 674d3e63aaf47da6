import { DEAD_LETTER_CODES, DEAD_LETTER_CONSUMERS, DEAD_LETTER_STATUSES } from '#shared/core/dead-letter.ts'
import { inPath, inQuery, limit, listInQuery, ONE_OF_LIST, TIME } from './parameters.ts'
import { json, problems } from './responses.ts'
import type { Json } from './schemas.ts'

const list: Json = {
  operationId: 'listDeadLetters',
  summary: 'List records that could not be processed, newest first',
  description:
    'The order is that of the times of the records. A page reads a bounded number of letters, so it may be short, or even empty, before "next" is null.',
  tags: ['operations'],
  parameters: [
    listInQuery('topic', 'Only those of these topics.', ONE_OF_LIST, ['port-events']),
    listInQuery('code', 'Only those with these codes.', { enum: DEAD_LETTER_CODES }, ['invalid_data']),
    listInQuery('consumer', 'Only what these found.', { enum: DEAD_LETTER_CONSUMERS }, ['fold']),
    listInQuery(
      'status',
      'Only those with these statuses; by default open ones.',
      { enum: DEAD_LETTER_STATUSES },
      ['open', 'discarded'],
    ),
    listInQuery('source', 'Only those whose event names one of these sources.', ONE_OF_LIST, ['/cranes/4']),
    listInQuery(
      'type',
      'Only those whose event names one of these types, or patterns of them.',
      ONE_OF_LIST,
      ['port.container.*'],
    ),
    inQuery('from', 'No record before this time (RFC 3339).', TIME, { example: '2026-11-21T00:00:00Z' }),
    inQuery('to', 'No record after this time (RFC 3339).', TIME, { example: '2026-11-22T00:00:00Z' }),
    inQuery(
      'q',
      'Only those with this text in the reason, the identity of the event, the key or the value, ignoring case.',
      { type: 'string', maxLength: 200 },
      { example: 'crane' },
    ),
    limit,
    inQuery('next', 'The "next" of the previous page.', { type: 'string', maxLength: 300 }),
  ],
  responses: { 200: json('Dead letters.', 'deadLetterList'), ...problems(400, 401, 403, 500, 503) },
}

const number: Json = { type: 'integer', minimum: 0, maximum: 999_999_999_999_999 }

const get: Json = {
  operationId: 'getDeadLetter',
  summary: 'One dead letter, with the event in it',
  description:
    'After a topic was deleted and created again several records have had a position: this is the letter of the latest.',
  tags: ['operations'],
  parameters: [
    inPath('topic', 'The topic of the record.', 'port-events'),
    { ...inPath('partition', 'Its partition.', '0'), schema: number },
    { ...inPath('offset', 'Its offset.', '12'), schema: number },
  ],
  responses: {
    200: json('The dead letter.', 'deadLetterWithEvent'),
    ...problems(400, 401, 403, 404, 500, 503),
  },
}

/** The routes of dead letters. */
export const deadLetterPaths = {
  '/dead-letters': { get: list },
  '/dead-letters/{topic}/{partition}/{offset}': { get },
}
