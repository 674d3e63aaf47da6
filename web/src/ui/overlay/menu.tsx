import { DropdownMenu } from 'radix-ui'
import type { ReactElement, ReactNode } from 'react'
import { Icon, type IconName } from '#web/ui/data/icon.tsx'
import './menu.css'

type MenuProps = {
  readonly trigger: ReactElement
  /** Opens it at once: for a menu that is loaded by the click on its button. */
  readonly defaultOpen?: boolean
  readonly children: ReactNode
}

/** A menu that opens from a button. It is not modal: the page behind it stays usable. */
export function Menu({ trigger, defaultOpen = false, children }: MenuProps) {
  return (
    <DropdownMenu.Root modal={false} defaultOpen={defaultOpen}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      {/* No portal: a menu belongs in the landmark of its button. */}
      <DropdownMenu.Content className="menu" align="end" sideOffset={6} collisionPadding={8}>
        {children}
      </DropdownMenu.Content>
    </DropdownMenu.Root>
  )
}

type ItemProps = {
  readonly icon?: IconName
  readonly keys?: string
  readonly disabled?: boolean
  readonly onSelect: () => void
  readonly children: ReactNode
}

export function MenuItem({ icon, keys, disabled, onSelect, children }: ItemProps) {
  return (
    <DropdownMenu.Item className="menu-item" disabled={disabled === true} onSelect={onSelect}>
      <span className="menu-mark">{icon && <Icon name={icon} size={16} />}</span>
      {children}
      {keys && <kbd>{keys}</kbd>}
    </DropdownMenu.Item>
  )
}

type ChoiceProps = {
  readonly label: string
  readonly value: string
  readonly options: readonly (readonly [value: string, label: string])[]
  readonly onChange: (value: string) => void
}

/** A group of radio items in a menu. */
export function MenuChoice({ label, value, options, onChange }: ChoiceProps) {
  return (
    <DropdownMenu.RadioGroup value={value} onValueChange={onChange}>
      <DropdownMenu.Label className="menu-label">{label}</DropdownMenu.Label>
      {options.map(([option, words]) => (
        <DropdownMenu.RadioItem
          key={option}
          className="menu-item"
          value={option}
          onSelect={(event) => event.preventDefault()}
        >
          <MenuMark />
          {words}
        </DropdownMenu.RadioItem>
      ))}
    </DropdownMenu.RadioGroup>
  )
}

/** The check mark of a chosen item. */
function MenuMark() {
  return (
    <span className="menu-mark">
      <DropdownMenu.ItemIndicator>
        <Icon name="check" size={16} />
      </DropdownMenu.ItemIndicator>
    </span>
  )
}

type CheckProps = {
  readonly checked: boolean
  readonly onChange: (checked: boolean) => void
  readonly children: ReactNode
}

export function MenuCheck({ checked, onChange, children }: CheckProps) {
  return (
    <DropdownMenu.CheckboxItem
      className="menu-item"
      checked={checked}
      onCheckedChange={onChange}
      onSelect={(event) => event.preventDefault()}
    >
      <MenuMark />
      {children}
    </DropdownMenu.CheckboxItem>
  )
}

export function MenuLine() {
  return <DropdownMenu.Separator className="menu-line" />
}
