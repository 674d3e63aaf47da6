import { parseExactJson } from '#shared/core/json/exact-json.ts'

/** The longest text of an entry. A path or the detail of a refusal may repeat what a sender chose. */
const LONGEST_TEXT = 500

/** What looks like a key of ours, a JSON Web Token, or a credential of an `authorization` header. */
const SECRETS = [
  /\btw_[\w-]{8,}/g,
  /\beyJ[\w-]{5,}(?:\.[\w-]*){1,2}/g,
  /\b(?:bearer|basic) +[\w.~+/=-]{8,}/gi,
]

/** Returns a value without what looks like a secret in any of its texts, each of which is cut to 500 characters. */
export function redact<Value>(value: Value): Value {
  const json = JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'string' ? redactText(member) : member,
  )
  return parseExactJson(json) as Value
}

function redactText(text: string): string {
  const clean = SECRETS.reduce((left, secret) => left.replaceAll(secret, '[removed]'), text)
  return clean.length > LONGEST_TEXT ? `${clean.slice(0, LONGEST_TEXT - 1)}…` : clean
}
