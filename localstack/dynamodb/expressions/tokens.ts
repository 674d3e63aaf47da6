import { invalid } from '../dynamo-error.ts'

/** The parameter that an expression came in, for messages. */
export type ExpressionKind =
  | 'ConditionExpression'
  | 'FilterExpression'
  | 'KeyConditionExpression'
  | 'ProjectionExpression'
  | 'UpdateExpression'

const TOKEN = /\s*(?:(<=|>=|<>|[()[\]=<>,.+-])|(\d+(?!\w))|([#:]?[A-Za-z0-9_]+)|(\S))/y
const WORD = /^[#:]?[A-Za-z0-9_]/

/** Reads the tokens of an expression one after the other. */
export function tokenReader(kind: ExpressionKind, text: string) {
  const tokens = tokensOf(text)
  let next = 0
  const peek = () => tokens[next]
  const syntaxError = () => {
    const near = tokens.slice(Math.max(0, next - 1), next + 2).join(' ')
    return invalid(`Invalid ${kind}: Syntax error; token: "${tokens[next] ?? '<EOF>'}", near: "${near}"`)
  }
  if (tokens.length === 0) throw invalid(`Invalid ${kind}: The expression can not be empty;`)
  return {
    kind,
    placeholders: new Set(tokens.filter((token) => /^[#:]/.test(token))),
    peek,
    syntaxError,
    /** Whether the expression has been read to its end. */
    isAtEnd: () => next === tokens.length,
    /** Returns the next token if it is a name, a keyword or a placeholder. */
    takeWord(): string {
      const token = tokens[next]
      if (token === undefined || !WORD.test(token)) throw syntaxError()
      next++
      return token
    },
    /** Takes the next token if it is this symbol. */
    takeSymbol(symbol: string): boolean {
      if (tokens[next] !== symbol) return false
      next++
      return true
    },
    /** Takes the next token if it is this keyword, in any case. */
    takeKeyword(keyword: string): boolean {
      if (tokens[next]?.toUpperCase() !== keyword) return false
      next++
      return true
    },
    /** Takes a name if an opening parenthesis follows it: a function or `size`. */
    takeFunction(): string | null {
      const token = tokens[next]
      if (token === undefined || tokens[next + 1] !== '(' || !/^[A-Za-z]/.test(token)) return null
      next += 2
      return token
    },
    expectSymbol(symbol: string): void {
      if (tokens[next] !== symbol) throw syntaxError()
      next++
    },
  }
}
export type TokenReader = ReturnType<typeof tokenReader>

function tokensOf(text: string): string[] {
  const tokens: string[] = []
  const end = text.trimEnd().length
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < end) {
    const [, symbol, integer, word, other] = TOKEN.exec(text) ?? []
    tokens.push(symbol ?? integer ?? word ?? other ?? '')
  }
  return tokens
}

/** A parsed expression, and the placeholders (`#name`, `:value`) that are in it. */
export type Expression<Tree> = {
  readonly kind: ExpressionKind
  readonly tree: Tree
  readonly placeholders: ReadonlySet<string>
}

const MAX_CACHED = 1000
const MAX_BYTES = 4096

/**
 * Makes a parser of expressions out of a parser of their tokens. It remembers what it has parsed, by the text: a
 * program has few expressions.
 */
export function expressionParser<Tree>(parse: (tokens: TokenReader) => Tree) {
  const known = new Map<string, Expression<Tree>>()
  return (kind: ExpressionKind, text: string): Expression<Tree> => {
    const found = known.get(text)
    if (found?.kind === kind) return found
    if (Buffer.byteLength(text) > MAX_BYTES)
      throw invalid(`Invalid ${kind}: Expression size has exceeded the maximum allowed size;`)
    const tokens = tokenReader(kind, text)
    const tree = parse(tokens)
    if (!tokens.isAtEnd()) throw tokens.syntaxError()
    const expression = { kind, tree, placeholders: tokens.placeholders }
    if (known.size >= MAX_CACHED) known.clear()
    known.set(text, expression)
    return expression
  }
}
