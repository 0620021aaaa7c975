// One ticket as this page has it: how it stands, what was said and noted, answers that fit, what the helper began to write.

import { Transcript } from "../static/transcript.js"
import { momentBefore } from "./clock.js"

const TYPING_MS = 7000 // a sign of typing fades after 6 s; a little more, so that it does not flicker

/** A ticket of the wire for the page: waits become moments of the steady clock. `username` is whose page it is. */
export function ticketOf(wire, username) {
  return {
    id: wire.id,
    number: wire.number,
    shortNumber: wire.number.split("-").at(-1),
    state: wire.state,
    live: wire.live,
    language: wire.language,
    reason: wire.reason,
    summary: wire.summaries ?? wire.summary,
    itemId: wire.item_id ?? null,
    item: wire.item ?? null,
    facet: wire.facet ?? null,
    openedAt: wire.opened_at,
    helper: wire.helper_name ?? wire.helper ?? null,
    isMine: wire.state === "active" && wire.helper === username,
    offered: wire.state === "queued" && wire.offered_to === username,
    place: wire.place, // the clock may start anew, and the server's be set, the place stays
    waitingSince: momentBefore(wire.waiting_s ?? 0),
    firstReplyS: wire.first_reply_s ?? null,
    visitorOnline: wire.visitor_online ?? true,
    unread: wire.unread ?? 0,
    transferNote: wire.transfer_note ?? null,
    outcome: wire.outcome ?? null,
    callback: wire.callback ?? null,
    callBackIsOpen: Boolean(wire.callback?.due) && (wire.state === "resolved" || (wire.state === "active" && wire.helper === username)), // and its number is shown
  }
}

/** A suggestion of the wire: `text` goes to the visitor, `shown` is the same in both languages for the helper to read. */
export function suggestionOf(wire) {
  return {
    entryId: wire.entry_id,
    title: wire.titles ?? wire.title,
    shown: wire.texts ?? wire.text,
    text: wire.text,
    confidence: wire.confidence ?? null,
    late: Boolean(wire.late),
  }
}

/** `age(at)` is how long ago (s) the server's moment `at` was; `drafts` keeps what was begun, over reloads. */
export class Talk {
  suggestions = []
  variables = {}
  loaded = false
  visitorTyping = false

  #transcript = new Transcript("agent")
  #notes = []
  #typingTimer = null

  constructor(ticket, { age, drafts, changed }) {
    Object.assign(this, { id: ticket.id, ticket, age, drafts, changed })
  }

  get isMine() {
    return this.ticket.isMine
  }

  get unread() {
    return this.isMine ? this.ticket.unread : 0
  }

  /** Messages and notes in the order of their time; what waits to be sent last. */
  get entries() {
    const said = this.#transcript.entries
    const placed = said.filter(({ delivery }) => delivery !== "queued")
    const waiting = said.filter(({ delivery }) => delivery === "queued")
    return [...placed, ...this.#notes].sort((one, other) => Date.parse(one.at) - Date.parse(other.at)).concat(waiting)
  }

  get lastSequence() {
    return Math.max(0, ...this.#transcript.entries.map(({ sequence }) => sequence ?? 0))
  }

  get lastVisitorText() {
    return this.#transcript.entries.findLast(({ sender }) => sender === "visitor")?.text ?? ""
  }

  get lastText() {
    const last = this.#transcript.entries.findLast(({ sender }) => sender === "visitor" || sender === "agent")
    return last?.text.replace(/\*\*|\n+/g, " ").slice(0, 80) ?? ""
  }

  /** Since when the visitor waits for the helper: from the ticket's opening until its first reply, then from each message. */
  get unansweredSince() {
    if (!this.isMine) return null
    if (this.ticket.firstReplyS === null && !this.#hasReplied) return this.#momentOf(this.ticket.openedAt)
    const said = this.#transcript.entries
    const answered = said.findLastIndex(({ sender }) => sender === "agent")
    const first = said.slice(answered + 1).find(({ sender }) => sender === "visitor")
    return first && answered >= 0 ? this.#momentOf(first.at, first.key) : null
  }

  /** Takes over the ticket as GET tells it, with all that belongs to it. */
  load(wire, ticket) {
    this.ticket = ticket
    this.loaded = true
    this.#transcript.receive(wire.transcript)
    this.#notes = (wire.notes ?? []).map(noteEntry)
    this.suggestions = (wire.suggestions ?? []).map(suggestionOf)
    this.variables = wire.variables ?? {}
  }

  receive(message) {
    this.#transcript.receive([message])
    if (message.sender === "visitor") this.setTyping(false)
  }

  note(wire) {
    if (!this.#notes.some(({ id }) => id === wire.id)) this.#notes = [...this.#notes, noteEntry(wire)]
  }

  /** A letter of the outbox (see station.js) and how far it is. */
  mark(letter, delivery, detail) {
    if (delivery === "sent" && letter.kind === "note") this.#transcript.drop(this.#transcript.entryOf(letter))
    else this.#transcript.mark(letter, delivery, detail)
  }

  drop(entry) {
    this.#transcript.drop(entry)
  }

  setTyping(typing) {
    clearTimeout(this.#typingTimer)
    if (typing) this.#typingTimer = setTimeout(() => this.setTyping(false), TYPING_MS)
    if (this.visitorTyping === typing) return
    this.visitorTyping = typing
    this.changed()
  }

  draftOf(kind) {
    return this.drafts.get(`draft:${this.id}:${kind}`, {})
  }

  keepDraft(kind, { text, entryId }) {
    if (text) this.drafts.set(`draft:${this.id}:${kind}`, { text, entryId })
    else this.drafts.remove(`draft:${this.id}:${kind}`)
  }

  forgetDrafts() {
    for (const kind of ["reply", "note"]) this.drafts.remove(`draft:${this.id}:${kind}`)
  }

  get #hasReplied() {
    const accepted = this.#transcript.entries.findLastIndex(({ event }) => event === "joined")
    return this.#transcript.entries.slice(accepted + 1).some(({ sender, delivery }) => sender === "agent" && delivery !== "queued")
  }

  #moments = new Map()

  /** A server's moment on the steady clock, worked out once: a clock that is read again and again would tremble. */
  #momentOf(at, key = at) {
    if (!this.#moments.has(key)) this.#moments.set(key, momentBefore(this.age(at)))
    return this.#moments.get(key)
  }
}

function noteEntry({ id, at, helper, text }) {
  return { key: `note:${id}`, id, at, sender: "note", by: helper, text }
}
