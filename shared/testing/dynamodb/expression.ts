// DynamoDB's expressions, as far as the adapters use them
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html):
//   condition = and *("OR" and)        and = not *("AND" not)        not = ["NOT"] test
//   test      = "(" condition ")" / function "(" path ")" / operand comparator operand / operand "BETWEEN" operand "AND" operand
//   update    = "SET" path "=" value *("," …) / "ADD" path value     value = operand / "if_not_exists(" path "," operand ")"
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

function reader(text: string, item: Item, { names = {}, values = {} }: Bindings) {
  const tokens = tokensOf(text)
  const take = () => tokens.shift() ?? ''
  const takeIf = (token: string) => tokens[0] === token && take() !== ''
  const nameOf = (token: string) => names[token] ?? token
  const operandOf = (token: string) => (token.startsWith(':') ? values[token] : item[nameOf(token)])
  return { take, takeIf, nameOf, operandOf, hasMore: () => tokens.length > 0 }
}

/** Whether an item meets a condition, key condition or filter. */
export function meets(text: string | undefined, item: Item, bindings: Bindings): boolean {
  if (text === undefined) return true
  const { take, takeIf, nameOf, operandOf } = reader(text, item, bindings)
  const test = (): boolean => {
    if (takeIf('NOT')) return !test()
    if (takeIf('(')) {
      const inner = or()
      take()
      return inner
    }
    const left = take()
    if (takeIf('(')) {
      const exists = item[nameOf(take())] !== undefined
      take()
      return left === 'attribute_not_exists' ? !exists : exists
    }
    if (!takeIf('BETWEEN')) return compare(operandOf(left), take(), operandOf(take()))
    const low = operandOf(take())
    take()
    return compare(operandOf(left), '>=', low) && compare(operandOf(left), '<=', operandOf(take()))
  }
  const and = (): boolean => {
    let all = test()
    while (takeIf('AND')) all = test() && all
    return all
  }
  function or(): boolean {
    let any = and()
    while (takeIf('OR')) any = and() || any
    return any
  }
  return or()
}

/** The item after an update. */
export function update(text: string, item: Item, bindings: Bindings): Item {
  const { take, takeIf, nameOf, operandOf, hasMore } = reader(text, item, bindings)
  const changed: Record<string, unknown> = { ...item }
  const action = take()
  while (hasMore()) {
    const name = nameOf(take())
    if (action === 'ADD') changed[name] = Number(item[name] ?? 0) + Number(operandOf(take()))
    else {
      take()
      const operand = take()
      if (takeIf('(')) {
        const current = operandOf(take())
        take()
        const fallback = operandOf(take())
        take()
        changed[name] = current ?? fallback
      } else changed[name] = operandOf(operand)
    }
    takeIf(',')
  }
  return changed
}
