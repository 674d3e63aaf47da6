// The subset of DynamoDB's expressions that the adapters use
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html):
//   condition = and *("OR" and)        and = not *("AND" not)        not = ["NOT"] test
//   test      = "(" condition ")" / function "(" path ")" / operand comparator operand / operand "BETWEEN" operand "AND" operand
//   update    = 1*("SET" path "=" value *("," …) / "ADD" path value)  value = operand / "if_not_exists(" path "," operand ")"
type Item = Readonly<Record<string, unknown>>
export type Bindings = {
  readonly names?: Readonly<Record<string, string>> | undefined
  readonly values?: Item | undefined
}

const TOKEN = /\s*(<=|>=|<>|[()=<>,]|[#:]?\w+)/y

function tokensOf(text: string): string[] {
  const tokens: string[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const at = TOKEN.lastIndex
    const token = TOKEN.exec(text)?.[1]
    if (token === undefined) throw new Error(`"${text.slice(at)}" is beyond this emulator`)
    tokens.push(token)
  }
  return tokens
}

const COMPARATORS: Readonly<Record<string, (left: number | string, right: number | string) => boolean>> = {
  '=': (left, right) => left === right,
  '<>': (left, right) => left !== right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
}

function compare(left: unknown, comparator: string, right: unknown): boolean {
  const isScalar = typeof left === 'number' || typeof left === 'string'
  if (!isScalar || typeof left !== typeof right) return false
  return COMPARATORS[comparator]?.(left, right as typeof left) ?? false
}

function reader(text: string) {
  const tokens = tokensOf(text)
  let next = 0
  const take = () => tokens[next++] ?? ''
  const takeIf = (token: string) => tokens[next] === token && take() !== ''
  return { take, takeIf, hasMore: () => next < tokens.length }
}

function nameOf(token: string, { names = {} }: Bindings): string {
  return names[token] ?? token
}

function operandOf(token: string, item: Item, bindings: Bindings): unknown {
  return token.startsWith(':') ? bindings.values?.[token] : item[nameOf(token, bindings)]
}

type Test = (item: Item, bindings: Bindings) => boolean

/** Cached, because the adapters have few expressions, and a query evaluates one of them for every item of its table. */
const parsed = new Map<string, Test>()

/** Whether an item satisfies a condition, key condition or filter. */
export function meets(text: string | undefined, item: Item, bindings: Bindings): boolean {
  if (text === undefined) return true
  const test = parsed.get(text) ?? parseCondition(text)
  parsed.set(text, test)
  return test(item, bindings)
}

function parseCondition(text: string): Test {
  const { take, takeIf } = reader(text)
  const test = (): Test => {
    if (takeIf('NOT')) {
      const negated = test()
      return (item, bindings) => !negated(item, bindings)
    }
    if (takeIf('(')) {
      const inner = or()
      take()
      return inner
    }
    const left = take()
    if (takeIf('(')) {
      const path = take()
      take()
      const isWanted = left !== 'attribute_not_exists'
      return (item, bindings) => (item[nameOf(path, bindings)] !== undefined) === isWanted
    }
    if (takeIf('BETWEEN')) return between(left)
    const [comparator, right] = [take(), take()]
    return (item, bindings) =>
      compare(operandOf(left, item, bindings), comparator, operandOf(right, item, bindings))
  }
  const between = (left: string): Test => {
    const low = take()
    take()
    const high = take()
    return (item, bindings) =>
      compare(operandOf(left, item, bindings), '>=', operandOf(low, item, bindings)) &&
      compare(operandOf(left, item, bindings), '<=', operandOf(high, item, bindings))
  }
  const and = (): Test => {
    const all = [test()]
    while (takeIf('AND')) all.push(test())
    return (item, bindings) => all.every((one) => one(item, bindings))
  }
  function or(): Test {
    const any = [and()]
    while (takeIf('OR')) any.push(and())
    return (item, bindings) => any.some((one) => one(item, bindings))
  }
  return or()
}

/** Returns the item after an update. Every operand is read from the item as it was before. */
export function update(text: string, item: Item, bindings: Bindings): Item {
  const { take, takeIf, hasMore } = reader(text)
  const operand = (token: string) => operandOf(token, item, bindings)
  const changed: Record<string, unknown> = { ...item }
  let action = ''
  while (hasMore()) {
    if (takeIf('ADD')) action = 'ADD'
    if (takeIf('SET')) action = 'SET'
    const name = nameOf(take(), bindings)
    if (action === 'ADD') changed[name] = Number(item[name] ?? 0) + Number(operand(take()))
    else {
      take()
      const value = take()
      if (takeIf('(')) {
        const current = operand(take())
        take()
        const fallback = operand(take())
        take()
        changed[name] = current ?? fallback
      } else changed[name] = operand(value)
    }
    takeIf(',')
  }
  return changed
}
