import { useState } from 'react'
import type { CaseMove } from '#shared/domain/port/case.ts'
import { useAccess } from '#web/live/access.tsx'
import { useConnection } from '#web/live/freshness.tsx'
import { isAllowed, rightProblem } from '#web/live/rights.ts'
import { Button } from '#web/ui/form/button.tsx'
import type { FeedRow } from '../feed/feed-row.ts'
import { AssignForm } from './assign-form.tsx'
import type { ShownCase } from './case-book.ts'
import { EraseButton } from './erase-button.tsx'
import { type MakeMove, moveProblem, nextStep, STEPS } from './moves.ts'

type Props = { readonly row: FeedRow; readonly state: ShownCase; readonly makeMove: MakeMove }

/** What can be done about an event. A disabled action shows why, and what only others may do is shown below. */
export function CaseActions({ row, state, makeMove }: Props) {
  const user = useAccess()
  const { refusal } = useConnection()
  const next = nextStep(state)
  const why = (move: CaseMove) => refusal ?? moveProblem(state, move, user.role)
  const problem = rightProblem(user, 'move.port.acknowledge')
  return (
    <section className="case-actions unprinted" aria-label="Actions">
      <div className="case-steps">
        {STEPS.map((step) => (
          <Button
            key={step.move}
            small
            icon={step.icon}
            look={step === next ? 'primary' : 'plain'}
            refused={why(step.move)}
            onClick={() => void makeMove(row, step.move)}
          >
            {step.label}
          </Button>
        ))}
        {isAllowed(user, 'move.port.delete') && (
          <DeleteButton
            key={row.key}
            title={state.title}
            refused={why('delete')}
            onDelete={() => makeMove(row, 'delete')}
          />
        )}
        {isAllowed(user, 'events.erase') && !state.isErased && (
          <EraseButton key={`erase ${row.key}`} row={row} title={state.title} refused={refusal} />
        )}
      </div>
      {problem !== null && <p className="case-problem">{problem}</p>}
      <AssignForm
        assignee={state.assignee}
        refused={why('assign')}
        onAssign={(assignee) => void makeMove(row, 'assign', { assignee })}
      />
    </section>
  )
}

type DeleteProps = {
  readonly title: string
  readonly refused: string | null
  readonly onDelete: () => Promise<boolean>
}

/** Asks for confirmation before it deletes. */
function DeleteButton({ title, refused, onDelete }: DeleteProps) {
  const [isAsking, setAsking] = useState(false)
  if (!isAsking || refused !== null)
    return (
      <Button small look="danger" icon="trash" refused={refused} onClick={() => setAsking(true)}>
        Delete…
      </Button>
    )
  return (
    // biome-ignore lint/a11y/useSemanticElements: two buttons and a question are no form
    <span className="case-sure" role="group" aria-label={`Delete “${title}”?`}>
      Delete it?
      <Button
        small
        look="danger"
        autoFocus
        onClick={() => {
          setAsking(false)
          void onDelete()
        }}
      >
        Yes, delete
      </Button>
      <Button small onClick={() => setAsking(false)}>
        No
      </Button>
    </span>
  )
}
