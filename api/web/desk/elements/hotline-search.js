// The same answers as visitors get, by search. Tells "item-wanted" {itemId} when a window for one is to be rung.

import { make, tell } from "../../static/build.js"
import { HotlineElement } from "../hotline-element.js"
import { labelled } from "./desk-dialog.js"

/** `client` is set by the page. */
export class HotlineSearch extends HotlineElement {
  connectedCallback() {
    if (!this.childElementCount) this.#build()
    this.addEventListener("submit", this)
    this.addEventListener("click", this)
  }

  disconnectedCallback() {
    this.removeEventListener("submit", this)
    this.removeEventListener("click", this)
  }

  handleEvent(event) {
    if (event.type === "submit") return event.preventDefault(), this.#search()
    const itemId = event.target.closest("button[data-item]")?.dataset.item
    if (itemId) tell(this, "item-wanted", { itemId, words: this.field.value.trim() })
  }

  async #search() {
    const words = this.field.value.trim()
    if (!words) return this.field.focus()
    try {
      const { results } = await this.client.answers(words)
      this.found.replaceChildren(...(results.length ? results.map((result) => this.#row(result)) : [make("li", { class: "none quiet" }, this.say("searchNone"))]))
    } catch {
      this.found.replaceChildren(make("li", { class: "error" }, this.say("noConnection")))
    }
  }

  #row({ item_id, title, snippet }) {
    const page = `/items/${encodeURIComponent(item_id)}?lang=${this.language}`
    return make(
      "li", { class: "hotline-answer" },
      make("a", { href: page, target: "_blank", rel: "noopener" }, title), make("p", {}, snippet),
      make("button", { type: "button", class: "button", "data-item": item_id }, this.say("choose")),
    )
  }

  #build() {
    this.field = make("input", { class: "field", name: "q", maxlength: 1000, autocomplete: "off" })
    this.found = make("ul", { class: "plain hotline-answers", "aria-live": "polite" })
    const form = make("form", { class: "hotline-form" }, labelled(this.say("searchField"), this.field), make("button", { class: "button main" }, this.say("search")))
    this.append(make("h2", { class: "list-title" }, this.say("searchTitle")), form, this.found)
  }
}
