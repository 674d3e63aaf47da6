import { type FormEvent, useState } from 'react'
import { describeFailure, useApi } from '#web/live/api.ts'
import { FreshnessBadge } from '#web/live/freshness.tsx'
import { sayConnections } from '#web/live/use-connection-count.ts'
import { DataTable } from '#web/ui/data/data-table.tsx'
import { Button } from '#web/ui/form/button.tsx'
import { Chip } from '#web/ui/form/chip.tsx'
import { Card } from '#web/ui/layout/card.tsx'
import { StateMessage } from '#web/ui/layout/state-message.tsx'
import { Dialog } from '#web/ui/overlay/dialog.tsx'
import { showToast } from '#web/ui/overlay/toaster.tsx'
import { type Search, useSearchState } from '#web/ui/state/use-search-state.ts'
import { ListBody } from '../list-body.tsx'
import { type Pages, usePages, withQuery } from '../use-pages.ts'
import { ConnectionRow, type OpenConnection } from './connection-row.tsx'
import './connections.css'

type Body = {
  readonly connections: readonly OpenConnection[]
  readonly total: number
  readonly next: string | null
}

/** The rates are counted over half a minute, and written every five seconds. */
const REFRESH_MS = 5000

/** The open connections: of whom, what they subscribe to, whether they keep up; and the end of one. */
export function ConnectionsTab() {
  const [{ principal = '', q = '' }, change] = useSearchState()
  const list = usePages<Body>(withQuery('/connections', { principal, q }), REFRESH_MS)
  const [closing, setClosing] = useState<OpenConnection | null>(null)
  const total = list.pages?.[0]?.total
  return (
    <Card
      title="Connections"
      className="connections"
      aside={
        <>
          {total !== undefined && <span>{`${sayConnections(total)} open`}</span>}
          <FreshnessBadge updatedAt={list.updatedAt} />
        </>
      }
    >
      <ConnectionFilters key={q} principal={principal} q={q} change={change} />
      <Connections
        list={list}
        isFiltered={principal !== '' || q !== ''}
        change={change}
        onClose={setClosing}
      />
      {closing && <CloseDialog connection={closing} reload={list.reload} onClose={() => setClosing(null)} />}
    </Card>
  )
}

type FiltersProps = {
  readonly principal: string
  readonly q: string
  readonly change: (changed: Search) => void
}

function ConnectionFilters({ principal, q, change }: FiltersProps) {
  const [text, setText] = useState(q)
  function onSubmit(event: FormEvent) {
    event.preventDefault()
    change({ q: text.trim() })
  }
  return (
    <search className="pipeline-filters">
      <form onSubmit={onSubmit}>
        <input
          type="search"
          aria-label="Text in the name, the address or the id"
          placeholder="Name, address or id, then Enter"
          value={text}
          onChange={({ target }) => setText(target.value)}
        />
      </form>
      {q !== '' && (
        <Chip pressed onChange={() => change({ q: '' })}>
          {`With “${q}”`}
        </Chip>
      )}
      {principal !== '' && (
        <Chip pressed onChange={() => change({ principal: '' })}>
          {`Only ${principal}`}
        </Chip>
      )}
    </search>
  )
}

type ListProps = {
  readonly list: Pages<Body>
  readonly isFiltered: boolean
  readonly change: (changed: Search) => void
  readonly onClose: (connection: OpenConnection) => void
}

function Connections({ list, isFiltered, change, onClose }: ListProps) {
  const connections = list.pages?.flatMap((page) => page.connections) ?? []
  const empty = isFiltered ? (
    <StateMessage kind="filtered" title="No connection matches this filter">
      <Button onClick={() => change({ principal: '', q: '' })}>Show all</Button>
    </StateMessage>
  ) : (
    <StateMessage kind="empty" title="Nobody is connected" detail="Clients that connect are listed here." />
  )
  return (
    <ListBody what="the connections" list={list} isEmpty={connections.length === 0} empty={empty}>
      <DataTable caption="Open connections, newest first" narrow="cards">
        <thead>
          <tr>
            <th scope="col">Who</th>
            <th scope="col">Open since</th>
            <th scope="col">Subscriptions</th>
            <th scope="col">Lag</th>
            <th scope="col" className="number">
              Frames/s
            </th>
            <th scope="col" className="number">
              Events/s
            </th>
            <th scope="col">From</th>
            <td />
          </tr>
        </thead>
        <tbody>
          {connections.map((connection) => (
            <ConnectionRow
              key={connection.id}
              connection={connection}
              onlyOf={(principal) => change({ principal })}
              onClose={onClose}
            />
          ))}
        </tbody>
      </DataTable>
    </ListBody>
  )
}

type CloseProps = {
  readonly connection: OpenConnection
  readonly reload: () => Promise<void>
  readonly onClose: () => void
}

/** Asks for confirmation before a connection is closed. */
function CloseDialog({ connection, reload, onClose }: CloseProps) {
  const api = useApi()
  const [failure, setFailure] = useState<string | null>(null)
  const [isBusy, setBusy] = useState(false)
  const { id, principal } = connection
  async function close() {
    setBusy(true)
    try {
      await api.remove(`/connections/${encodeURIComponent(id)}`)
      showToast({ tone: 'good', title: `A connection of ${principal.name} was closed` })
      onClose()
    } catch (error) {
      setFailure(describeFailure(error))
    }
    setBusy(false)
    await reload()
  }
  return (
    <Dialog
      open
      title={`Close a connection of ${principal.name}?`}
      lead="Its client connects again by itself and misses nothing. To keep somebody out, revoke the key or end the sessions."
      onClose={onClose}
    >
      <p className="connections-id">{`Connection ${id}`}</p>
      {failure !== null && <p role="alert">{failure}</p>}
      <div className="pipeline-buttons">
        <Button onClick={onClose}>Keep it</Button>
        <Button look="danger" disabled={isBusy} onClick={() => void close()}>
          Close the connection
        </Button>
      </div>
    </Dialog>
  )
}
