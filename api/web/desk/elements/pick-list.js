// A search field over a list: type, move with the arrows, take with Enter. Canned replies, colleagues, answers, past tickets.

import { make, tell, write } from "../../static/build.js"
import { DeskElement } from "../desk-element.js"

const PAUSE_MS = 200 // so that each letter is not a question to the server

let listNumber = 0

/**
 * Set `find`: (words) → choices or a promise of them, and `label`. A choice is {value, title, detail?, lang?, aside?}.
 * Tells "picked" {choice}. What it fails to find it says; an old answer never replaces a newer one.
 */
export class PickList extends DeskElement {
  choices = []
  #at = 0
  #asked = 0
  #timer = null

  connectedCallback() {
    if (!this.childElementCount) this.#build()
    for (const type of ["input", "keydown", "click"]) this.addEventListener(type, this)
    this.#search()
  }

  disconnectedCallback() {
    for (const type of ["input", "keydown", "click"]) this.removeEventListener(type, this)
    clearTimeout(this.#timer)
  }

  focus() {
    this.field.focus()
  }

  handleEvent(event) {
    if (event.type === "input") {
      clearTimeout(this.#timer)
      this.#timer = setTimeout(() => this.#search(), this.field.value ? PAUSE_MS : 0)
    } else if (event.type === "click") {
      const option = event.target.closest("[role=option]")
      if (option) this.#take(Number(option.dataset.index))
    } else {
      this.#keydown(event)
    }
  }

  #keydown(event) {
    if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey) return
    const steps = { ArrowDown: 1, ArrowUp: -1 }
    if (event.key in steps && this.choices.length) {
      event.preventDefault()
      this.#moveTo((this.#at + steps[event.key] + this.choices.length) % this.choices.length)
    } else if (event.key === "Enter") {
      event.preventDefault()
      this.#take(this.#at)
    }
  }

  async #search() {
    const asked = ++this.#asked
    let found
    try {
      found = await this.find(this.field.value.trim())
    } catch (failure) {
      return write(this.told, failure.detail || this.say("noConnection"))
    }
    if (asked !== this.#asked) return
    this.choices = found
    this.list.replaceChildren(...found.map((choice, index) => this.#option(choice, index)))
    write(this.told, found.length ? "" : this.field.value.trim() ? this.say("nothingFound") : "")
    this.#moveTo(0)
  }

  #option({ title, detail, lang, aside }, index) {
    const words = make("span", { class: "pick-words" }, make("span", { class: "pick-title" }, title))
    if (detail) words.append(make("span", { class: "pick-detail", lang }, detail))
    return make("li", { role: "option", id: `${this.list.id}-${index}`, "data-index": index }, words, aside ? make("span", { class: "tag" }, aside) : "")
  }

  #moveTo(index) {
    this.#at = index
    this.list.querySelector("[aria-selected=true]")?.setAttribute("aria-selected", "false")
    const option = this.list.children[index]
    option?.setAttribute("aria-selected", "true")
    option?.scrollIntoView({ block: "nearest" })
    if (option) this.field.setAttribute("aria-activedescendant", option.id)
    else this.field.removeAttribute("aria-activedescendant")
    this.field.setAttribute("aria-expanded", String(this.choices.length > 0))
  }

  #take(index) {
    const choice = this.choices[index]
    if (choice) tell(this, "picked", { choice })
  }

  #build() {
    const id = `picks-${++listNumber}`
    this.field = make("input", {
      class: "field", type: "text", role: "combobox", autocomplete: "off", "aria-label": this.label, placeholder: this.label,
      "aria-controls": id, "aria-expanded": "false", "aria-autocomplete": "list",
    })
    this.list = make("ul", { id, class: "picks plain", role: "listbox", "aria-label": this.label })
    this.told = make("p", { class: "quiet", role: "status" })
    this.append(this.field, this.list, this.told)
  }
}
