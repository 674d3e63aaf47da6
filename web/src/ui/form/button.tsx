import type { ButtonHTMLAttributes, Ref } from 'react'
import { Icon, type IconName } from '#web/ui/data/icon.tsx'
import './button.css'

type Looks = {
  /** Default: `plain`. A page has at most one `primary`. */
  readonly look?: 'plain' | 'primary' | 'danger' | 'quiet'
  readonly icon?: IconName
  readonly small?: boolean
  /** Why the button is disabled, in words. It stays focusable, so that the reason can be read. */
  readonly refused?: string | null | undefined
  readonly ref?: Ref<HTMLButtonElement>
}
export type ButtonProps = Looks & ButtonHTMLAttributes<HTMLButtonElement>

/** A button with a text and optionally an icon before it. */
export function Button({ look = 'plain', icon, small, refused, className, children, ...rest }: ButtonProps) {
  const classes = ['button', `button-${look}`, small && 'button-small', className].filter(Boolean).join(' ')
  const held = refused
    ? {
        'aria-disabled': true,
        title: refused,
        onClick: (event: { preventDefault(): void }) => event.preventDefault(),
      }
    : {}
  return (
    <button type="button" className={classes} {...rest} {...held}>
      {icon && <Icon name={icon} size={small ? 16 : 18} />}
      {children}
    </button>
  )
}

type IconButtonProps = Omit<ButtonProps, 'children'> & { readonly icon: IconName; readonly label: string }

/** A button with an icon only. The label is its accessible name and its tooltip. */
export function IconButton({ icon, label, look = 'quiet', className, ...rest }: IconButtonProps) {
  return (
    <Button
      look={look}
      icon={icon}
      aria-label={label}
      title={label}
      className={['button-icon', className].filter(Boolean).join(' ')}
      {...rest}
    />
  )
}
