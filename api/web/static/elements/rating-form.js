// How it was: solved or not, the five levels of 好差评, a word if wanted. After a whole conversation, or after a person.

import { make, tell, write } from "../build.js"
import { languageAround, say } from "../texts.js"

const LEVELS = [5, 4, 3, 2, 1]

/**
 * Attribute message-id: the message that it is about, if one. Tells "rated" {form, resolved, rating?, comment?, message_id?}.
 * `settle()` replaces the questions by a thank-you; `complain(words)` says what went wrong.
 */
export class RatingForm extends HTMLElement {
  connectedCallback() {
    this.addEventListener("submit", this)
    if (!this.childElementCount) this.#ask()
  }

  disconnectedCallback() {
    this.removeEventListener("submit", this)
  }

  handleEvent(event) {
    event.preventDefault()
    const form = new FormData(event.target)
    if (!form.get("resolved")) {
      this.complain(this.#say("choose"))
      return this.querySelector("input").focus()
    }
    const rating = Number(form.get("rating")) || undefined
    const comment = form.get("comment").trim() || undefined
    const about = this.getAttribute("message-id")
    tell(this, "rated", { form: this, resolved: form.get("resolved") === "yes", rating, comment, ...(about ? { message_id: about } : {}) })
  }

  settle({ takeFocus = true } = {}) {
    const thanks = make("p", { class: "quiet-line", role: "status", tabindex: "-1" }, this.#say("thanksRating"))
    this.replaceChildren(thanks)
    if (takeFocus) thanks.focus({ preventScroll: true })
  }

  complain(words) {
    this.error.hidden = !words
    write(this.error, words)
  }

  #ask() {
    const solved = this.#choice("resolved", "askSolved", [["yes", "solvedYes"], ["no", "solvedNo"]])
    const rating = this.#choice("rating", "askRating", LEVELS.map((level) => [level, `rating${level}`]))
    const comment = make("label", { class: "comment" }, this.#say("comment"), make("textarea", { class: "field", name: "comment", rows: 2, maxlength: 1000 }))
    const submit = make("button", { type: "submit", class: "main-button" }, this.#say("submit"))
    this.error = make("p", { class: "error-line", role: "alert", hidden: true })
    this.append(make("form", { class: "rating", novalidate: true }, solved, rating, comment, this.error, make("div", { class: "button-row" }, submit)))
  }

  #choice(name, legend, choices) {
    const options = choices.map(([value, text]) =>
      make("label", { class: "choice" }, make("input", { type: "radio", name, value }), make("span", {}, this.#say(text))),
    )
    return make("fieldset", {}, make("legend", {}, this.#say(legend)), make("div", { class: "choices" }, ...options))
  }

  #say(key) {
    return say(languageAround(this), key)
  }
}
