import { viewsSlice } from '#shared/pipeline/replays/rebuild-views.ts'
import { newReplay } from '#shared/pipeline/replays/replay-job.ts'
import type { RebuildDeps } from '#shared/pipeline/views/rebuild-stream.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'

/** What is saved of a rebuild: a worker that follows a dead one continues from it. */
export type SavedRebuild = { checkpoint?: unknown }

const draft = { kind: 'views', rate: 1, total: 0 } as const

/**
 * Rebuilds the views of topics as the worker of a replay does, from what is saved on, and saves each checkpoint.
 * `beforeSave` is called around each, for a crash there.
 */
export async function runRebuild(
  topics: readonly string[],
  deps: RebuildDeps,
  saved: SavedRebuild = {},
  beforeSave: () => Promise<void> = async () => {},
): Promise<void> {
  let time = 0
  const elapsed = () => {
    time += 10_000 // every batch is saved
    return time
  }
  const slice = viewsSlice({ ...deps, elapsed })
  const request = { topics, acceptLoss: true }
  const job = newReplay({ ...draft, request }, { principal: makePrincipal(), now: 0, random: 'x' })
  const save = async ({ checkpoint }: { readonly checkpoint: unknown }) => {
    await beforeSave()
    saved.checkpoint = checkpoint
    await beforeSave()
  }
  const { signal } = new AbortController()
  for (;;) {
    const result = await slice({ ...job, checkpoint: saved.checkpoint }, { signal, report: save })
    await save(result)
    if (result.isDone) return
  }
}
