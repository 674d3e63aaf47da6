import { Dialog as Radix } from 'radix-ui'
import { type ReactNode, useMemo } from 'react'
import { IconButton } from '#web/ui/form/button.tsx'
import './dialog.css'

type Props = {
  readonly title: string
  /** One sentence below the title: the description of the dialog. */
  readonly lead?: string
  readonly open: boolean
  readonly onClose: () => void
  /** `drawer` opens at the side and fills the screen of a phone. */
  readonly shape?: 'window' | 'drawer' | 'palette'
  readonly children: ReactNode
}

/**
 * A modal dialog: the focus stays inside, Escape closes it, and the focus returns to where it was. The overlay is our
 * own because Radix's locks scrolling with an inline style sheet, which the Content-Security-Policy forbids.
 */
export function Dialog({ title, lead, open, onClose, shape = 'window', children }: Props) {
  const opener = useMemo(() => (open ? findOpener() : null), [open])
  return (
    <Radix.Root open={open} onOpenChange={(isOpen) => isOpen || onClose()}>
      <Radix.Portal>
        <div className="dialog-veil" aria-hidden="true" />
        <Radix.Content
          className={`dialog dialog-${shape}`}
          aria-modal="true"
          onEscapeKeyDown={(event) =>
            shape !== 'palette' && isListOpen(event.target) && event.preventDefault()
          }
          onCloseAutoFocus={(event) => {
            // Radix returns the focus to its trigger, and there is none.
            event.preventDefault()
            restoreFocus(opener)
          }}
          {...(lead === undefined && { 'aria-describedby': undefined })}
        >
          <header className={shape === 'palette' ? 'visually-hidden' : 'dialog-head'}>
            <div>
              <Radix.Title className="dialog-title">{title}</Radix.Title>
              {lead !== undefined && <Radix.Description className="dialog-lead">{lead}</Radix.Description>}
            </div>
            {shape !== 'palette' && <IconButton icon="close" label="Close" onClick={onClose} />}
          </header>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

/** Whether a key goes to a list that is open below its text field: Escape closes the list, not the dialog. */
function isListOpen(target: EventTarget | null): boolean {
  return target instanceof Element && target.matches('[role="combobox"][aria-expanded="true"]')
}

/** Returns the focused element. For an item of a menu, which is removed, it is the button that opened the menu. */
function findOpener(): Element | null {
  const active = document.activeElement
  const trigger = active?.closest('[role="menu"]')?.getAttribute('aria-labelledby')
  return trigger ? document.getElementById(trigger) : active
}

/** Focuses the opener, or the main content if the opener was removed. */
function restoreFocus(opener: Element | null): void {
  const isThere = opener instanceof HTMLElement && opener.isConnected && opener !== document.body
  const target = isThere ? opener : document.getElementById('main')
  target?.focus()
}
