// "Did this solve it?": yes, no, or talk to a person.

import { make, tell } from "../build.js"
import { languageAround, say } from "../texts.js"

/**
 * Stands under one answer (attribute message-id) in that answer's language. Tells "solved" {messageId, resolved, row}
 * and "person-wanted". `settle(resolved)` replaces the question by what was noted; `fail()` says that it was not.
 */
export class FeedbackRow extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", this)
    if (!this.childElementCount) this.#ask()
  }

  disconnectedCallback() {
    this.removeEventListener("click", this)
  }

  handleEvent({ target }) {
    const choice = target.closest("button")?.value
    const messageId = this.getAttribute("message-id")
    if (choice === "person") tell(this, "person-wanted")
    else if (choice) tell(this, "solved", { messageId, resolved: choice === "yes", row: this })
  }

  settle(resolved, takeFocus = true) {
    const noted = make("p", { class: "quiet-line", role: "status", tabindex: "-1" })
    noted.textContent = say(languageAround(this), resolved ? "thanksSolved" : "thanksUnsolved")
    this.replaceChildren(noted)
    if (takeFocus) noted.focus({ preventScroll: true })
  }

  fail() {
    this.querySelector("[role=alert]")?.remove()
    this.append(make("p", { class: "error-line", role: "alert" }, say(languageAround(this), "notRecorded")))
  }

  #ask() {
    const language = languageAround(this)
    const id = `solved-${this.getAttribute("message-id")}`
    const button = (value, text) => make("button", { type: "button", class: "small-button", value }, say(language, text))
    this.append(
      make(
        "div",
        { class: "feedback", role: "group", "aria-labelledby": id },
        make("span", { id, class: "feedback-question" }, say(language, "solved")),
        make("span", { class: "feedback-buttons" }, button("yes", "yes"), button("no", "no"), button("person", "talkToPerson")),
      ),
    )
  }
}
