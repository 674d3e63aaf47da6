import { useEffect, useState } from 'react'
import { Loading, StateMessage } from '#web/ui/layout/state-message.tsx'
import { useTidewire } from '../live/tidewire-provider.tsx'
import { OperationCard } from './operation-card.tsx'
import { type ApiDocument, readDocument } from './read-document.ts'
import './docs-page.css'

type Loaded = { readonly document?: ApiDocument; readonly error?: string }

/** The API, readable: what `/openapi.json` of this very server says. */
export function DocsPage() {
  const { httpUrl } = useTidewire().config
  const [{ document, error }, setLoading] = useState<Loaded>({})
  useEffect(() => {
    const aborter = new AbortController()
    loadDocument(httpUrl, aborter.signal)
      .then((loaded) => setLoading({ document: loaded }))
      .catch((cause: unknown) => {
        if (!aborter.signal.aborted)
          setLoading({ error: String(cause instanceof Error ? cause.message : cause) })
      })
    return () => aborter.abort()
  }, [httpUrl])
  if (document === undefined)
    return (
      <>
        <h1 className="visually-hidden">API</h1>
        {error === undefined ? (
          <Loading what="the description of the API" lines={8} />
        ) : (
          <StateMessage kind="error" title="The API's description could not be read" detail={error} />
        )}
      </>
    )
  return (
    <div className="docs">
      <h1>{document.title} API</h1>
      <p className="docs-lead">
        {document.description} Version {document.version}, at <code>{httpUrl}</code>. For programs:{' '}
        <a href={`${httpUrl}/openapi.json`}>openapi.json</a>,{' '}
        <a href={`${httpUrl}/asyncapi.json`}>asyncapi.json</a>.
      </p>
      {document.sections.map(({ name, description, operations }) => (
        <section key={name} aria-labelledby={`section-${name}`}>
          <h2 id={`section-${name}`}>{name}</h2>
          <p className="docs-lead">{description}</p>
          {operations.map((operation) => (
            <OperationCard key={operation.id} operation={operation} />
          ))}
        </section>
      ))}
    </div>
  )
}

async function loadDocument(httpUrl: string, signal: AbortSignal): Promise<ApiDocument> {
  const response = await fetch(`${httpUrl}/openapi.json`, { signal })
  if (!response.ok) throw new Error(`${httpUrl}/openapi.json answered ${response.status}.`)
  return readDocument(await response.json())
}
