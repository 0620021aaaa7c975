// One line under the head that says how things stand: connection, queue, ticket, who answers.

import { make, tell, write } from "../build.js"
import { languageAround, say } from "../texts.js"

const PASSING_MS = 5000

/** `show(key, values, {tone, passing, retry})`; keys as in texts.js, joined where there are several. Tells "retry-wanted". */
export class StatusLine extends HTMLElement {
  #parts = []
  #timer = null

  connectedCallback() {
    this.addEventListener("click", this)
    if (this.childElementCount) return
    this.words = make("span", { role: "status", "aria-live": "polite" })
    this.retry = make("button", { type: "button", class: "text-button", value: "retry", hidden: true })
    this.append(this.words, this.retry)
    this.hidden = true
  }

  disconnectedCallback() {
    this.removeEventListener("click", this)
    clearTimeout(this.#timer)
  }

  handleEvent({ target }) {
    if (target.closest("button")) tell(this, "retry-wanted")
  }

  /** `parts`: [[key, values?]…]; none hides the line. `passing` takes it away after some seconds, then calls `after`. */
  show(parts, { tone = "calm", passing = false, retry = false, after } = {}) {
    clearTimeout(this.#timer)
    this.#parts = parts
    this.dataset.tone = tone
    this.hidden = !parts.length
    this.retry.hidden = !retry
    this.relabel()
    if (passing) this.#timer = setTimeout(() => (after ? after() : this.show([])), PASSING_MS)
  }

  relabel() {
    const language = languageAround(this)
    const gap = language === "en" ? " " : ""
    write(this.words, this.#parts.map(([key, values]) => say(language, key, values)).join(gap))
    write(this.retry, say(language, "retryNow"))
  }
}
