// The end of a conversation: rating after "end", a question before "erase", and the way to a new one.

import { make, tell, write } from "../build.js"
import { languageAround, say } from "../texts.js"

/** Attribute stage: "ask-erase", "ended", "thanked" or "erased". Tells "erase-confirmed", "erase-cancelled", "anew-wanted". */
export class ClosingForm extends HTMLElement {
  static observedAttributes = ["stage"]

  connectedCallback() {
    this.addEventListener("click", this)
    this.relabel()
  }

  disconnectedCallback() {
    this.removeEventListener("click", this)
  }

  attributeChangedCallback(name, before, after) {
    if (before !== after && this.isConnected) this.relabel()
  }

  handleEvent({ target }) {
    const act = target.closest("button[value]")?.value
    if (act) tell(this, act)
  }

  relabel() {
    this.words = (key) => say(languageAround(this), key)
    const build = { "ask-erase": this.#askErase, ended: this.#ended, thanked: this.#thanked, erased: this.#erased }
    this.replaceChildren(...(build[this.getAttribute("stage")]?.call(this) ?? []))
  }

  complain(text) {
    const line = this.querySelector(".error-line")
    if (!line) return
    line.hidden = !text
    write(line, text)
  }

  #askErase() {
    return [
      make("p", { class: "closing-words", tabindex: "-1" }, this.words("eraseAsk")),
      this.#error(),
      make("div", { class: "button-row" }, this.#button("erase-confirmed", "eraseYes", "grave-button"), this.#button("erase-cancelled", "cancel")),
    ]
  }

  #ended() {
    return [
      make("h3", { class: "closing-title", tabindex: "-1" }, this.words("endedTitle")),
      document.createElement("bangban-rating-form"),
      make("div", { class: "button-row" }, this.#button("anew-wanted", "startAnew")),
    ]
  }

  #thanked() {
    return [
      make("p", { class: "closing-words", role: "status", tabindex: "-1" }, this.words("thanksRating")),
      make("div", { class: "button-row" }, this.#button("anew-wanted", "startAnew", "main-button")),
    ]
  }

  #erased() {
    return [
      make("h3", { class: "closing-title", tabindex: "-1" }, this.words("erasedTitle")),
      make("p", { class: "closing-words", role: "status" }, this.words("erasedBody")),
      make("div", { class: "button-row" }, this.#button("anew-wanted", "startAnew", "main-button")),
    ]
  }

  #button(value, text, look = "plain-button") {
    return make("button", { type: "button", class: look, value }, this.words(text))
  }

  #error() {
    return make("p", { class: "error-line", role: "alert", hidden: true })
  }
}
