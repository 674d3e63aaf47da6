import type { HttpRequest, HttpResponse } from '#shared/adapters/http/http-message.ts'
import { readLetterQuery, readPosition } from '#shared/adapters/http/read-letter-query.ts'
import type { Principal } from '#shared/core/access/principal.ts'
import { actorOf } from '#shared/core/audit.ts'
import { Refusal } from '#shared/core/refusal.ts'
import type { Audit } from '#shared/pipeline/audit/audit.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import type { DeadLetterStore } from '#shared/pipeline/dead-letters/dead-letter-store.ts'
import { decodeLetter } from '#shared/pipeline/dead-letters/decode-letter.ts'
import { nextAfter } from '#shared/pipeline/dead-letters/list-letters.ts'
import { pageRoom } from '#shared/pipeline/history/page-room.ts'

type LetterDeps = {
  readonly deadLetters: Pick<DeadLetterStore, 'list' | 'get'>
  readonly catalog: Pick<Catalog, 'names'>
  readonly audit: Audit
}

/** Responds with a page of the dead letters that a query asks for. Throws Refusal `malformed` for a bad query. */
export async function respondWithLetters(
  { query, caller }: HttpRequest,
  principal: Principal,
  { deadLetters, catalog, audit }: LetterDeps,
): Promise<HttpResponse> {
  const { filter, limit, after } = readLetterQuery(query)
  const topics = catalog.names
  const { letters, next } = await deadLetters.list({
    topics,
    filter,
    limit,
    ...(after !== undefined && { after }),
  })
  const room = pageRoom()
  const fitting = letters.filter((letter) => room.take(letter))
  const last = fitting.at(-1)
  const isCut = fitting.length < letters.length
  const body = { deadLetters: fitting, next: isCut && last ? nextAfter(last) : next }
  const details = { letters: fitting.length }
  await audit.record({ action: 'dead-letters.read', principal: actorOf(principal), caller, details })
  return { status: 200, body }
}

/** Responds with one dead letter and the event in it. Throws Refusal `not_found` if there is none at the position. */
export async function respondWithLetter(
  { pathParameters, caller }: HttpRequest,
  principal: Principal,
  { deadLetters, audit }: LetterDeps,
): Promise<HttpResponse> {
  const position = readPosition(pathParameters)
  const letter = await deadLetters.get(position)
  const { topic, partition, offset } = position
  if (letter === null)
    throw new Refusal('not_found', `There is no dead letter at offset ${offset} of ${topic}-${partition}.`)
  const details = { letters: 1 }
  await audit.record({ action: 'dead-letters.read', principal: actorOf(principal), caller, details })
  return { status: 200, body: { ...letter, event: decodeLetter(letter) } }
}
