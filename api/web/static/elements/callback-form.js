// Where to reach the visitor later: a phone number or an email address, and when.

import { make, tell, write } from "../build.js"
import { languageAround, say } from "../texts.js"

/** Tells "call-back-wanted" {form, wish: {phone or email, when?}}. `settle()` says that it was noted; `complain(words)` what is wrong. */
export class CallbackForm extends HTMLElement {
  connectedCallback() {
    for (const type of ["submit", "change"]) this.addEventListener(type, this)
    if (!this.childElementCount) this.#ask()
  }

  disconnectedCallback() {
    for (const type of ["submit", "change"]) this.removeEventListener(type, this)
  }

  handleEvent(event) {
    if (event.type === "change") return event.target.name === "how" && this.#ask(event.target.value)
    event.preventDefault()
    const form = new FormData(event.target)
    const contact = form.get("contact").trim()
    if (!contact) {
      this.complain(this.#say("callBackMissing"))
      return this.querySelector("[name=contact]").focus()
    }
    const when = form.get("when").trim()
    tell(this, "call-back-wanted", { form: this, wish: { [form.get("how")]: contact, ...(when ? { when } : {}) } })
  }

  settle() {
    const done = make("p", { class: "quiet-line", role: "status", tabindex: "-1" }, this.#say("callBackDone"))
    this.replaceChildren(done)
    done.focus({ preventScroll: true })
  }

  complain(words) {
    this.error.hidden = !words
    write(this.error, words)
  }

  #ask(how = "phone") {
    const contact = { class: "field", name: "contact", maxlength: 254, "aria-describedby": "call-back-privacy" }
    const kinds = { phone: { type: "tel", autocomplete: "tel", inputmode: "tel" }, email: { type: "email", autocomplete: "email" } }
    const choices = [["phone", "byPhone"], ["email", "byEmail"]].map(([value, text]) =>
      make("label", { class: "choice" }, make("input", { type: "radio", name: "how", value, checked: value === how }), make("span", {}, this.#say(text))),
    )
    this.error = make("p", { class: "error-line", role: "alert", hidden: true })
    const form = make(
      "form", { class: "rating", novalidate: true },
      make("p", { class: "closing-words" }, this.#say("callBackTitle")),
      make("fieldset", {}, make("legend", { class: "off-screen" }, this.#say("callBackHow")), make("div", { class: "choices" }, ...choices)),
      make("label", { class: "comment" }, this.#say(how), make("input", { ...contact, ...kinds[how] })),
      make("label", { class: "comment" }, this.#say("when"), make("input", { class: "field", name: "when", maxlength: 100 })),
      make("p", { id: "call-back-privacy", class: "quiet-line" }, this.#say("callBackPrivacy")),
      this.error, make("div", { class: "button-row" }, make("button", { type: "submit", class: "main-button" }, this.#say("callBackSend"))),
    )
    const again = this.childElementCount > 0
    this.replaceChildren(form)
    if (again) this.querySelector(`[value=${how}]`).focus()
  }

  #say(key) {
    return say(languageAround(this), key)
  }
}
