import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import { closed, type Json } from './open-document.ts'

/** The AsyncAPI document of a server, and checks against it. */
export type AsyncDocument = {
  /** Returns the names of the messages of an operation. */
  messagesOf(operation: string): string[]
  /** Returns how a value contradicts every message of an operation; null if it is one of them. */
  contradiction(operation: string, value: unknown): string | null
}

type Ref = { readonly $ref: string }
type Operation = { readonly messages: readonly Ref[] }

/** Reads `GET /asyncapi.json`. Its schemas are of draft 07, as AsyncAPI's own are. */
export async function asyncDocument(httpUrl: string): Promise<AsyncDocument> {
  const document = (await (await fetch(`${httpUrl}/asyncapi.json`)).json()) as Json
  const ajv = new Ajv({ strict: false, allErrors: true })
  addFormats.default(ajv)
  ajv.addSchema(closed(document) as Json, 'asyncapi')
  const operations = document.operations as Readonly<Record<string, Operation>>

  /** `#/channels/socket/messages/pong` → `pong`, which is the name of its component too. */
  function messagesOf(operation: string): string[] {
    const found = operations[operation]
    if (found === undefined) throw new Error(`the document has no operation ${operation}`)
    return found.messages.map(({ $ref }) => $ref.split('/').at(-1) ?? '')
  }

  function faultsOf(message: string, value: unknown): string | null {
    const validate = ajv.getSchema(`asyncapi#/components/messages/${message}/payload`)
    if (validate === undefined) throw new Error(`the document has no message ${message}`)
    return validate(value) ? null : `${message}: ${ajv.errorsText(validate.errors)}`
  }
  return {
    messagesOf,
    contradiction(operation, value) {
      const faults = messagesOf(operation).map((message) => faultsOf(message, value))
      return faults.includes(null) ? null : faults.join('\n')
    },
  }
}
