// Everything that a helper can do, each with its key: the buttons, the keyboard and the list of keys read this one table.

import { make } from "../static/build.js"
import { say } from "./texts.js"

/**
 * By name: the key (as KeyboardEvent.code tells it, so that no keyboard layout or input method is in the way), its cap,
 * and the group in the list of keys. The name is also the key of the words in texts.js.
 */
export const ACTS = {
  accept: { code: "KeyA", cap: "A", group: "groupQueue" },
  presence: { code: "KeyP", cap: "P", group: "groupQueue" },
  nextTicket: { code: "KeyJ", cap: "J", group: "groupQueue" },
  previousTicket: { code: "KeyK", cap: "K", group: "groupQueue" },
  nextUnread: { code: "KeyU", cap: "U", group: "groupQueue" },
  writeReply: { code: "KeyR", cap: "R", group: "groupTalk" },
  writeNote: { code: "KeyN", cap: "N", group: "groupTalk" },
  canned: { code: "Slash", cap: "/", group: "groupTalk" },
  transfer: { code: "KeyT", cap: "T", group: "groupTalk" },
  giveBack: { code: "KeyB", cap: "B", group: "groupTalk" },
  resolve: { code: "KeyE", cap: "E", group: "groupTalk" },
  callBack: { code: "KeyC", cap: "C", group: "groupTalk" },
  findAnswer: { code: "KeyF", cap: "F", group: "groupAnswers" },
  nextHeld: { code: "KeyQ", cap: "Q", group: "groupApprovals" },
  approve: { code: "KeyY", cap: "Y", group: "groupApprovals" },
  editAnswer: { code: "KeyW", cap: "W", group: "groupApprovals" },
  rejectAnswer: { code: "KeyX", cap: "X", group: "groupApprovals" },
  pastTickets: { code: "KeyS", cap: "S", group: "groupDesk" },
  keepCanned: { code: "KeyD", cap: "D", group: "groupDesk" },
  house: { code: "KeyG", cap: "G", group: "groupDesk" },
  supervision: { code: "KeyO", cap: "O", group: "groupDesk" },
  hotline: { code: "KeyH", cap: "H", group: "groupDesk" },
  settings: { code: "KeyM", cap: "M", group: "groupDesk" },
  otherLanguage: { code: "KeyL", cap: "L", group: "groupDesk" },
  keys: { code: "Slash", shift: true, cap: "?", group: "groupDesk" },
}

/** What is in the list of keys besides: [cap, key of its words, group]. */
export const OTHER_KEYS = [
  ["1–9", "insertSuggestion", "groupAnswers"],
  ["Enter", "sendKey", "groupTalk"],
  ["Shift Enter", "newLineKey", "groupTalk"],
  ["Esc", "closeKey", "groupDesk"],
]

/** A button that does an act; what listens for clicks finds the act in data-act. */
export function actButton(language, name, { look = "", label = name, key = true, ...attributes } = {}) {
  const { cap } = ACTS[name]
  const cased = make("kbd", { "aria-hidden": "true" }, cap)
  return make(
    "button",
    { type: "button", class: `button ${look}`.trim(), "data-act": name, "aria-keyshortcuts": shortcut(cap), ...attributes },
    make("span", { class: "label" }, say(language, label)), key ? cased : "",
  )
}

/** The act that a key asks for, or {suggestion: 1..9}; null where it asks for none. See keys.js for when a key counts. */
export function actOfKey({ code, shiftKey }) {
  const digit = code.match(/^(?:Digit|Numpad)([1-9])$/)
  if (digit && !shiftKey) return { name: "insertSuggestion", number: Number(digit[1]) }
  const found = Object.entries(ACTS).find(([, act]) => act.code === code && Boolean(act.shift) === shiftKey)
  return found ? { name: found[0] } : null
}

function shortcut(cap) {
  return `${cap} Alt+${cap}`
}
