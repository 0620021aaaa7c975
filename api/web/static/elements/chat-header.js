// The panel's head: whose desk it is, the other language, a menu, and the way out.

import { make, tell, write } from "../build.js"
import { icon } from "../icons.js"
import { languageAround, languageOf, say, tagOf } from "../texts.js"

const MENU = ["talkToPerson", "largeText", "end", "erase"]

/** Tells "close-wanted", "language-wanted", "person-wanted", "large-text-wanted", "end-wanted" and "erase-wanted". */
export class ChatHeader extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", this)
    this.addEventListener("focusout", this)
    if (!this.childElementCount) this.#build()
    this.relabel()
  }

  disconnectedCallback() {
    this.removeEventListener("click", this)
    this.removeEventListener("focusout", this)
  }

  get menuIsOpen() {
    return !this.menu.hidden
  }

  set largeText(on) {
    this.items.largeText.setAttribute("aria-checked", String(on))
  }

  /** Which menu entries make sense now. */
  set running(on) {
    this.items.talkToPerson.hidden = this.items.end.hidden = !on
  }

  relabel() {
    const language = languageAround(this)
    write(this.heading, say(language, "name"))
    write(this.subtitle, say(language, "subtitle"))
    write(this.language, say(language, "otherLanguage"))
    this.language.lang = tagOf(language === "en" ? "zh" : "en")
    for (const [button, key] of [[this.language, "otherLanguageLabel"], [this.menuButton, "menu"], [this.closeButton, "close"]]) {
      button.setAttribute("aria-label", say(language, key))
      button.title = say(language, key)
    }
    for (const name of MENU) write(this.items[name].firstElementChild, say(language, name))
  }

  closeMenu({ takeFocus = true } = {}) {
    this.menu.hidden = true
    this.menuButton.setAttribute("aria-expanded", "false")
    if (takeFocus) this.menuButton.focus()
  }

  handleEvent(event) {
    if (event.type === "focusout") {
      if (this.menuIsOpen && event.relatedTarget && !this.contains(event.relatedTarget)) this.closeMenu({ takeFocus: false })
      return
    }
    const act = event.target.closest("button")?.value
    if (act === "menu") return this.menuIsOpen ? this.closeMenu() : this.#openMenu()
    if (act === "largeText") return tell(this, "large-text-wanted")
    if (!act) return
    if (MENU.includes(act)) this.closeMenu()
    const wanted = { close: "close-wanted", language: "language-wanted", talkToPerson: "person-wanted", end: "end-wanted", erase: "erase-wanted" }
    tell(this, wanted[act], { language: languageOf(this.language.lang) })
  }

  #openMenu() {
    this.menu.hidden = false
    this.menuButton.setAttribute("aria-expanded", "true")
    this.menu.querySelector("button:not([hidden])").focus()
  }

  #build() {
    this.heading = make("span", { class: "head-title" })
    this.subtitle = make("span", { class: "head-subtitle" })
    this.language = make("button", { type: "button", class: "head-button", value: "language" })
    this.menuButton = make("button", { type: "button", class: "head-button", value: "menu", "aria-expanded": "false", "aria-controls": "menu" }, icon("menu"))
    this.closeButton = make("button", { type: "button", class: "head-button", value: "close" }, icon("close"))
    this.items = Object.fromEntries(
      MENU.map((value) => [value, make("button", { type: "button", class: "menu-item", value }, make("span"))]),
    )
    this.items.largeText.setAttribute("role", "switch")
    this.items.largeText.append(make("span", { class: "switch", "aria-hidden": "true" }))
    this.items.erase.classList.add("grave")
    this.menu = make("div", { id: "menu", class: "menu", hidden: true }, ...Object.values(this.items))
    const heading = make("h2", { class: "head-text" }, this.heading, " ", this.subtitle)
    this.append(heading, this.language, this.menuButton, this.closeButton, this.menu)
    this.largeText = false
  }
}
