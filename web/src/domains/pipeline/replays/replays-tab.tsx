import { useState } from 'react'
import { useAccess } from '#web/live/access.tsx'
import { FreshnessBadge } from '#web/live/freshness.tsx'
import { rightProblem } from '#web/live/rights.ts'
import { DataTable } from '#web/ui/data/data-table.tsx'
import { Button } from '#web/ui/form/button.tsx'
import { Chip } from '#web/ui/form/chip.tsx'
import { Card } from '#web/ui/layout/card.tsx'
import { StateMessage } from '#web/ui/layout/state-message.tsx'
import { useSearchState } from '#web/ui/state/use-search-state.ts'
import { ListBody } from '../list-body.tsx'
import { usePages } from '../use-pages.ts'
import { NewReplayDialog } from './new-replay-dialog.tsx'
import type { Replay } from './replay.ts'
import { ReplayRow } from './replay-row.tsx'
import './replays.css'

type Body = { readonly replays: readonly Replay[]; readonly next: string | null }

const REFRESH_MS = 2000

/** Jobs that write or send events again: how far each is, and their pause, resumption and cancellation. */
export function ReplaysTab() {
  const [{ replay: only = '' }, change] = useSearchState()
  const list = usePages<Body>('/replays', REFRESH_MS)
  const [isNew, setNew] = useState(false)
  const problem = rightProblem(useAccess(), 'replays.run')
  const all = list.pages?.flatMap((page) => page.replays) ?? []
  const replays = only === '' ? all : all.filter(({ id }) => id === only)
  return (
    <Card
      title="Replays"
      className="replays"
      aside={
        <>
          <Button small icon="plus" refused={problem} onClick={() => setNew(true)}>
            New replay
          </Button>
          <FreshnessBadge updatedAt={list.updatedAt} />
        </>
      }
    >
      {only !== '' && (
        <div className="pipeline-filters">
          <Chip pressed onChange={() => change({ replay: '' })}>
            Only one replay
          </Chip>
        </div>
      )}
      <ListBody
        what="the replays"
        list={list}
        isEmpty={replays.length === 0}
        empty={
          <StateMessage
            kind="empty"
            title="There are no replays"
            detail="Replay dead letters from their tab, or send events again with “New replay”."
          />
        }
      >
        <DataTable caption="Replays, newest first" narrow="cards">
          <thead>
            <tr>
              {['What', 'Status', 'Progress', 'By'].map((title) => (
                <th key={title} scope="col">
                  {title}
                </th>
              ))}
              <td />
            </tr>
          </thead>
          <tbody>
            {replays.map((replay) => (
              <ReplayRow key={replay.id} replay={replay} reload={list.reload} />
            ))}
          </tbody>
        </DataTable>
      </ListBody>
      {isNew && <NewReplayDialog reload={list.reload} onClose={() => setNew(false)} />}
    </Card>
  )
}
