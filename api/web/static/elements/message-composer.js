// Where the visitor writes: Enter sends (never while a Chinese input method composes), Shift+Enter breaks the line.

import { make, tell, write } from "../build.js"
import { icon } from "../icons.js"
import { languageAround, say } from "../texts.js"

const LIMIT = 1000
const COUNT_FROM = 900

/** Tells "message-written" {text} and "draft-changed" {text}. */
export class MessageComposer extends HTMLElement {
  connectedCallback() {
    if (!this.childElementCount) this.#build()
    for (const type of ["submit", "input", "keydown"]) this.addEventListener(type, this)
    this.relabel()
  }

  disconnectedCallback() {
    for (const type of ["submit", "input", "keydown"]) this.removeEventListener(type, this)
  }

  get text() {
    return this.field.value
  }

  set text(text) {
    this.field.value = text
    this.#changed()
  }

  focus() {
    this.field.focus({ preventScroll: true })
  }

  /** Says what is wrong with the text, until it is changed. */
  complain(words) {
    write(this.error, words)
    this.error.hidden = !words
    this.field.setAttribute("aria-invalid", String(Boolean(words)))
  }

  relabel() {
    const language = languageAround(this)
    this.field.setAttribute("aria-label", say(language, "inputLabel"))
    this.field.placeholder = say(language, "placeholder")
    this.button.setAttribute("aria-label", say(language, "send"))
    this.button.title = say(language, "send")
    write(this.notice, say(language, "notice"))
    this.#count()
  }

  handleEvent(event) {
    if (event.type === "input") return this.#changed()
    if (event.type === "submit") return event.preventDefault(), this.#send()
    if (event.target !== this.field) return
    const composing = event.isComposing || event.keyCode === 229 // 229: Safari ends composition before this Enter
    if (event.key === "Enter" && !event.shiftKey && !composing) {
      event.preventDefault()
      this.#send()
    }
  }

  #send() {
    const text = this.text.trim()
    if (!text) return this.focus()
    if (lengthOf(text) > LIMIT) {
      this.complain(say(languageAround(this), "tooLongLine", { limit: LIMIT.toLocaleString("en") }))
      return this.focus()
    }
    this.text = ""
    tell(this, "message-written", { text })
  }

  #changed() {
    this.complain("")
    this.#count()
    this.field.style.height = "auto"
    const { scrollHeight, offsetHeight, clientHeight } = this.field
    if (scrollHeight) this.field.style.height = `${scrollHeight + offsetHeight - clientHeight}px`
    tell(this, "draft-changed", { text: this.text })
  }

  #count() {
    const length = lengthOf(this.text.trim())
    const left = LIMIT - length
    this.counter.hidden = length < COUNT_FROM
    this.counter.classList.toggle("over", left < 0)
    write(this.counter, this.counter.hidden ? "" : say(languageAround(this), left < 0 ? "tooLong" : "left", { count: Math.abs(left) }))
  }

  #build() {
    this.field = make("textarea", {
      class: "field", rows: 1, enterkeyhint: "send", autocomplete: "off", "aria-describedby": "counter composer-error", "aria-invalid": "false",
    })
    this.button = make("button", { type: "submit", class: "send" }, icon("send"))
    this.counter = make("p", { id: "counter", class: "counter", role: "status", hidden: true })
    this.error = make("p", { id: "composer-error", class: "error-line", role: "alert", hidden: true })
    this.notice = make("p", { class: "notice" })
    const row = make("div", { class: "field-row" }, this.field, this.button)
    this.append(make("form", { class: "composer", novalidate: true }, this.error, row, this.counter, this.notice))
  }
}

/** Characters as the server counts them: an emoji is one. */
function lengthOf(text) {
  return [...text].length
}
