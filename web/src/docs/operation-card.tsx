import type { Answer, Example, Operation } from './read-document.ts'

/** One operation: what it does, what it takes and what it answers. Closed until someone wants to know. */
export function OperationCard({ operation }: { operation: Operation }) {
  const { method, path, summary, description, isOpen, parameters, examples, answers } = operation
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
          : 'Needs credentials, in the header x-api-key or as the sender signs.'}
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
      {examples.length > 0 && <h3>Send</h3>}
      <Examples examples={examples} />
      <h3>Answers</h3>
      <dl className="operation-list">
        {answers.map((answer) => (
          <AnswerRow key={answer.status} answer={answer} />
        ))}
      </dl>
    </details>
  )
}

function AnswerRow({ answer: { status, description, examples } }: { answer: Answer }) {
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
