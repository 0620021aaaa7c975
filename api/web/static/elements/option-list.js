// Options as numbered buttons; numbered, so that typing "2" works too.

import { make, tell } from "../build.js"

/** Set `options` before it is connected. Tells "option-chosen" {payload, title}. */
export class OptionList extends HTMLElement {
  options = []

  connectedCallback() {
    this.addEventListener("click", this)
    if (this.childElementCount) return
    const list = make("ol", { class: "options" })
    this.options.forEach((option, index) => {
      const number = make("span", { class: "option-number" }, String(index + 1))
      const title = make("span", { class: "option-title" }, option.title)
      list.append(make("li", {}, make("button", { type: "button", class: "option", value: index }, number, title)))
    })
    this.append(list)
  }

  disconnectedCallback() {
    this.removeEventListener("click", this)
  }

  handleEvent({ target }) {
    const option = this.options[target.closest("button")?.value]
    if (option) tell(this, "option-chosen", { payload: option.payload, title: option.title })
  }
}
