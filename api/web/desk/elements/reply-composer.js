// Where the helper writes: a reply to the visitor, or a note that only staff see. The two look different on purpose.

import { make, tell, write } from "../../static/build.js"
import { tagOf } from "../../static/texts.js"
import { actButton } from "../acts.js"
import { DeskElement } from "../desk-element.js"

const LIMIT = 1000 // as the server takes it
const TYPING_MS = 4000 // at most so often is the visitor told that someone is typing

/**
 * `update(talk, station)`. Tells "reply-written" {text, kind, entryId}, "draft-changed" {kind, text, entryId},
 * "helper-typing" and "canned-wanted". A draft belongs to its ticket: another ticket shows another draft.
 */
export class ReplyComposer extends DeskElement {
  kind = "reply"
  #talk = null
  #entryId = null // what was inserted, as long as it was not changed
  #toldTyping = -Infinity
  #enterSends = true

  connectedCallback() {
    if (!this.childElementCount) this.#build()
    for (const type of ["submit", "input", "keydown", "click"]) this.addEventListener(type, this)
  }

  disconnectedCallback() {
    for (const type of ["submit", "input", "keydown", "click"]) this.removeEventListener(type, this)
  }

  update(talk, station) {
    this.#enterSends = station.preferences.get("enterSends")
    if (this.#talk?.id !== talk.id) {
      this.#talk = talk
      this.write("reply")
    }
    this.#talk = talk
    this.hint.lang = tagOf(this.language)
    write(this.hint, this.say(this.kind === "note" ? "noteHint" : "replyHint", { language: this.say(`visitor_${talk.ticket.language}`) }))
  }

  /** Turns to "reply" or "note" and brings up what was begun there. */
  write(kind, { takeFocus = false } = {}) {
    this.kind = kind
    const { text = "", entryId = null } = this.#talk?.draftOf(kind) ?? {}
    this.field.value = text
    this.#entryId = entryId
    this.dataset.kind = kind
    this.field.setAttribute("aria-label", this.say(kind === "note" ? "noteLabel" : "replyLabel"))
    this.field.placeholder = this.say(kind === "note" ? "notePlaceholder" : "replyPlaceholder")
    this.field.lang = tagOf(kind === "note" ? this.language : this.#talk?.ticket.language ?? "zh")
    for (const tab of this.tabs.children) tab.setAttribute("aria-pressed", String(tab.dataset.kind === kind))
    write(this.sendWords, this.say(kind === "note" ? "saveNote" : "send"))
    this.#count()
    if (takeFocus) this.field.focus()
  }

  /** Puts `text` where the cursor stands; into an empty field with its entry, so that unchanged words are sent as it. */
  insert(text, entryId = null) {
    if (this.kind === "note") this.write("reply")
    const empty = !this.field.value.trim()
    if (empty) this.field.value = ""
    this.field.focus()
    this.field.setRangeText(text, this.field.selectionStart, this.field.selectionEnd, "end")
    this.#entryId = empty ? entryId : null
    this.#changed()
  }

  handleEvent(event) {
    if (event.type === "submit") return event.preventDefault(), this.#send()
    if (event.type === "input") return (this.#entryId = null), this.#changed(), this.#tellTyping()
    if (event.type === "keydown") return event.target === this.field && this.#keydown(event)
    const kind = event.target.closest("[data-kind]")?.dataset.kind
    if (kind && event.target.closest("button")) this.write(kind, { takeFocus: true })
  }

  #keydown(event) {
    if (event.isComposing || event.keyCode === 229) return
    const sends = event.key === "Enter" && !event.shiftKey && !event.altKey && (this.#enterSends || event.ctrlKey || event.metaKey)
    if (sends) event.preventDefault(), this.#send()
    if (event.key === "/" && !this.field.value && this.kind === "reply") event.preventDefault(), tell(this, "canned-wanted")
    if (event.key === "Escape") this.field.blur() // so that single keys work again
  }

  #send() {
    const text = this.field.value.trim()
    if (!text || [...text].length > LIMIT) return this.field.focus()
    const entryId = this.#entryId
    this.field.value = ""
    this.#changed()
    tell(this, "reply-written", { text, kind: this.kind, entryId })
  }

  #changed() {
    if (!this.field.value) this.#entryId = null
    this.#count()
    tell(this, "draft-changed", { kind: this.kind, text: this.field.value, entryId: this.#entryId })
  }

  #tellTyping() {
    if (this.kind !== "reply" || !this.field.value || performance.now() - this.#toldTyping < TYPING_MS) return
    this.#toldTyping = performance.now()
    tell(this, "helper-typing")
  }

  #count() {
    const left = LIMIT - [...this.field.value].length
    this.counter.classList.toggle("error", left < 0)
    write(this.counter, left < 100 ? this.say(left < 0 ? "tooLong" : "left", { count: Math.abs(left) }) : "")
    this.button.disabled = left < 0
  }

  #build() {
    const tab = (kind, act) => {
      const button = actButton(this.language, act, { look: "bare", "aria-pressed": "false", "data-kind": kind })
      button.removeAttribute("data-act") // the tab does it itself
      return button
    }
    this.tabs = make("div", { class: "kinds", role: "group", "aria-label": this.say("whatToWrite") }, tab("reply", "writeReply"), tab("note", "writeNote"))
    this.hint = make("span", { class: "hint quiet", id: "composer-hint" })
    this.field = make("textarea", { class: "field", rows: 4, "aria-describedby": "composer-hint composer-count", enterkeyhint: "send" })
    this.counter = make("span", { class: "quiet number", id: "composer-count", role: "status" })
    this.sendWords = make("span", { class: "label" })
    this.button = make("button", { type: "submit", class: "button main" }, this.sendWords, make("kbd", { "aria-hidden": "true" }, "↵"))
    const row = make("div", { class: "composer-acts" }, actButton(this.language, "canned"), this.counter, this.button)
    this.append(make("form", { class: "composer", novalidate: true }, make("div", { class: "composer-head" }, this.tabs, this.hint), this.field, row))
  }
}
