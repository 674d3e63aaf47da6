import { changeSettings, readSettings } from '#web/ui/state/settings.ts'
import { showToast } from './toaster.tsx'

/** Turns notifications on or off. Call it from a click: the browser asks the user for permission. */
export async function askForNotifications(wanted: boolean): Promise<void> {
  if (!wanted) return changeSettings({ notifications: false })
  if (typeof Notification === 'undefined')
    return showToast({ tone: 'bad', title: 'This browser has no notifications' })
  const permission = await Notification.requestPermission()
  changeSettings({ notifications: permission === 'granted' })
  if (permission === 'granted') showToast({ tone: 'good', title: 'Notifications are on' })
  else
    showToast({
      tone: 'bad',
      title: 'The browser does not allow notifications',
      detail: 'Allow them for this site in the browser’s settings, then switch them on again.',
    })
}

/** Shows a browser notification while the page is hidden. It replaces an earlier one with the same `tag`. */
export function notify(title: string, body: string, tag: string): void {
  if (!readSettings().notifications || !document.hidden) return
  if (typeof Notification === 'undefined' || Notification.permission !== 'granted') return
  const notification = new Notification(title, { body, tag, icon: '/icon.svg' })
  notification.onclick = () => {
    focus()
    notification.close()
  }
}
