import { useState } from 'react'
import { useAccess } from '#web/live/access.tsx'
import { describeFailure, useApi } from '#web/live/api.ts'
import { rightProblem } from '#web/live/rights.ts'
import { Badge, type Tone } from '#web/ui/data/badge.tsx'
import { Time } from '#web/ui/data/times.tsx'
import { Button } from '#web/ui/form/button.tsx'
import { useGoTo } from '#web/ui/state/use-search-state.ts'
import { addressOf } from '../pipeline-address.ts'
import { lettersOf, MOVES, type Replay, type ReplayMove, sayKind, sayRequest } from './replay.ts'

const TONES: Readonly<Record<Replay['status'], Tone>> = {
  waiting: 'plain',
  running: 'accent',
  paused: 'busy',
  done: 'good',
  cancelled: 'plain',
  failed: 'bad',
}
const WORDS: Readonly<Record<ReplayMove, string>> = { pause: 'Pause', resume: 'Resume', cancel: 'Cancel' }

type Props = { readonly replay: Replay; readonly reload: () => Promise<void> }

export function ReplayRow({ replay, reload }: Props) {
  const goTo = useGoTo()
  const { by, created, status, error } = replay
  const letters = lettersOf(replay)
  return (
    <tr>
      <th scope="row">
        {sayKind(replay)}
        <small className="pipeline-note">{sayRequest(replay)}</small>
        {letters && (
          <button
            type="button"
            className="pipeline-link replay-letters"
            onClick={() => goTo(addressOf('dead-letters', letters))}
          >
            Show the letters
          </button>
        )}
      </th>
      <td data-label="Status">
        <Badge tone={TONES[status]}>{status}</Badge>
        {error && <small className="pipeline-note">{error}</small>}
      </td>
      <td data-label="Progress" className="wide replay-progress">
        <Progress replay={replay} />
      </td>
      <td data-label="By">
        {by}
        <small className="pipeline-note">
          <Time value={created} />
        </small>
      </td>
      <td className="actions">
        <Moves replay={replay} reload={reload} />
      </td>
    </tr>
  )
}

/** How far a replay is, as a bar and in numbers. */
function Progress({ replay }: { readonly replay: Replay }) {
  const { total, done, skipped, failed, rate } = replay
  const passed = done + skipped + failed
  const parts = [
    `${done.toLocaleString('en')} of ${total.toLocaleString('en')} done`,
    ...(skipped > 0 ? [`${skipped.toLocaleString('en')} skipped`] : []),
    ...(failed > 0 ? [`${failed.toLocaleString('en')} failed`] : []),
  ]
  return (
    <>
      <progress
        aria-label={`${sayKind(replay)}: progress`}
        max={Math.max(1, total)}
        value={total === 0 ? 1 : passed}
      />
      <small className="pipeline-note">{`${parts.join(', ')}; at most ${rate.toLocaleString('en')} a second`}</small>
    </>
  )
}

/** The buttons for what may be done with it. */
function Moves({ replay, reload }: Props) {
  const api = useApi()
  const problem = rightProblem(useAccess(), 'replays.run')
  const [failure, setFailure] = useState<string | null>(null)
  const [isBusy, setBusy] = useState(false)
  async function move(name: ReplayMove) {
    if (isBusy) return
    setBusy(true)
    setFailure(null)
    try {
      await api.post(`/replays/${encodeURIComponent(replay.id)}/${name}`)
    } catch (error) {
      setFailure(describeFailure(error))
    }
    await reload()
    setBusy(false)
  }
  return (
    <>
      <span className="replay-moves">
        {MOVES[replay.status].map((name) => (
          <Button
            key={name}
            small
            refused={problem}
            aria-label={`${WORDS[name]}: ${sayKind(replay)}, ${sayRequest(replay)}`}
            onClick={() => void move(name)}
          >
            {WORDS[name]}
          </Button>
        ))}
      </span>
      {failure !== null && (
        <small className="pipeline-note pipeline-bad" role="alert">
          {failure}
        </small>
      )}
    </>
  )
}
