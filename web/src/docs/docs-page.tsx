import { useEffect, useState } from 'react'
import { useTidewire } from '#web/live/tidewire-provider.tsx'
import { Loading, StateMessage } from '#web/ui/layout/state-message.tsx'
import {
  type ApiDocument,
  type ApiResponse,
  type Example,
  type Operation,
  readDocument,
} from './read-document.ts'
import './docs-page.css'

type Loaded = { readonly document?: ApiDocument; readonly error?: string }

/** The API documentation, rendered from the server's `/openapi.json`. */
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
          <StateMessage kind="error" title="The description of the API could not be loaded" detail={error} />
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
      <p className="docs-lead">
        This page contains software of others: <a href="/third-party-notices.txt">notices</a>. Its charts are
        TradingView’s Lightweight Charts™ (<a href="https://www.tradingview.com/">tradingview.com</a>).
      </p>
    </div>
  )
}

async function loadDocument(httpUrl: string, signal: AbortSignal): Promise<ApiDocument> {
  const response = await fetch(`${httpUrl}/openapi.json`, { signal })
  if (!response.ok) throw new Error(`${httpUrl}/openapi.json returned ${response.status}.`)
  return readDocument(await response.json())
}

/** One operation with its parameters, examples and responses, closed at first. */
function OperationCard({ operation }: { operation: Operation }) {
  const { method, path, summary, description, isOpen, parameters, examples, responses } = operation
  return (
    <details className="panel operation" id={operation.id}>
      <summary>
        <span className="operation-method">{method}</span>
        <code>{path}</code>
        <span className="operation-summary">{summary}</span>
      </summary>
      {description.split('\n\n').map((paragraph) => (
        <p key={paragraph}>{paragraph}</p>
      ))}
      <p>
        {isOpen
          ? 'Needs no credentials.'
          : 'Needs credentials: the header x-api-key or authorization, or the signature of the sender.'}
      </p>
      {parameters.length > 0 && (
        <>
          <h3>Parameters</h3>
          <dl className="operation-list">
            {parameters.map(({ name, place, description: meaning, required }) => (
              <div key={`${place}-${name}`}>
                <dt>
                  <code>{name}</code> <small>{required ? `${place}, required` : place}</small>
                </dt>
                <dd>{meaning}</dd>
              </div>
            ))}
          </dl>
        </>
      )}
      {examples.length > 0 && <h3>Request</h3>}
      <Examples examples={examples} />
      <h3>Responses</h3>
      <dl className="operation-list">
        {responses.map((response) => (
          <ResponseRow key={response.status} response={response} />
        ))}
      </dl>
    </details>
  )
}

function ResponseRow({ response: { status, description, examples } }: { response: ApiResponse }) {
  return (
    <div>
      <dt>
        <code>{status}</code>
      </dt>
      <dd>
        {description}
        <Examples examples={examples} />
      </dd>
    </div>
  )
}

function Examples({ examples }: { examples: readonly Example[] }) {
  return examples.map(({ title, text }) => (
    <figure key={`${title}-${text}`} className="example">
      <figcaption>{title}</figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard */}
      <pre tabIndex={0}>{text}</pre>
    </figure>
  ))
}
