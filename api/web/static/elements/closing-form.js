// The end of a conversation: rating after "end", a question before "erase", and the way to a new one.

import { make, tell, write } from "../build.js"
import { languageAround, say } from "../texts.js"

/**
 * Attribute stage: "ask-erase", "ended", "thanked" or "erased". Tells "erase-confirmed", "erase-cancelled",
 * "rated" {resolved, rating?, comment?} and "anew-wanted".
 */
export class ClosingForm extends HTMLElement {
  static observedAttributes = ["stage"]

  connectedCallback() {
    this.addEventListener("click", this)
    this.addEventListener("submit", this)
    this.relabel()
  }

  disconnectedCallback() {
    this.removeEventListener("click", this)
    this.removeEventListener("submit", this)
  }

  attributeChangedCallback(name, before, after) {
    if (before !== after && this.isConnected) this.relabel()
  }

  handleEvent(event) {
    if (event.type === "submit") return event.preventDefault(), this.#rate(new FormData(event.target))
    const act = event.target.closest("button[value]")?.value
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

  #rate(form) {
    if (!form.get("resolved")) {
      this.complain(this.words("choose"))
      return this.querySelector("input").focus()
    }
    const rating = Number(form.get("rating")) || undefined
    const comment = form.get("comment").trim() || undefined
    tell(this, "rated", { resolved: form.get("resolved") === "yes", rating, comment })
  }

  #askErase() {
    return [
      make("p", { class: "closing-words", tabindex: "-1" }, this.words("eraseAsk")),
      this.#error(),
      make("div", { class: "button-row" }, this.#button("erase-confirmed", "eraseYes", "grave-button"), this.#button("erase-cancelled", "cancel")),
    ]
  }

  #ended() {
    const solved = this.#choice("resolved", "askSolved", [["yes", "solvedYes"], ["no", "solvedNo"]])
    const rating = this.#choice("rating", "askRating", [1, 2, 3, 4, 5].map((mark) => [mark, `rating${mark}`]))
    const comment = make("label", { class: "comment" }, this.words("comment"), make("textarea", { class: "field", name: "comment", rows: 2, maxlength: 1000 }))
    const submit = make("button", { type: "submit", class: "main-button" }, this.words("submit"))
    return [
      make("h3", { class: "closing-title", tabindex: "-1" }, this.words("endedTitle")),
      make("form", { class: "rating", novalidate: true }, solved, rating, comment, this.#error(), make("div", { class: "button-row" }, submit, this.#button("anew-wanted", "startAnew"))),
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

  #choice(name, legend, choices) {
    const options = choices.map(([value, text]) =>
      make("label", { class: "choice" }, make("input", { type: "radio", name, value }), make("span", {}, this.words(text))),
    )
    return make("fieldset", {}, make("legend", {}, this.words(legend)), make("div", { class: "choices" }, ...options))
  }

  #button(value, text, look = "plain-button") {
    return make("button", { type: "button", class: look, value }, this.words(text))
  }

  #error() {
    return make("p", { class: "error-line", role: "alert", hidden: true })
  }
}
