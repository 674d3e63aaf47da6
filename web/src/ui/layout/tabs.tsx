import { Tabs as Radix } from 'radix-ui'
import { type ReactNode, useEffect, useRef } from 'react'
import './tabs.css'

export type Tab = { readonly value: string; readonly label: string; readonly badge?: ReactNode }
type Props = {
  readonly label: string
  readonly tabs: readonly Tab[]
  readonly value: string
  readonly onChange: (value: string) => void
  /** The panel of the chosen tab. */
  readonly children: ReactNode
}

/** Tabs with one panel. Arrow keys move between them. The caller keeps the value, usually in the address. */
export function Tabs({ label, tabs, value, onChange, children }: Props) {
  const list = useRef<HTMLDivElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: a changed value changes the active tab
  useEffect(() => {
    // On a phone not all tabs fit. scrollIntoView would scroll the page too, so the list alone is scrolled.
    const chosen = list.current?.querySelector<HTMLElement>('[data-state="active"]')
    if (list.current && chosen)
      list.current.scrollLeft = chosen.offsetLeft - (list.current.clientWidth - chosen.clientWidth) / 2
  }, [value])
  return (
    <Radix.Root className="tabs" value={value} onValueChange={onChange}>
      <Radix.List ref={list} className="tab-list" aria-label={label}>
        {tabs.map((tab) => (
          <Radix.Trigger key={tab.value} className="tab" value={tab.value}>
            {tab.label}
            {tab.badge}
          </Radix.Trigger>
        ))}
      </Radix.List>
      <Radix.Content className="tab-panel" value={value} tabIndex={-1}>
        {children}
      </Radix.Content>
    </Radix.Root>
  )
}
