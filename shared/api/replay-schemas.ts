import * as z from 'zod'
import {
  discardLettersBody,
  newReplayBody,
  replayLettersBody,
} from '#shared/pipeline/replays/replay-requests.ts'
import { REPLAY_KINDS, REPLAY_STATUSES } from '#shared/pipeline/replays/replay-store.ts'

const counter = z.int().min(0)
const at = z.int().meta({ description: 'Milliseconds since 1970.' })

const replay = z
  .object({
    id: z.string(),
    kind: z.enum(REPLAY_KINDS),
    status: z.enum(REPLAY_STATUSES),
    by: z.string().meta({ description: 'The principal that created it.' }),
    created: at,
    changed: at,
    rate: z.int().min(1).meta({ description: 'The maximum number of items in a second.' }),
    total: counter.meta({
      description:
        'Dead letters, or records of the topics. It is fixed when the replay is created; of views it is an estimate until their worker has asked Kafka.',
    }),
    done: counter,
    skipped: counter.meta({ description: 'There was nothing to do, such as for a letter that is settled.' }),
    failed: counter,
    request: z.looseObject({}).meta({ description: 'What it was created with.' }),
    error: z.string().optional().meta({ description: 'Why it failed, or what went wrong last.' }),
    secret: z
      .string()
      .optional()
      .meta({ description: 'Shown once, if it was made: what posts are signed with.' }),
  })
  .meta({ description: 'A replay: a job with its progress. A list has the newest first.' })

const replayList = z.object({
  replays: z.array(replay),
  next: z.nullable(z.string()).meta({ description: 'Send it as "next" for the next page; null at the end.' }),
})

const counts = z.record(z.string(), counter)
const replayCount = z
  .object({ count: counter, byTopic: counts, byCode: counts.optional() })
  .meta({ description: 'How many items a replay would have: dead letters, or records of the topics.' })

/** The components of these routes. */
export const replaySchemas = {
  replay,
  replayList,
  replayCount,
  letterReplay: replayLettersBody,
  letterDiscard: discardLettersBody,
  newReplay: newReplayBody,
}
