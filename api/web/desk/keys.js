// When a key is an act: on its own outside of fields, with Alt everywhere.

import { actOfKey } from "./acts.js"

const FIELDS = "input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]"

/**
 * Listens on `root` and calls `perform(name, detail)`; it returns false where the act is not possible now, and the key
 * is left to the browser. `single()` tells whether keys without Alt count: helpers can switch them off (WCAG 2.1.4).
 * Returns what ends the listening.
 */
export function followKeys(root, { single, perform }) {
  const listen = (event) => {
    if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey || event.repeat) return
    if (root.querySelector("dialog[open]")) return // a dialog has keys of its own
    const inField = event.target.closest?.(FIELDS) && !event.target.closest("dialog") // one that closes keeps the focus for a moment
    if (!event.altKey && (inField || !single())) return
    const act = actOfKey(event)
    if (act && perform(act.name, act) !== false) event.preventDefault()
  }
  document.addEventListener("keydown", listen)
  return () => document.removeEventListener("keydown", listen)
}
